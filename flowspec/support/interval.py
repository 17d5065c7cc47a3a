"""Intervals of numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowspec.support.support import Json, Support, at_most, number, same_end

END = {"type": ["number", "null"]}


@dataclass(frozen=True)
class Interval(Support):
    """The numbers between `low` and `high`. An end is part of the set only if it is `closed`."""

    low: float = -math.inf
    high: float = math.inf
    closed_low: bool = False
    closed_high: bool = False

    kind = "interval"
    size = 1
    schema = {
        "properties": {
            "low": END,
            "high": END,
            "closed": {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 2},
        },
        "required": ["low", "high", "closed"],
    }

    def __post_init__(self) -> None:
        # An infinite end is never reached, so there is one way to write each set.
        if math.isinf(self.low):
            object.__setattr__(self, "closed_low", False)
        if math.isinf(self.high):
            object.__setattr__(self, "closed_high", False)

    # --- numbers ------------------------------------------------------------------------------------

    def excludes(self, values: Any) -> Any:
        """True for numbers that are not in the set; NaN is neither in it nor out of it.

        Shapes:  an array or one number  ->  the same of truth values
        """
        below = values < self.low if self.closed_low else values <= self.low
        above = values > self.high if self.closed_high else values >= self.high
        return below | above

    def __contains__(self, value: float) -> bool:
        return bool(value == value and not self.excludes(value))

    @property
    def is_bounded(self) -> bool:
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def inner_point(self) -> float:
        """A number well inside."""
        if self.is_bounded:
            return (self.low + self.high) / 2
        if math.isfinite(self.low):
            return self.low + 1
        return self.high - 1 if math.isfinite(self.high) else 0.0

    @property
    def safe_point(self) -> np.ndarray:
        return np.array([self.inner_point])

    # --- relations to other supports --------------------------------------------------------------

    @property
    def interval(self) -> Interval:
        return self

    def contains(self, other: Support) -> bool:
        inner = other.interval
        return inner is not None and self._holds_low_of(inner) and self._holds_high_of(inner)

    def _holds_low_of(self, other: Interval) -> bool:
        left_out = same_end(self.low, other.low) and other.closed_low and not self.closed_low
        return at_most(self.low, other.low) and not left_out

    def _holds_high_of(self, other: Interval) -> bool:
        left_out = same_end(self.high, other.high) and other.closed_high and not self.closed_high
        return at_most(other.high, self.high) and not left_out

    def opened(self) -> Interval:
        return Interval(self.low, self.high)

    def narrowed(self, domain: Support) -> Interval:
        if not isinstance(domain, Interval) or not (self.closed_low or self.closed_high):
            return self
        keep_low = self.closed_low and (domain.closed_low or self.low > domain.low)
        keep_high = self.closed_high and (domain.closed_high or self.high < domain.high)
        return Interval(self.low, self.high, keep_low, keep_high)

    def hull(self, other: Interval) -> Interval:
        """The smallest interval that holds both."""
        low, high = min(self.low, other.low), max(self.high, other.high)
        closed_low = any(side.closed_low for side in (self, other) if side.low == low)
        closed_high = any(side.closed_high for side in (self, other) if side.high == high)
        return Interval(low, high, closed_low, closed_high)

    def touches(self, other: Interval) -> bool:
        """True if the union is an interval: they overlap, or meet in a point that one of them holds."""
        first, second = sorted((self, other), key=lambda side: side.low)
        if first.high == second.low:
            return first.closed_high or second.closed_low
        return first.high > second.low

    # --- words --------------------------------------------------------------------------------------

    def __str__(self) -> str:
        for name, interval in NAMED_INTERVALS.items():
            if interval == self:
                return name
        return self.brackets

    @property
    def words(self) -> str:
        if self == REAL:
            return "every real number"
        return "positive numbers" if self == POSITIVE else f"numbers in {self.brackets}"

    @property
    def brackets(self) -> str:
        """The interval in the notation of mathematics: `(0, inf)`."""
        opening, closing = "[" if self.closed_low else "(", "]" if self.closed_high else ")"
        return f"{opening}{number(self.low)}, {number(self.high)}{closing}"

    @property
    def aside(self) -> str:
        return self.brackets if str(self) == self.brackets else f"({self})"

    row_advice = "declare a wider support"

    # --- JSON -----------------------------------------------------------------------------------------

    def to_json(self) -> Json:
        return {
            "kind": self.kind,
            "low": None if math.isinf(self.low) else self.low,
            "high": None if math.isinf(self.high) else self.high,
            "closed": [self.closed_low, self.closed_high],
        }

    @classmethod
    def from_json(cls, data: Json) -> Interval:
        low = -math.inf if data["low"] is None else float(data["low"])
        high = math.inf if data["high"] is None else float(data["high"])
        return cls(low, high, *data["closed"])

    def flaw(self) -> str:
        return no_number(self.low, self.high)


def no_number(low: float, high: float) -> str:
    """The flaw of an interval whose ends are not in order."""
    return "" if low < high else f"no number lies between {low:g} and {high:g}"


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
