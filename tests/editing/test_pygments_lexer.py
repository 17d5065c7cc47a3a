"""The lexer for Pygments colors every text, and what it knows."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

pytest.importorskip("pygments")

from pygments.token import Comment, Error, Keyword, Name, is_token_subtype

from flowspec.editing.pygments_lexer import TOKENS, FlowLexer
from flowspec.editing.vocabulary import vocabulary

ROOT = Path(__file__).parents[2]
TEXTS = [*sorted((ROOT / "examples").glob("*.flow")), ROOT / "grammar" / "prelude.flow"]


def colors(text: str) -> dict[str, object]:
    """The token of each word, the last one where it stands more than once."""
    return {part: kind for kind, part in FlowLexer().get_tokens(text)}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_no_token_of_an_example_is_an_error(path):
    text = path.read_text("utf-8")
    tokens = list(FlowLexer(stripnl=False, ensurenl=False).get_tokens(text))
    assert "".join(part for _, part in tokens) == text
    assert not [part for kind, part in tokens if kind is Error]


def test_a_sign_that_begins_no_token_is_an_error():
    assert colors("Normal(0, 1) ; Tanh")[";"] is Error


def test_comments_alone_are_colored():
    assert is_token_subtype(colors("# nothing yet\n")["# nothing yet"], Comment)


def test_words_are_colored_by_what_they_are():
    found = colors(
        'event a: real, "b c": positive\nlet s = 2\ntrain { epochs = 3 }\n'
        "Normal(loc=pi, scale=s)[2] |> repeat(2) { Tanh } |> MAF |> Affine(0, sqrt(2))"
    )
    assert found["event"] is found["train"] is Keyword.Declaration
    assert found["a"] is found['"b c"'] is Name.Variable
    assert found["positive"] is Keyword.Type
    assert found["epochs"] is found["loc"] is Name.Attribute
    assert found["s"] is Name
    assert found["Normal"] is Name.Class
    assert found["Tanh"] is Name.Function
    assert is_token_subtype(found["MAF"], Name.Function)
    assert found["repeat"] is Keyword
    assert found["pi"] is Keyword.Constant
    assert found["sqrt"] is Name.Builtin


def test_a_keyword_in_brackets_is_a_name():
    assert colors("Normal(0, 1) |> Onto(event)")["event"] is Name


def test_every_kind_of_word_has_a_token():
    assert vocabulary().keys() <= TOKENS.keys()


def test_pygments_finds_it_by_its_name():
    (entry,) = importlib.metadata.entry_points(group="pygments.lexers", name="flow")
    assert entry.value == "flowspec.editing.pygments_lexer:FlowLexer"
