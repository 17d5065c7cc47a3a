"""Names: every place where one is meant, and no other."""

from __future__ import annotations

import pytest

pytest.importorskip("pygls")


import flowspec
from editor import marked
from flowspec.editing.document import open_document
from flowspec.editing.names import RenameRefused, name_at, named, renamed

TEXT = """event t[3]: real, "petal w": positive
context c: real
let s = 2
def F(s, k=1) = Affine(s, k) |> repeat(2, i) { Affine(i, s) }
Normal(c, s)[4] |> F(s=s) |> on(t0, "petal w") { Tanh } |> Affine(scale=s)
  |> Onto(event)
"""


def after_rename(text: str, new: str) -> str:
    """The text once the name at its `@` is another one."""
    text, at = marked(text)
    for place, written in sorted(renamed(open_document(text), at, new) or (), reverse=True):
        text = text[: place.start] + written + text[place.end :]
    return text


def places(word: str) -> list[int]:
    """The lines in which the name is meant that stands at a word."""
    name = name_at(open_document(TEXT), TEXT.index(word))
    return [TEXT[: place.start].count("\n") + 1 for place in name.places] if name else []


@pytest.mark.parametrize(
    ("word", "lines"),
    [
        ("t[3]", [1, 5]),
        ("c: real", [2, 5]),
        ("s = 2", [3, 5, 5, 5]),
        ("F(s, k", [4, 5]),
        ("s, k=1", [4, 4, 4, 5]),
        ("k=1", [4, 4]),
        ("i) {", [4, 4]),
        ('"petal w")', [1, 5]),
        ("Tanh", []),
    ],
)
def test_a_name_is_found_where_it_is_meant(word, lines):
    assert places(word) == lines


def test_an_argument_of_a_base_is_no_name():
    text = "let loc = 1\nNormal(loc=loc, scale=2)"
    (name,) = named(open_document(text))
    assert [text[place.start - 1 : place.end] for place in name.places] == [" loc", "=loc"]


def test_a_rename_reaches_all_places():
    text = "let s@ = 2\ndef G(s) = Affine(s, 1)\nNormal(0, s) |> G(s)"
    expected = "let width = 2\ndef G(s) = Affine(s, 1)\nNormal(0, width) |> G(width)"
    assert after_rename(text, "width") == expected


def test_a_renamed_flow_is_the_same_flow():
    before = TEXT.replace("|> Affine(scale=s)", "")
    at = before.index("s = 2")
    after = after_rename(before[:at] + "@" + before[at:], "other")
    assert after != before
    assert {m.code for m in open_document(before).analysis.mistakes} == {
        m.code for m in open_document(after).analysis.mistakes
    }


def test_a_vector_keeps_the_numbers_of_its_variables():
    text = "event t@[2]: real\nNormal(0, 1)[2] |> on(t1) { Tanh } |> on(t1) { Atanh }"
    after = after_rename(text, "u")
    assert after == text.replace("@", "").replace("t[", "u[").replace("t1", "u1")
    assert flowspec.parse(after).columns == ("u0", "u1")


def test_a_column_that_is_no_name_is_written_in_quotes():
    text = "event a@: real, b: real\nNormal(0, 1)[2] |> on(a) { Affine(0, 2) }"
    after = after_rename(text, "petal width")
    assert after.startswith('event "petal width": real')
    assert 'on("petal width")' in after
    assert flowspec.parse(after).columns == ("petal width", "b")


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("1x", "not a name"),
        ("", "not a name"),
        ("Normal", "a word of the language"),
        ("let", "a word of the language"),
        ("b", "there is a `b` already"),
    ],
)
def test_a_name_that_means_something_else_is_refused(new, reason):
    text, at = marked("let a@ = 1\nlet b = 2\nNormal(a, b)")
    with pytest.raises(RenameRefused, match=reason):
        renamed(open_document(text), at, new)


def test_where_no_name_stands_nothing_is_renamed():
    assert renamed(open_document("Normal(0, 1)"), 2, "x") is None


def test_names_are_found_in_a_half_written_text():
    text = "let s = 2\nNormal(0, s) |> Affine(s, "
    (name,) = named(open_document(text))
    assert len(name.places) == 3
