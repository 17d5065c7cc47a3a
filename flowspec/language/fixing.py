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

    A repair that brings the text no nearer to a flow is left out.
    """
    now, changes, seen = _State(source, mistakes_of(source)), list[Change](), {source.text}
    for _ in range(MOST_ROUNDS):
        for fixes in _tries(now):
            after = _repaired(now, fixes)
            written = {edit.replacement for fix in fixes for edit in fix.edits}
            is_sound = _wrong_words(after, written) <= _wrong_words(now, written)
            if after.source.text not in seen and is_sound and _is_nearer(after, now):
                changes += [_change(fix) for fix in fixes]
                break
        else:
            break
        now = after
        seen.add(now.source.text)
    return Fixed(now.source, tuple(changes), now.mistakes)


class _State(NamedTuple):
    source: Source
    mistakes: tuple[Diagnostic, ...]

    @property
    def broken(self) -> Diagnostic | None:
        """The mistake against the grammar; there is one at most, which hides all others."""
        grammar = syntax_mistakes.__name__
        return next((each for each in self.mistakes if type(each).__module__ == grammar), None)

    @property
    def unread(self) -> int:
        """Characters behind the place where the text breaks the grammar."""
        span = self.broken and self.broken.span
        return len(self.source.text) - span.start if span else 0


def _is_nearer(after: _State, before: _State) -> bool:
    """True if more of a text can be read, or as few mistakes are left in one that can."""
    if before.broken is None:
        return after.broken is None and len(after.mistakes) <= len(before.mistakes)
    if after.broken is None or after.unread < before.unread:
        return True
    shorter = len(after.source.text) < len(before.source.text)
    closes = isinstance(before.broken, syntax_mistakes.Unclosed)
    return after.unread == before.unread and (shorter or closes)


def _wrong_words(state: _State, words: set[str]) -> int:
    """The mistakes without a repair that mark one of some words: `inf`, say, as a scale."""
    spans = [each.span for each in state.mistakes if each.span and not each.fixes]
    return sum(state.source.text[span.start : span.end] in words for span in spans)


def _repaired(now: _State, fixes: list[Fix]) -> _State:
    text = applied(now.source.text, [edit for fix in fixes for edit in fix.edits])
    source = Source(text, now.source.name)
    return _State(source, mistakes_of(source))


def mistakes_of(source: Source) -> tuple[Diagnostic, ...]:
    """The mistakes of a text; none if it writes a flow."""
    try:
        check(source)
    except FlowError as error:
        return error.diagnostics
    return ()


def _tries(now: _State) -> Iterator[list[Fix]]:
    """The best repairs together, then each alone."""
    best = [each.fixes[0] for each in now.mistakes if each.fixes]
    together = apart(best)
    if together:
        yield together
    if len(together) > 1:
        yield from ([fix] for fix in together)


def _change(fix: Fix) -> Change:
    first = min(fix.edits, key=lambda edit: edit.span.start)
    return Change(first.span.position[0], fix.title)
