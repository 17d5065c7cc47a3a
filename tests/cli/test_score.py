"""`score` gives a table back with its densities, and tells what is wrong with the table."""

from __future__ import annotations

import numpy as np
import pytest

import flowspec
from commands import (
    names,
    refused,
    written,
)


def test_score_gives_the_table_back_with_a_density(call, here, bundles):
    data = written(
        here / "data.csv", "\ufeffname,b,a\nfirst,1,0.5\nsecond,-1,0\n,,0\nlast, 2 ,nan\n"
    )
    answer = call("score", bundles / "pair", "--data", data)
    assert (answer.code, answer.err) == (0, "")
    expected = flowspec.load(bundles / "pair").log_prob([[0.5, 1]])[0]
    assert answer.rows == [
        ["name", "b", "a", "log_prob"],
        ["first", "1", "0.5", str(expected)],
        ["second", "-1", "0", "-inf"],
        ["", "", "0", "nan"],
        ["last", " 2 ", "nan", "nan"],
    ]


def test_score_needs_no_names_in_a_numpy_file(call, here, bundles):
    np.save("data.npy", np.array([[0.5, 1], [0, 2]]))
    answer = call("score", bundles / "one", "--data", "data.npy")
    refused(
        answer,
        "the table has 2 columns without names; wanted: x",
        "give these columns in this order",
    )
    np.save("data.npy", np.array([0.5, 0.1]))
    assert call("score", bundles / "one", "--data", "data.npy").rows[1] == ["0.5", "-0.9189385"]


def test_score_uses_the_context_of_each_row(call, here, bundles):
    data = written(here / "data.csv", "z,y\n1,2\n5,2\n")
    bundle = flowspec.load(bundles / "given")
    expected = [str(value) for value in bundle.log_prob([2, 2], context=[[1], [5]])]
    assert [row[2] for row in call("score", bundles / "given", "--data", data).rows[1:]] == expected
    refused(
        call("score", bundles / "given", "--data", written(here / "y.csv", "y\n1\n")),
        "the table has no column `z`",
    )


def test_score_keeps_a_column_log_prob_of_the_table(call, here, bundles):
    data = written(here / "data.csv", "log_prob,x\nold,0.5\n")
    answer = call("score", bundles / "one", "--data", data)
    assert answer.rows == [["log_prob", "x", "log_prob_2"], ["old", "0.5", "-0.9189385"]]
    assert answer.err == (
        "note: there is a column `log_prob` already: the density is `log_prob_2`\n"
    )
    again = written(here / "again.csv", answer.out)
    assert call("score", bundles / "one", "--data", again).rows[0][-2:] == [
        "log_prob_2",
        "log_prob_3",
    ]


@pytest.fixture(scope="session")
def named(tmp_path_factory):
    """A bundle whose flow has an output `log_prob`."""
    flow = flowspec.parse("event x, log_prob\nNormal(0, 1)[2]")
    return flowspec.compile(flow, tmp_path_factory.mktemp("named") / "it")


def test_an_output_named_log_prob_is_scored_and_drawn(call, here, named):
    data = written(here / "data.csv", "x,log_prob\n0.5,7\n")
    scored = call("score", named, "--data", data)
    assert scored.rows[0] == ["x", "log_prob", "log_prob_2"] and scored.rows[1][1] == "7"
    drawn = call("sample", named, "-n", 2, "--log-prob")
    assert drawn.rows[0] == ["x", "log_prob", "log_prob_2"]
    assert "the density is `log_prob_2`" in drawn.err
    assert call("sample", named, "-n", 2).rows[0] == ["x", "log_prob"]


@pytest.mark.parametrize("suffix", [".csv", ".npy", ".parquet"])
def test_score_writes_a_file(call, here, bundles, suffix):
    data = written(here / "data.csv", "x\n0.5\n0.5\n")
    name = f"scored{suffix}"
    answer = call("score", bundles / "one", "--data", data, "-o", name)
    assert answer == (0, "", f"wrote 2 rows to {name}; mean log_prob -0.9189\n")
    assert names(here) == ["data.csv", name]
    if suffix == ".npy":
        np.testing.assert_allclose(np.load(name), [[0.5, -0.9189385]] * 2, rtol=1e-6)


def test_text_does_not_go_into_a_numpy_file(call, here, bundles):
    data = written(here / "data.csv", "name,x\nfirst,0.5\n")
    answer = call("score", bundles / "one", "--data", data, "-o", "scored.npy")
    refused(
        answer,
        "cannot write scored.npy: a .npy file holds numbers only, and column `name` holds 'first'",
    )
    assert names(here) == ["data.csv"]


TABLES = {
    "nothing.csv": (b"", "nothing.csv has no rows"),
    "header.csv": (b"x\n", "header.csv has no rows"),
    "blank.csv": (b"\n\n\n", "blank.csv has no rows"),
    "other.csv": (b"y\n1\n", "the table has no column `x`"),
    "text.csv": (b"x\n0.5\nhalf\n", "column `x` holds 'half' in row 2, which is no number"),
    "comma.csv": (b'x\n"0,5"\n', "column `x` holds '0,5' in row 1"),
    "nul.csv": (b"x\n\0\n", "which is no number"),
    "ragged.csv": (b"x,y\n1\n", "line 2 has 1 cell, the header 2"),
    "twice.csv": (b"x,x\n0.1,0.2\n", "the table has 2 columns `x`"),
    "binary.csv": (bytes(range(256)), "cannot read binary.csv"),
    "wide.csv": ("x\n0.5\n".encode("utf-16"), "cannot read wide.csv"),
    "endless.csv": (b'x\n"' + b"1" * 200_000 + b'"\n', "cannot read endless.csv"),
    "text.npy": (b"x\n0.5\n", "cannot read text.npy"),
    "nothing.npy": (b"", "cannot read nothing.npy"),
    "text.parquet": (b"x\n0.5\n", "cannot read text.parquet"),
    "nothing.parquet": (b"", "cannot read nothing.parquet"),
    "table.xlsx": (b"x\n0.5\n", "`.xlsx` files are not known"),
}


@pytest.mark.parametrize("name", TABLES)
def test_score_tells_a_table_that_cannot_be_read(call, here, bundles, name):
    content, told = TABLES[name]
    answer = call(
        "score", bundles / "one", "--data", written(here / name, content), "-o", "scored.csv"
    )
    refused(answer, told, name)
    assert names(here) == [name]


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 2, 2)),
        np.array(1.0),
        np.array(["a"]),
        np.array([1j]),
        np.zeros((0, 1)),
        np.zeros((3, 0)),
    ],
    ids=["three axes", "no axis", "text", "complex", "no rows", "no columns"],
)
def test_score_tells_an_array_that_is_no_table(call, here, bundles, array):
    np.save("data.npy", array)
    refused(call("score", bundles / "one", "--data", "data.npy"), "data.npy")


def test_arrays_of_objects_are_not_unpickled(call, here, bundles):
    np.save("data.npy", np.array([{"a": 1}], object), allow_pickle=True)
    refused(call("score", bundles / "one", "--data", "data.npy"), "cannot read data.npy")


def test_score_tells_a_folder(call, here, bundles):
    (here / "data.csv").mkdir()
    refused(
        call("score", bundles / "one", "--data", "data.csv"),
        "cannot read data.csv: it is a folder without .parquet files",
    )
