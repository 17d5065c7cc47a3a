"""Columns keep their types: whole numbers come back whole, text stays text."""

from __future__ import annotations

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

import flowspec
from commands import written
from flowspec.data.tables.typed import typed


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """A bundle with a column of whole numbers, and one of a context with such a column."""
    place = tmp_path_factory.mktemp("counted")
    plain = "event a, n\ntrain { dequantize = [n] }\nNormal([0, 3], 2)"
    given = "context z\nevent n\ntrain { dequantize = [n] }\nNormal(3, 2) |> Shift(z)"
    for name, text in (("plain", plain), ("given", given)):
        flowspec.compile(flowspec.parse(text), place / name)
    return place


def test_whole_numbers_are_drawn_without_a_point(call, here, counted):
    rows = call("sample", counted / "plain", "-n", 20).rows
    assert all("." in a and n == str(int(n)) for a, n in rows[1:])
    call("sample", counted / "plain", "-n", 20, "-o", "it.csv")
    assert [*map(str.split, (here / "it.csv").read_text().split())] == [
        [",".join(row)] for row in rows
    ]


@pytest.mark.parametrize("output", [["it.parquet"], ["it", "--workers", 1]])
def test_whole_numbers_are_integers_in_files_with_types(call, here, counted, output):
    assert call("sample", counted / "plain", "-n", 20, "--log-prob", "-o", *output).code == 0
    table = parquet.read_table(here / output[0])
    assert [str(kind) for kind in table.schema.types] == ["float", "int64", "float"]
    x = flowspec.load(counted / "plain").sample(20)
    np.testing.assert_array_equal(table["n"].to_numpy(), np.floor(x[:, 1]))


def test_a_context_that_is_missing_leaves_no_number(call, here, counted):
    table = written(here / "z.csv", "z,w\n1,1\n,2\n")
    rows = call("sample", counted / "given", "--context", table).rows
    assert rows[0] == ["n"] and "nan" in rows[2]


def test_scored_tables_keep_their_columns(call, here, counted):
    ints = pyarrow.array([3, None, 7], pyarrow.int32())
    source = {"name": ["x", "y", "z"], "a": [0.5, 1, 2], "n": pyarrow.array([1, 2, 3]), "k": ints}
    parquet.write_table(pyarrow.table(source), here / "it.parquet")
    assert call("score", counted / "plain", "--data", "it.parquet", "-o", "out.parquet").code == 0
    schema = parquet.read_schema(here / "out.parquet")
    assert [str(kind) for kind in schema.types] == ["string", "double", "int64", "int64", "float"]
    assert call("score", counted / "plain", "--data", "it.parquet").rows[2][:4] == [
        "y", "1.0", "2", "",
    ]  # fmt: skip


def test_text_of_numbers_gets_a_type_in_a_file_that_has_some(call, here, counted):
    data = written(here / "it.csv", "name,zip,a,n,k\nx,01234,0.5,3,7\ny,20095,1,4,\n")
    assert call("score", counted / "plain", "--data", data, "-o", "out.parquet").code == 0
    schema = parquet.read_schema(here / "out.parquet")
    kinds = ["string", "string", "double", "int64", "int64", "float"]
    assert [str(kind) for kind in schema.types] == kinds
    assert parquet.read_table(here / "out.parquet")["k"].to_pylist() == [7, None]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["1", " 2 ", "-3"], [1, 2, -3]),
        (["1", "NA", ""], [1, None, None]),
        (["True", "False"], ["True", "False"]),
        (["007", "1"], ["007", "1"]),
        (["1_000"], ["1_000"]),
        (["12345678901234567890", "1"], [12345678901234567890.0, 1.0]),
        (["NA", ""], ["NA", ""]),
        ([], []),
        ([1, "a"], [1, "a"]),
    ],
)
def test_cells_are_numbers_only_where_all_of_them_are(cells, expected):
    assert [*typed(cells)] == expected


def test_real_numbers_have_nan_for_what_is_missing():
    np.testing.assert_array_equal(typed(["0.5", "", "2"]), [0.5, np.nan, 2])
