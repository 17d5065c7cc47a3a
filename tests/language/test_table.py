"""The parsing table that is kept: it is that of the grammar, and it reads texts as lark does."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from flowspec.language.table import derived, table, text
from reading import as_lark_reads, as_read

FOLDER = resources.files("flowspec.grammar")
TESTS = Path(__file__).parents[1]
TEXTS = [path.read_text("utf-8", errors="replace") for path in sorted(TESTS.rglob("*.flow"))]


def test_the_table_is_that_of_the_grammar():
    assert FOLDER.joinpath("flow.table.json").read_text("utf-8") == text(derived())
    assert table() == derived()


def test_texts_are_read_as_lark_reads_them():
    assert len(TEXTS) > 300
    for written in TEXTS:
        assert as_read(written) == as_lark_reads(written), written


@pytest.mark.parametrize(
    "text", ["N(- - 2 ** - 3 ** 4)", "train { a = 1 b = 2, }", "event event: [1,"]
)
def test_chains_and_keywords_are_read_as_lark_reads_them(text):
    assert as_read(text) == as_lark_reads(text)
