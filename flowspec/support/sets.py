"""Sets of values: what a point of a pipeline can be, and what a step can take.

A `Space` is the support of one point of the pipeline: its shape and, coordinate by coordinate, a
set. A set is an `Interval`, a `Circle`, or a joint set over several neighbouring coordinates
(`Simplex`, `Ordered`). Everything here is exact arithmetic on the ends, in float64.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

INFINITY = math.inf
ROUNDING = 4 * float(np.finfo(np.float64).eps)
"""Relative error that the computed end of an image may carry; ends nearer than this are the same."""


def _at_most(a: float, b: float) -> bool:
    """a <= b, up to the rounding of a computed end."""
    return bool(a <= b) or (
        math.isfinite(a) and math.isfinite(b) and a - b <= ROUNDING * max(abs(a), abs(b))
    )


def same_end(a: float, b: float) -> bool:
    """Are two ends the same number, up to the rounding of a computed end?"""
    return _at_most(a, b) and _at_most(b, a)


def number(value: float) -> str:
    """A number as a user would write it: `2`, not `2.0`."""
    named = {
        math.pi: "pi",
        -math.pi: "-pi",
        2 * math.pi: "2*pi",
        math.pi / 2: "pi/2",
        -math.pi / 2: "-pi/2",
    }
    if value in named:
        return named[value]
    return (
        str(int(value))
        if math.isfinite(value) and value == int(value) and abs(value) < 1e15
        else repr(float(value))
    )


@dataclass(frozen=True)
class Interval:
    """The numbers between `low` and `high`. An end is part of the set only if it is `closed`."""

    low: float = -INFINITY
    high: float = INFINITY
    closed_low: bool = False
    closed_high: bool = False
    size: ClassVar[int] = 1

    def __post_init__(self) -> None:
        # An infinite end is never reached, so there is one way to write each set.
        if math.isinf(self.low):
            object.__setattr__(self, "closed_low", False)
        if math.isinf(self.high):
            object.__setattr__(self, "closed_high", False)

    def __contains__(self, value: float) -> bool:
        above = value >= self.low if self.closed_low else value > self.low
        below = value <= self.high if self.closed_high else value < self.high
        return above and below

    def excludes(self, values: np.ndarray) -> np.ndarray:
        """Which of some numbers are not in the set; NaN is neither in it nor out of it."""
        below = values < self.low if self.closed_low else values <= self.low
        above = values > self.high if self.closed_high else values >= self.high
        return below | above

    def contains(self, other: Part) -> bool:
        """Is every value of the other set a value of this one?"""
        if isinstance(other, Circle):
            other = other.interval
        if not isinstance(other, Interval):
            return False
        low_fits = _at_most(self.low, other.low) and not (
            same_end(self.low, other.low) and other.closed_low and not self.closed_low
        )
        high_fits = _at_most(other.high, self.high) and not (
            same_end(self.high, other.high) and other.closed_high and not self.closed_high
        )
        return low_fits and high_fits

    def same(self, other: Part, *, ignore_ends: bool = False) -> bool:
        """Are the two sets equal (up to their end points themselves, with `ignore_ends`)?"""
        if ignore_ends:
            return self.opened().contains(opened(other)) and opened(other).contains(self.opened())
        return self.contains(other) and other.contains(self)

    def opened(self) -> Interval:
        return Interval(self.low, self.high)

    def hull(self, other: Interval) -> Interval:
        """The smallest interval that holds both."""
        low, high = min(self.low, other.low), max(self.high, other.high)
        closed_low = any(each.closed_low for each in (self, other) if each.low == low)
        closed_high = any(each.closed_high for each in (self, other) if each.high == high)
        return Interval(low, high, closed_low, closed_high)

    def touches(self, other: Interval) -> bool:
        """Is the union of the two an interval (they overlap, or meet in a point that one of them holds)?"""
        first, second = sorted((self, other), key=lambda s: s.low)
        if first.high == second.low:
            return first.closed_high or second.closed_low
        return first.high > second.low

    @property
    def bounded(self) -> bool:
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def safe_point(self) -> float:
        """A point well inside, at which every formula over this set is finite."""
        if self.bounded:
            return (self.low + self.high) / 2
        if math.isfinite(self.low):
            return self.low + 1
        return self.high - 1 if math.isfinite(self.high) else 0.0

    def __str__(self) -> str:
        """As the language writes it: `real`, `positive`, `[0, 1)`."""
        for name, interval in NAMED_INTERVALS.items():
            if interval == self:
                return name
        return self.brackets

    @property
    def words(self) -> str:
        """As a sentence says it: `numbers in (0, 1)`."""
        if self == REAL:
            return "every real number"
        if self == POSITIVE:
            return "positive numbers"
        return f"numbers in {self.brackets}"

    @property
    def brackets(self) -> str:
        """As an interval: `(0, inf)`."""
        return f"{'[' if self.closed_low else '('}{number(self.low)}, {number(self.high)}{']' if self.closed_high else ')'}"


@dataclass(frozen=True)
class Circle:
    """Angles from `low` up to `high`, where `high` is `low` again."""

    low: float
    high: float
    size: ClassVar[int] = 1

    @property
    def interval(self) -> Interval:
        """The same values, forgetting that the ends meet. Both ends count: a rounded angle may land on either."""
        return Interval(self.low, self.high, True, True)

    def contains(self, other: Part) -> bool:
        return (
            isinstance(other, Circle)
            and same_end(self.low, other.low)
            and same_end(self.high, other.high)
        )

    def same(self, other: Part, *, ignore_ends: bool = False) -> bool:
        return self.contains(other)

    @property
    def safe_point(self) -> float:
        return (self.low + self.high) / 2

    def __str__(self) -> str:
        return f"circle({number(self.low)}, {number(self.high)})"

    @property
    def words(self) -> str:
        return f"angles on {self}"


@dataclass(frozen=True)
class Simplex:
    """`size` positive numbers that sum to one."""

    size: int

    def contains(self, other: Part) -> bool:
        return self == other

    def same(self, other: Part, *, ignore_ends: bool = False) -> bool:
        return self == other

    def __str__(self) -> str:
        return f"simplex({self.size})"

    @property
    def words(self) -> str:
        return f"{self.size} positive numbers that sum to 1"


@dataclass(frozen=True)
class Ordered:
    """`size` real numbers, each greater than the one before."""

    size: int

    def contains(self, other: Part) -> bool:
        return self == other

    def same(self, other: Part, *, ignore_ends: bool = False) -> bool:
        return self == other

    def __str__(self) -> str:
        return f"ordered({self.size})"

    @property
    def words(self) -> str:
        return f"{self.size} numbers in increasing order"


Part = Interval | Circle | Simplex | Ordered

REAL = Interval()
POSITIVE = Interval(0.0)
NEGATIVE = Interval(high=0.0)
NONNEGATIVE = Interval(0.0, closed_low=True)
UNIT = Interval(0.0, 1.0)
NAMED_INTERVALS = {
    "real": REAL,
    "positive": POSITIVE,
    "negative": NEGATIVE,
    "nonnegative": NONNEGATIVE,
}


def opened(part: Part) -> Part:
    """The set without its end points (an interval's; other sets have none)."""
    return part.opened() if isinstance(part, Interval) else part


def narrowed(part: Part, domain: Part) -> Part:
    """`part` without those of its end points that `domain` leaves out: single numbers have no probability."""
    if (
        not isinstance(part, Interval)
        or not isinstance(domain, Interval)
        or not (part.closed_low or part.closed_high)
    ):
        return part
    keep_low = part.closed_low and (domain.closed_low or part.low > domain.low)
    keep_high = part.closed_high and (domain.closed_high or part.high < domain.high)
    return Interval(part.low, part.high, keep_low, keep_high)


def as_interval(part: Part) -> Interval | None:
    """The set as an interval of numbers, or None for a joint set."""
    if isinstance(part, Circle):
        return part.interval
    return part if isinstance(part, Interval) else None


def part_to_json(part: Part) -> dict:
    """Plain data; an open end at infinity is null."""
    if isinstance(part, Interval):
        return {
            "kind": "interval",
            "low": None if math.isinf(part.low) else part.low,
            "high": None if math.isinf(part.high) else part.high,
            "closed": [part.closed_low, part.closed_high],
        }
    if isinstance(part, Circle):
        return {"kind": "circle", "low": part.low, "high": part.high}
    return {"kind": type(part).__name__.lower(), "size": part.size}


def part_from_json(data: dict) -> Part:
    """The set that `part_to_json` wrote."""
    kind = data["kind"]
    if kind == "interval":
        low = -INFINITY if data["low"] is None else float(data["low"])
        high = INFINITY if data["high"] is None else float(data["high"])
        return Interval(low, high, *data["closed"])
    if kind == "circle":
        return Circle(float(data["low"]), float(data["high"]))
    return Simplex(data["size"]) if kind == "simplex" else Ordered(data["size"])
