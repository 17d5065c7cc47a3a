"""Words for a prompt: what a flow, a model or a bundle is, in a few short lines."""

from __future__ import annotations

from collections.abc import Sequence

from flowspec.diagnostics.quantities import amount

LINES = 12
"""Lines of a pipeline."""
WIDTH = 88
NAMES = 8
"""Columns that are named."""


def headline(kind: str, columns: Sequence[str], context: Sequence[str], learned: int | None) -> str:
    """The first line: what it is, of which columns, and how much of it is learned."""
    given = f" given {_listed(context)}" if context else ""
    numbers = "" if learned is None else f", {amount(learned, 'number')} learned"
    return shortened(f"{kind} of {_listed(columns)}{given}{numbers}")


def in_a_line(names: Sequence[str]) -> str:
    """The names of a base and of steps; of many the first and the last ones."""
    if len(names) > LINES:
        names = [*names[: LINES // 2], "...", *names[-LINES // 2 :]]
    return " |> ".join(names)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMES
    return ", ".join(names[:NAMES]) + (f" and {more} more" if more > 0 else "")


def shortened(line: str) -> str:
    """A line, cut where it would be longer than others."""
    return line if len(line) <= WIDTH else line[: WIDTH - 4] + " ..."
