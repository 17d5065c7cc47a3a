"""Tables as programs write them: separators, decimal commas, words for missing, packed files."""

from __future__ import annotations

import gzip
import io
import sys

import numpy as np
import pytest

from flowspec.data.tables.read import read_table
from flowspec.diagnostics.diagnostic import FlowError

TEXT = "a,b\n1.5,-2\n3.25,4e3\n"


def numbers(path) -> list[list[float]]:
    return read_table(path).numbers(("a", "b")).tolist()


@pytest.fixture
def table(tmp_path):
    """A file of a name with a text, which is given back as its numbers."""

    def make(name: str, text: str) -> list[list[float]]:
        (tmp_path / name).write_text(text)
        return numbers(tmp_path / name)

    return make


WRITTEN = {
    "commas": ("t.csv", TEXT),
    "semicolons": ("t.csv", TEXT.replace(",", ";")),
    "semicolons and decimal commas": ("t.csv", TEXT.replace(",", ";").replace(".", ",")),
    "tabs": ("t.csv", TEXT.replace(",", "\t")),
    "tabs and decimal commas": ("t.tsv", TEXT.replace(",", "\t").replace(".", ",")),
    "carriage returns": ("t.csv", TEXT.replace("\n", "\r\n")),
    "a byte order mark": ("t.csv", "\ufeff" + TEXT),
    "separators in a quoted name": ("t.csv", 'a,b,"c;d;e;f"\n1.5,-2,1\n3.25,4e3,2\n'),
}


@pytest.mark.parametrize("name, text", WRITTEN.values(), ids=list(WRITTEN))
def test_the_same_numbers_come_from_all_spellings(table, name, text):
    assert table(name, text) == [[1.5, -2], [3.25, 4000]]


@pytest.mark.parametrize(
    "word", ["NA", "NaN", "?", "n/a", "None", "NULL", "#N/A", "", " NA ", "<NA>"]
)
def test_words_for_missing_are_missing(table, word):
    found = table("t.csv", f"a,b\n1,2\n{word},4\n")
    assert np.isnan(found[1][0])
    assert found[0] == [1, 2]


def test_three_digits_behind_every_comma_may_be_thousands(table):
    with pytest.raises(FlowError, match="nothing between thousands"):
        table("t.csv", "a;b\n1,500;2\n2,250;3\n")
    # One that is no thousand tells what all of them are.
    assert table("t.csv", "a;b\n1,500;2,5\n2,250;3,5\n") == [[1.5, 2.5], [2.25, 3.5]]


def test_columns_of_text_keep_their_commas(tmp_path):
    (tmp_path / "t.csv").write_text("a;b;note\n1,5;2;x, y\n")
    found = read_table(tmp_path / "t.csv")
    assert found.cells[2] == ("x, y",)
    assert found.numbers(("a", "b")).tolist() == [[1.5, 2]]


def test_packed_text_and_standard_input(tmp_path, monkeypatch):
    for name in ("t.csv.gz", "T.CSV.GZ"):
        (tmp_path / name).write_bytes(gzip.compress(TEXT.encode()))
        assert numbers(tmp_path / name) == [[1.5, -2], [3.25, 4000]]
    for data in (TEXT.encode(), gzip.compress(TEXT.encode())):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert numbers("-") == [[1.5, -2], [3.25, 4000]]


def test_feather_and_json_lines(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import feather

    arrays = pyarrow.table({"a": [1.5, 3.25], "b": [-2, 4000]})
    for name in ("t.feather", "t.arrow"):
        feather.write_feather(arrays, tmp_path / name)
        assert numbers(tmp_path / name) == [[1.5, -2], [3.25, 4000]]
    for name in ("t.jsonl", "t.ndjson"):
        (tmp_path / name).write_text('{"a": 1.5, "b": -2}\n{"a": null, "b": 4e3}\n')
        found = numbers(tmp_path / name)
        assert found[0] == [1.5, -2]
        assert np.isnan(found[1][0])


@pytest.mark.parametrize("name", ["t.csv.gz", "t.feather", "t.jsonl", "t.gz", "t.json"])
def test_what_is_no_such_table_is_refused(tmp_path, name):
    (tmp_path / name).write_text("oops")
    with pytest.raises(FlowError, match="unreadable-table"):
        read_table(tmp_path / name)


def test_the_mean_of_scores_is_that_of_the_rows_that_have_one(call, here):
    import flowspec

    flowspec.compile(flowspec.parse("event x: positive\nNormal(0, 1) |> Exp"), here / "m")
    (here / "t.csv").write_text("x\n1\nNA\n-3\n?\n")
    answer = call("score", "m", "--data", "t.csv", "-o", "scored.csv")
    mean = "mean log_prob -0.9189, 1 outside the support, 2 with missing numbers"
    assert answer.err == f"wrote 4 rows to scored.csv; {mean}\n"
