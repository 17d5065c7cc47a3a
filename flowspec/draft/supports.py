"""Supports for columns, each with what speaks for it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flowspec.diagnostics.quantities import amount
from flowspec.draft.edges import LEAST_ROWS, Edge, lower_edge, upper_edge
from flowspec.draft.facts import ATOM, Column
from flowspec.draft.tails import heavy_tail

CIRCLES = {"degrees": 360.0, "radians": 2 * math.pi}
ANGLES = ("angle", "azimuth", "bearing", "direction", "heading", "phase", "phi")
"""Parts of names that angles have."""

EDGE = 0.06
"""Share of the rows within a fiftieth of the range from an end that may tell of a hard edge."""
FEWEST_NEAR = 6
"""Rows there that are no chance: two of 30 normal numbers lie so."""

FAR = 4.0
"""Standard deviations from 0 to the smallest number, beyond which a positive column may be real."""


@dataclass(frozen=True)
class Guess:
    """A support as the language writes it.

    reasons   what speaks for it, and what else there is to know
    link      the option of `Onto` that names the column: "edges", "tails" or ""
    """

    support: str
    reasons: tuple[str, ...]
    link: str = ""

    @property
    def is_angle(self) -> bool:
        return self.support.startswith("circle")


def guess(column: Column) -> Guess:
    """The support that fits a column best."""
    support, reason = _support(column)
    return Guess(support, (reason, *_remarks(column)))


def conditioned(column: Column) -> Guess:
    """The support of a column of the context, whose density nobody asks for: a circle, or any
    number, as a row to come need not lie where those of the table do.
    """
    circle = _circle(column)
    reason = _support(column)[1] if circle else f"{column.low:g} to {column.high:g}"
    return Guess(circle or "real", (reason, *_missing(column)))


def learned(column: Column) -> Guess:
    """The support of a column whose density is learned, with its edges and tails."""
    plain = guess(column)
    if plain.is_angle:
        return plain
    lower, upper = lower_edge(column), upper_edge(column)
    edges = tuple(edge.reason for edge in (lower, upper) if edge)
    if edges:
        support = _between(column, lower, upper)
        return Guess(support, (plain.reasons[0], *edges, *plain.reasons[1:]), "edges")
    ends = {"positive": 0.0, "real": None}
    if plain.support in ends and (tail := heavy_tail(column, ends[plain.support])):
        return Guess(plain.support, (*plain.reasons, tail.reason), "tails")
    return plain


def _between(column: Column, lower: Edge | None, upper: Edge | None) -> str:
    """The interval of a column with hard edges; without one at 0, it may still not go below."""
    share = column.low > 0 and column.high < 1
    is_positive = column.low > 0 and column.low / column.spread <= FAR
    low = f"[{lower.end:g}" if lower else "(0" if is_positive else "(-inf"
    high = f"{upper.end:g}]" if upper else "1)" if share else "inf)"
    return f"{low}, {high}"


def _support(column: Column) -> tuple[str, str]:
    span = f"{column.low:g} to {column.high:g}"
    if circle := _circle(column):
        return circle, f"{span}, and its name is that of an angle: both ends are one point"
    if column.low == 0:
        if column.is_whole:
            return "nonnegative", f"{span}; 0 itself occurs"
        return "real", f"{span}; 0 itself occurs, which no map onto positive numbers reaches"
    if column.low > 0 and column.high < 1:
        return "(0, 1)", f"a share: {span}"
    distance = column.low / column.spread
    if distance > FAR:
        return "real", (
            f"{span}, {distance:.1f} standard deviations from 0; `positive`, if a sample below 0 "
            "must never occur"
        )
    if column.low > 0:
        return "positive", f"{span}, skewness {column.skewness:.1f}"
    return "real", span


def _circle(column: Column) -> str:
    """A circle that the numbers go round, for a column with the name of an angle."""
    if not any(part in column.name.lower() for part in ANGLES):
        return ""
    for turn in CIRCLES.values():
        end = f"{turn:g}" if turn == 360 else "2 * pi"
        if column.low >= 0 and turn / 2 < column.high <= turn:
            return f"circle(0, {end})"
        goes_round = column.high - column.low > turn / 2
        if goes_round and -turn / 2 <= column.low < 0 < column.high <= turn / 2:
            half = f"{turn / 2:g}" if turn == 360 else "pi"
            return f"circle(-{half}, {half})"
    return ""


def _missing(column: Column) -> list[str]:
    if not column.missing:
        return []
    lacking = f"{column.missing} of {amount(column.rows, 'row')} lack it"
    return [f"{lacking}: fit with --drop-bad-rows, or fill it"]


def _remarks(column: Column) -> list[str]:
    """What a density of numbers cannot say, and what can be done about it."""
    found = _missing(column)
    value, share = column.commonest
    if column.is_whole and column.distinct < len(column.numbers) / 2:
        found.append("whole numbers: `dequantize` spreads them over their cells")
    elif share >= ATOM:
        found.append(
            f"{100 * share:.0f} % of the rows are {value:g}: a density has no such value, and "
            "samples will not have it"
        )
    if count := column.far_out:
        rows = "1 row lies" if count == 1 else f"{count} rows lie"
        farthest = max(column.low, column.high, key=abs)
        return [*found, f"{rows} far beyond all others, up to {farthest:g}: leave such rows out"]
    for end, name in ((column.low, "lower"), (column.high, "upper")):
        near = column.share_near(end)
        is_many = near > EDGE and near * len(column.numbers) > FEWEST_NEAR - 0.5
        if len(column.numbers) < LEAST_ROWS and share < ATOM and is_many:
            found.append(
                f"perhaps a hard {name} edge: {100 * near:.0f} % of the rows lie "
                f"within a fiftieth of the range from {end:g}; `Onto(event, edges=[...])` keeps it"
            )
    return found
