"""Repairs applied to a text, until none is left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError
from flowspec.diagnostics.repairs import Fix, apart, applied
from flowspec.diagnostics.source import Source
from flowspec.language import syntax_mistakes
from flowspec.language.checker import check

MOST_ROUNDS = 100
"""Times that a text is repaired: a mistake against the grammar hides those behind it."""


class Change(NamedTuple):
    """A repair that was applied: the line where it begins, and what it does."""

    line: int
    title: str


class Fixed(NamedTuple):
    """A text after its repairs, what they changed, and the mistakes that are left."""

    source: Source
    changes: tuple[Change, ...]
    mistakes: tuple[Diagnostic, ...]


def fixed(source: Source) -> Fixed:
    """The text with the best repair of each mistake, and of those that show then.

    A repair that would break the grammar is left out. The mistakes that are left may have repairs
    that lead nowhere.
    """
    mistakes, changes, seen = mistakes_of(source), list[Change](), {source.text}
    for _ in range(MOST_ROUNDS):
        for fixes in _tries(source, mistakes):
            edits = [edit for fix in fixes for edit in fix.edits]
            repaired = Source(applied(source.text, edits), source.name)
            left = mistakes_of(repaired)
            if repaired.text not in seen and not (_is_broken(left) and not _is_broken(mistakes)):
                changes += [_change(fix) for fix in fixes]
                break
        else:
            break
        source, mistakes = repaired, left
        seen.add(source.text)
    return Fixed(source, tuple(changes), mistakes)


def mistakes_of(source: Source) -> tuple[Diagnostic, ...]:
    """The mistakes of a text; none if it writes a flow."""
    try:
        check(source)
    except FlowError as error:
        return error.diagnostics
    return ()


def _tries(source: Source, mistakes: tuple[Diagnostic, ...]) -> Iterator[list[Fix]]:
    """The best repairs together, then each alone."""
    best = [each.fixes[0] for each in mistakes if each.fixes]
    together = apart(fix for fix in best if all(edit.span.source == source for edit in fix.edits))
    if together:
        yield together
    if len(together) > 1:
        yield from ([fix] for fix in together)


def _is_broken(mistakes: tuple[Diagnostic, ...]) -> bool:
    """True if there is one against the grammar."""
    return any(type(each).__module__ == syntax_mistakes.__name__ for each in mistakes)


def _change(fix: Fix) -> Change:
    first = min(fix.edits, key=lambda edit: edit.span.start)
    return Change(first.span.position[0], fix.title)
