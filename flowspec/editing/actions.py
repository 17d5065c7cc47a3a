"""The repairs of mistakes, for the part of a text that an editor asks about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.diagnostics.repairs import Fix
from flowspec.diagnostics.source import Span
from flowspec.editing.document import Document


class Change(NamedTuple):
    """Another text in the place of the characters `start` to `end`."""

    start: int
    end: int
    text: str


class Action(NamedTuple):
    """A repair of a mistake; the first of each mistake is the preferred one."""

    mistake: Diagnostic
    title: str
    changes: tuple[Change, ...]
    preferred: bool


def actions(document: Document, start: int, end: int) -> Iterator[Action]:
    """The repairs of mistakes that touch a part of the text.

    In a text that has changed since it was checked, those that lie where it has not.
    """
    for mistake in document.analysis.mistakes if document.analysis else ():
        place = _moved(document, mistake.span)
        if place is None or place[0] > end or place[1] < start:
            continue
        for number, fix in enumerate(mistake.fixes):
            changes = _changes(document, fix)
            if changes:
                yield Action(mistake, fix.title, changes, number == 0)


def _changes(document: Document, fix: Fix) -> tuple[Change, ...]:
    """The edits of a repair in this text; none if one of them has no place there."""
    changes = []
    for edit in fix.edits:
        place = _moved(document, edit.span)
        if place is None:
            return ()
        changes.append(Change(*place, edit.replacement))
    return tuple(changes)


def _moved(document: Document, span: Span | None) -> tuple[int, int] | None:
    """A place of the text that was checked, in this one; None if there is none."""
    is_own = document.analysis and span and span.source is document.analysis.source
    if span is None or not is_own:
        return None
    place = document.moved(span.start, span.end)
    return place if place and document.text[slice(*place)] == span.text else None
