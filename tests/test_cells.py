"""Cells are numbers where any reader of tables takes them so; other text is told with a way out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import flowspec
from flowspec.data.numbers import cell_number, is_number
from flowspec.data.tables.read import read_table
from flowspec.data.tables.table import Table

NUMBERS = {
    "1": 1.0,
    " 1.5 ": 1.5,
    "\t2": 2.0,
    "+1.5": 1.5,
    "-1.5": -1.5,
    "1e3": 1000.0,
    "1E-3": 0.001,
    ".5": 0.5,
    "5.": 5.0,
    "007": 7.0,
    "True": 1.0,
    "false": 0.0,
    " FALSE ": 0.0,
}
WORDS = [
    "1,5",
    "1,234.5",
    "1 234",
    "1_000",
    "1'000",
    "wide",
    "-",
    "0x10",
    "1e",
    "1.2.3",
    "$5",
]


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_are_read_as_every_reader_does(text):
    assert cell_number(text) == NUMBERS[text]
    assert Table("it", ("a",), ((text, "2"),)).numbers(["a"])[0, 0] == NUMBERS[text]


@pytest.mark.parametrize("text", ["", "  ", None])
def test_an_empty_cell_is_a_missing_number(text):
    assert np.isnan(Table("it", ("a",), ((text, "2"),)).numbers(["a"])[0, 0])


@pytest.mark.parametrize("text", WORDS)
def test_what_is_no_number_is_refused(text):
    assert not is_number(text)
    with pytest.raises(flowspec.FlowError, match="which is no number"):
        Table("it", ("a",), ((text, "2"),)).numbers(["a"])


def test_quoted_numbers_are_numbers(tmp_path):
    path = tmp_path / "it.csv"
    path.write_text('a,b\n"1.5", "2"\n 3 ,true\n"+4"," 5 "\n')
    np.testing.assert_array_equal(read_table(path).numbers(["a", "b"]), [[1.5, 2], [3, 1], [4, 5]])


def test_all_columns_of_text_are_told_at_once():
    table = Table("it", ("a", "b", "c"), (("x", "y"), ("1", "2"), ("red", "2")))
    with pytest.raises(flowspec.FlowError) as caught:
        table.numbers(["a", "b", "c"])
    assert [mistake.name for mistake in caught.value.diagnostics] == ["a", "c"]


@pytest.mark.parametrize(
    ("cells", "advice"),
    [
        (("red", "blue", "red"), "of a category, give a column of 0 and 1"),
        (("1,5", "2,5", "3"), "write a point before the decimals"),
        (("2020-01-02", "2021-12-31 10:00"), "write times as numbers"),
        (("1 234", "5", "6"), "nothing between thousands"),
        (("1", "2", "-"), "where a number is missing, leave the cell empty"),
    ],
)
def test_the_way_out_fits_what_stands_there(cells, advice):
    with pytest.raises(flowspec.FlowError, match=advice):
        Table("it", ("a",), (cells,)).numbers(["a"])


def test_the_advice_on_categories_is_taken(call, here):
    pytest.importorskip("torch")
    Path("it.flow").write_text("context red, blue\nevent x\nMAF(1, transforms=1, hidden=[4])")
    rows = [f"{x / 7},{x % 3 == 0},{x % 3 == 1}" for x in range(29)]
    Path("it.csv").write_text("x,red,blue\n" + "\n".join(rows) + "\n")
    answer = call("fit", "it.flow", "--data", "it.csv", "-o", "made", "--epochs", 1)
    assert answer.code == 0, answer.err
