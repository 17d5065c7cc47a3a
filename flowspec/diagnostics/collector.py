"""The one collector of mistakes: checks report to it, and go on."""

from __future__ import annotations

from collections.abc import Iterable

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError

MOST_MISTAKES = 200
"""Mistakes after which checking stops: what is wrong in so many places has few causes."""


class Mistakes:
    """The mistakes of one check, each once: a step inside `repeat` is checked in every turn."""

    def __init__(self) -> None:
        self._all: dict[Diagnostic, None] = {}

    def __len__(self) -> int:
        return len(self._all)

    def report(self, *mistakes: Diagnostic) -> bool:
        """Collect mistakes; True if there are any among these.

        Errors:  FlowError, once there are too many to go on.
        """
        self._all.update(dict.fromkeys(mistakes))
        if len(self) >= MOST_MISTAKES:
            raise self.error()
        return bool(mistakes)

    def error(self, *more: Diagnostic) -> FlowError:
        """The exception that carries all of them."""
        return FlowError([*self._all, *more])

    def raise_any(self) -> None:
        """Raise the exception if there is a mistake."""
        if self._all:
            raise self.error()


def raise_any(mistakes: Iterable[Diagnostic]) -> None:
    """Raise the mistakes of a check that has ended, if there are any."""
    collected = Mistakes()
    collected.report(*mistakes)
    collected.raise_any()
