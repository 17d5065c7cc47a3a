"""The supports along a pipeline, in hovers and hints."""

from __future__ import annotations

import pytest

from flowspec.diagnostics.source import Source
from flowspec.editing.analysis import Stale, analyze
from flowspec.editing.document import open_document
from flowspec.editing.hints import hints
from flowspec.editing.hover import hover

MIXED = """event a: positive, b: (0, 1)
def F(k) = Normal(0, 1)[2] |> Affine(0, k)
F(2)
  |> repeat(2) { Tanh |> Atanh }
  |> Squash(0, 1)
  |> Logit
  |> Onto(event)
"""


def behind(text: str) -> dict[str, str]:
    """The support behind each element."""
    points = open_document(text).points
    return {text[point.start : point.end]: str(point.behind) for point in points}


def shown(text: str, word: str) -> str:
    found = hover(open_document(text), text.index(word) + 1)
    return found.markdown if found else ""


def test_each_element_has_the_support_behind_it():
    assert behind(MIXED) == {
        "Normal(0, 1)[2]": "real x 2",
        "Affine(0, k)": "real x 2",
        "F(2)": "real x 2",
        "repeat(2) { Tanh |> Atanh }": "real x 2",
        "Tanh": "(-1, 1) x 2",
        "Atanh": "real x 2",
        "Squash(0, 1)": "(0, 1) x 2",
        "Logit": "real x 2",
        "Onto(event)": "positive, (0, 1)",
    }


def test_a_step_that_does_not_fit_leaves_those_behind_it_known():
    assert behind("Normal(0, 1) |> Log |> Exp") == {
        "Normal(0, 1)": "real",
        "Log": "real",
        "Exp": "positive",
    }


def test_behind_a_step_that_does_not_exist_nothing_is_known():
    assert behind("Normal(0, 1) |> Nope |> Exp")["Exp"] == "None"


def test_brackets_that_are_open_end_where_the_next_step_begins():
    text = "Normal(0, 1)\n  |> Affine(0, \n  |> Tanh"
    assert behind(text) == {"Normal(0, 1)": "real", "Affine(0,": "real", "Tanh": "(-1, 1)"}


def test_a_hover_shows_signature_formula_domain_image_and_the_support_here():
    markdown = shown("Normal(0, 1)[3] |> Exp", "Exp")
    assert "```flow\nExp\n```" in markdown
    assert "y = exp(x)." in markdown
    assert "Slope: exp(x).  \nSource: " in markdown
    assert "takes real; gives positive" in markdown
    assert "**Here:** real x 3 → positive x 3 (3 coordinates)" in markdown


def test_a_hover_of_a_base_shows_what_it_gives_here():
    assert "**Here:** gives real (a single number)" in shown("Normal(0, 1) |> Exp", "Normal")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("scale", "`scale` of `Normal`: scale (default: `1`)"),
        ("epochs", "Passes over the data, at most."),
        ("k,", "parameter of `F`"),
        ("s)", "let s = 2"),
        ("a, ", "event a: real, b: positive"),
        ("train", "Hyper-parameters"),
        ("positive", "the support `positive`"),
        ("learn", "found from data"),
        ("pi", ""),
    ],
)
def test_a_hover_knows_every_kind_of_word(word, expected):
    text = (
        "event a: real, b: positive\nlet s = 2\ntrain { epochs = 3 }\n"
        "def F(k) = Affine(k, pi)\nNormal(0, scale=learn(1))[2] |> F(s) |> on(a, b) { Exp }"
    )
    assert expected in shown(text, word)


def test_between_words_nothing_is_shown():
    assert hover(open_document("Normal(0, 1)   |> Exp"), 13) is None


def test_hints_stand_behind_each_element():
    text = "Normal(0, 1)[2]\n  |> Exp\n  |> Log"
    found = list(hints(open_document(text), 0, len(text)))
    assert [(hint.offset, hint.text) for hint in found] == [
        (text.index("\n"), "real x 2"),
        (text.index("Exp") + 3, "positive x 2"),
        (len(text), "real x 2"),
    ]


def test_hints_are_those_of_the_range_that_is_shown():
    text = "Normal(0, 1)[2]\n  |> Exp\n  |> Log"
    assert [hint.text for hint in hints(open_document(text), 20, 26)] == ["positive x 2"]


def test_a_long_hint_is_shortened_and_whole_in_its_tooltip():
    text = "Join(" + ", ".join(f"Uniform({k}, {k + 1})" for k in range(12)) + ")"
    (*_, last) = hints(open_document(text), 0, len(text))
    assert len(last.text) == 40
    assert last.text[:-1] == last.whole[:39]


def test_supports_move_with_the_text_until_it_is_checked_anew():
    before = open_document("Normal(0, 1) |> Exp |> Log")
    after = before.changed("let s = 3\nNormal(0, 1) |> Exp |> Log")
    assert not after.is_current
    moved = {after.text[point.start : point.end]: str(point.behind) for point in after.points}
    assert moved == {"Normal(0, 1)": "real", "Exp": "positive", "Log": "real"}


def test_an_analysis_that_is_stale_ends():
    with pytest.raises(Stale):
        analyze(Source("Normal(0, 1) |> Exp"), lambda: True)


def test_a_text_that_breaks_the_grammar_has_that_mistake_alone():
    document = open_document("Normal(0, 1) |> Nope |> Exp(")
    assert [mistake.code for mistake in document.analysis.mistakes] == ["unclosed"]
