"""The renderer: messages as plain data to the text that a person reads."""

from __future__ import annotations

from textwrap import dedent

import pytest

from flowspec.diagnostics.render import LONGEST_LINE, Message, render, render_all
from flowspec.diagnostics.source import Place, Source, Span

TEXT = "event x, y: real\nlet a = 1\n\nNormal(0, 1) |> Tanh |> Logit\n"


def place(text: str, words: str = "", source: Source | None = None) -> Place:
    """The first place in a source where a text stands."""
    source = source or Source(TEXT, "a.flow")
    start = source.text.index(text)
    return Place(Span(source, start, start + len(text)), words)


def shown(text: str) -> str:
    """A golden text: indented in the test, its first line break left out."""
    return dedent(text).removeprefix("\n").rstrip("\n")


def test_a_message_without_a_place():
    assert render(Message("empty-file", "there is no flow here")) == (
        "error[empty-file]: there is no flow here"
    )


def test_a_place_that_is_no_text():
    message = Message("false-support", "it is another", where="steps[0].output", help="leave it")
    assert render(message) == shown("""
        error[false-support]: it is another
         --> steps[0].output
          = help: leave it
        """)


def test_one_place_with_its_words():
    message = Message(
        "domain", "no", place=place("Logit", "takes (0, 1)"), note="so it is", help="do this"
    )
    assert render(message) == shown("""
        error[domain]: no
         --> a.flow:4:25
          |
        4 | Normal(0, 1) |> Tanh |> Logit
          |                         ^^^^^ takes (0, 1)
          |
          = note: so it is
          = help: do this
        """)


def test_two_places_on_one_line():
    message = Message(
        "m", "no", place=place("Logit", "takes that"), related=(place("Tanh", "gives this"),)
    )
    assert render(message) == shown("""
        error[m]: no
         --> a.flow:4:25
          |
        4 | Normal(0, 1) |> Tanh |> Logit
          |                 ----    ^^^^^ takes that
          |                 |
          |                 gives this
          |
        """)


def test_a_related_place_behind_the_culprit():
    message = Message("m", "no", place=place("Tanh", "this"), related=(place("Logit", "that"),))
    assert render(message) == shown("""
        error[m]: no
         --> a.flow:4:17
          |
        4 | Normal(0, 1) |> Tanh |> Logit
          |                 ^^^^    ----- that
          |                 |
          |                 this
          |
        """)


def test_two_places_on_two_lines():
    message = Message(
        "m", "no", place=place("Logit"), related=(place("let a = 1", "defined here"),)
    )
    assert render(message) == shown("""
        error[m]: no
         --> a.flow:4:25
          |
        2 | let a = 1
          | --------- defined here
          ...
        4 | Normal(0, 1) |> Tanh |> Logit
          |                         ^^^^^
          |
        """)


def test_neighbouring_lines_stand_without_a_gap():
    message = Message("m", "no", place=place("let a"), related=(place("event"),))
    assert render(message) == shown("""
        error[m]: no
         --> a.flow:2:1
          |
        1 | event x, y: real
          | -----
        2 | let a = 1
          | ^^^^^
          |
        """)


def test_several_related_places_each_with_its_words():
    related = (place("Normal", "first"), place("Tanh", "second"), place("event", "third"))
    assert render(Message("m", "no", place=place("Logit", "here"), related=related)) == shown("""
        error[m]: no
         --> a.flow:4:25
          |
        1 | event x, y: real
          | ----- third
          ...
        4 | Normal(0, 1) |> Tanh |> Logit
          | ------          ----    ^^^^^ here
          | |               |
          | |               second
          | |
          | first
          |
        """)


def test_a_related_place_without_words_is_only_underlined():
    related = (place("Normal"), place("Tanh", "second"))
    assert render(Message("m", "no", place=place("Logit"), related=related)) == shown("""
        error[m]: no
         --> a.flow:4:25
          |
        4 | Normal(0, 1) |> Tanh |> Logit
          | ------          ----    ^^^^^
          |                 |
          |                 second
          |
        """)


def test_the_culprit_hides_a_related_place_that_overlaps_it():
    message = Message("m", "no", place=place("Tanh"), related=(place("Tanh |> Logit", "both"),))
    assert render(message) == shown("""
        error[m]: no
         --> a.flow:4:17
          |
        4 | Normal(0, 1) |> Tanh |> Logit
          |                 ^^^^---------
          |                 |
          |                 both
          |
        """)


def test_another_source_has_an_excerpt_of_its_own():
    macros = Source("\n" * 11 + "def A = Tanh |> Logit\n", "macros.flow")
    related = (place("Logit", "from here", macros),)
    assert render(Message("m", "no", place=place("Tanh", "here"), related=related)) == shown("""
        error[m]: no
          --> a.flow:4:17
           |
         4 | Normal(0, 1) |> Tanh |> Logit
           |                 ^^^^ here
           |
          ::: macros.flow:12:17
           |
        12 | def A = Tanh |> Logit
           |                 ----- from here
           |
        """)


@pytest.mark.parametrize("level", ["warning", "note"])
def test_a_level_is_said_first(level):
    assert render(Message("late", "it is late", level=level)) == f"{level}[late]: it is late"


def test_a_long_line_is_cut_around_the_culprit():
    source = Source("(" * 700 + "Tnah" + ")" * 700)
    message = Message("m", "no", place=place("Tnah", "this", source))
    _, where, _, line, under, _ = render(message).splitlines()
    assert where == " --> <flow>:1:701"
    assert len(line) == len("1 | ") + LONGEST_LINE
    at = under.index("^")
    assert line[at : at + 4] == "Tnah" and under[at:] == "^^^^ this"


def test_a_place_wider_than_the_line_is_underlined_to_its_end():
    source = Source("a\nb c\nd")
    assert "  | ^\n" in render(Message("m", "no", place=place("a\nb", "", source)))


def test_tabs_are_one_column_wide():
    source = Source("\tlet\ta = 1")
    assert render(Message("m", "no", place=place("a", "", source))) == shown("""
        error[m]: no
         --> <flow>:1:6
          |
        1 |  let a = 1
          |      ^
          |
        """)


def test_what_cannot_be_printed_is_replaced():
    source = Source("a\x1b[31m\u202e b")
    assert "1 | a\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER} b\n" in render(
        Message("m", "no", place=place("b", "", source))
    )


def test_an_empty_file():
    assert render(Message("m", "no", place=Place(Span(Source(""), 0, 0), "here"))) == shown("""
        error[m]: no
         --> <flow>:1:1
          |
        1 |
          | ^ here
          |
        """)


@pytest.mark.parametrize(("text", "line"), [("Exp |>", "1:7"), ("Exp |>\r\n", "1:7")])
def test_the_end_of_a_file(text, line):
    message = Message("m", "no", place=Place(Span(Source(text), 6, 6)))
    assert render(message) == shown(f"""
        error[m]: no
         --> <flow>:{line}
          |
        1 | Exp |>
          |       ^
          |
        """)


def test_several_messages_stand_apart():
    assert render_all([Message("a", "one"), Message("b", "two")]) == (
        "error[a]: one\n\nerror[b]: two"
    )
