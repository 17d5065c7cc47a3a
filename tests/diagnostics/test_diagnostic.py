"""Mistakes as data: their fields, their texts, how they are collected and written as JSON."""

from __future__ import annotations

import pytest

from flowspec.diagnostics.collector import MOST_MISTAKES, Mistakes, raise_any
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.diagnostics.source import Place, Source, Span


@mistake
class LateGuest(Diagnostic):
    message = "{name} comes {minutes} minutes late"
    contrast = "{host} waits here"
    help = "{advice}"
    name: str
    minutes: int
    host: str = "Ada"
    advice: str = ""


@mistake
class LateForGood(LateGuest):
    level = "warning"
    note = "it was {minutes} before"


SOURCE = Source("one two three", "guests.flow")


def test_the_code_is_the_name_of_the_class():
    assert LateForGood(name="Bo", minutes=3).code == "late-for-good"


def test_texts_are_filled_from_fields_and_empty_ones_left_out():
    late = LateForGood(name="Bo", minutes=3)
    assert (late.message, late.note, late.help) == (
        "Bo comes 3 minutes late",
        "it was 3 before",
        "",
    )


def test_a_level_belongs_to_the_class():
    assert str(LateForGood(name="Bo", minutes=3)).startswith("warning[late-for-good]: ")


@pytest.mark.parametrize("fields", [{"name": "Bo"}, {"name": "Bo", "minutes": 3, "hour": 1}])
def test_fields_are_those_that_are_declared(fields):
    with pytest.raises(TypeError, match=r"minutes|hour"):
        LateGuest(**fields)


def test_a_mistake_cannot_be_changed_but_replaced():
    late = LateGuest(name="Bo", minutes=3)
    with pytest.raises(AttributeError):
        late.minutes = 4
    assert late.replaced(minutes=4) == LateGuest(name="Bo", minutes=4)


def test_a_related_place_without_words_gets_those_of_the_class():
    related = (Place(Span(SOURCE, 0, 3)), Place(Span(SOURCE, 4, 7), "so does Eve"))
    late = LateGuest(span=Span(SOURCE, 8, 13), related=related, name="Bo", minutes=3)
    assert [each["message"] for each in late.to_json()["related"]] == [
        "Ada waits here",
        "so does Eve",
    ]


def test_json_says_where_a_mistake_begins_and_ends():
    assert LateForGood(span=Span(SOURCE, 4, 7), name="Bo", minutes=3).to_json() == {
        "code": "late-for-good",
        "level": "warning",
        "file": "guests.flow",
        "line": 1,
        "column": 5,
        "end_line": 1,
        "end_column": 8,
        "message": "Bo comes 3 minutes late",
        "note": "it was 3 before",
        "help": None,
        "related": [],
        "fixes": [],
    }


def test_mistakes_are_collected_once_and_raised_together():
    mistakes = Mistakes()
    for minutes in (3, 3, 5):
        mistakes.report(LateGuest(name="Bo", minutes=minutes))
    with pytest.raises(FlowError) as caught:
        mistakes.raise_any()
    assert [each.minutes for each in caught.value.diagnostics] == [3, 5]


def test_no_mistake_raises_nothing():
    raise_any([])


def test_collecting_stops_where_there_are_too_many():
    mistakes = Mistakes()
    with pytest.raises(FlowError) as caught:
        for minutes in range(10 * MOST_MISTAKES):
            mistakes.report(LateGuest(name="Bo", minutes=minutes))
    assert len(caught.value.diagnostics) == MOST_MISTAKES
