"""The parsing table that is kept: it is that of the grammar, and it reads texts as lark does."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis.extra.lark import from_lark
from lark import Lark, Token, UnexpectedCharacters, UnexpectedToken
from lark.visitors import Transformer_NonRecursive

from flowspec.language.lexer import OTHER, scan
from flowspec.language.stack import Stack
from flowspec.language.table import derived, table, text

FOLDER = resources.files("flowspec.grammar")
LARK = Lark(
    FOLDER.joinpath("flow.lark").read_text("utf-8"), parser="lalr", maybe_placeholders=False
)
TESTS = Path(__file__).parents[1]
TEXTS = [path.read_text("utf-8", errors="replace") for path in sorted(TESTS.rglob("*.flow"))]


def test_the_table_is_that_of_the_grammar():
    assert FOLDER.joinpath("flow.table.json").read_text("utf-8") == text(derived())
    assert table() == derived()


class Rules(Transformer_NonRecursive):
    """The rules of a tree, children first, with the tokens among the children of each."""

    def __init__(self) -> None:
        super().__init__()
        self.applied: list[object] = []

    def __default__(self, rule, children, meta) -> None:
        tokens = [(str(c), c.start_pos) if isinstance(c, Token) else None for c in children]
        self.applied.append((str(rule), tokens))


def as_lark_reads(text: str) -> object:
    """The rules of a text, or the place at which it goes wrong."""
    rules = Rules()
    try:
        rules.transform(LARK.parse(text))
    except UnexpectedToken as error:
        return len(text) if error.token.type == "$END" else error.pos_in_stream
    except UnexpectedCharacters as error:
        return error.pos_in_stream
    return rules.applied


def as_read(text: str) -> object:
    """The same with the table that is kept."""
    applied: list[object] = []

    def build(rule: str, children: list) -> None:
        applied.append((rule, [child and (child.text, child.start) for child in children]))

    stack = Stack(build)
    for token in scan(text):
        if token.kind == OTHER or not stack.feed(token):
            return token.start
    return applied if stack.finish() else len(text)


def test_texts_are_read_as_lark_reads_them():
    assert len(TEXTS) > 300
    for written in TEXTS:
        assert as_read(written) == as_lark_reads(written), written


@settings(max_examples=60, deadline=None)
@given(from_lark(LARK, start="start"))
def test_whatever_the_grammar_allows_is_read_as_lark_reads_it(text):
    assert as_read(text) == as_lark_reads(text)


@pytest.mark.parametrize(
    "text", ["N(- - 2 ** - 3 ** 4)", "train { a = 1 b = 2, }", "event event: [1,"]
)
def test_chains_and_keywords_are_read_as_lark_reads_them(text):
    assert as_read(text) == as_lark_reads(text)
