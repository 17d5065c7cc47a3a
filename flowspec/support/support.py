"""The protocol of a support, and intervals of numbers.

To add a support, write one file like `ordered.py` into `flowspec/support/`.

A support is a set of values over `size` neighboring coordinates: an interval of numbers,
angles on a circle, or a joint set that ties coordinates together. It answers for itself:
for what it contains, for points outside, for its text in the language, in messages and in
JSON. The language, the schema, `Onto`, the graphs and the checks of tables ask it and
know no kind by name.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array

ROUNDING = 4 * float(np.finfo(np.float64).eps)
"""Relative error that the computed end of an image may carry; ends nearer than this are
the same.
"""

Json = dict[str, Any]


class Support(ABC):
    """A set of values over `size` neighboring coordinates."""

    kind: ClassVar[str]
    """The name in JSON, and in the language where the support is declared by name."""
    joint: ClassVar[bool] = False
    """True if coordinates are tied together, so that they cannot be told apart."""
    maker: ClassVar[str] = ""
    """The transform that makes a joint support out of real numbers."""
    size: int

    # --- relations to other supports ------------------------------------------------------------

    @abstractmethod
    def contains(self, other: Support) -> bool:
        """True if every value of the other support is one of this."""

    def same(self, other: Support, *, ignore_ends: bool = False) -> bool:
        """True if both are the same set; with `ignore_ends`, up to single end points."""
        if ignore_ends:
            return self.opened().same(other.opened())
        return self.contains(other) and other.contains(self)

    def opened(self) -> Support:
        """The set without its end points."""
        return self

    def narrowed(self, domain: Support) -> Support:
        """The set without those of its end points that `domain` leaves out.

        Single numbers have no probability.
        """
        return self

    @property
    def interval(self) -> Interval | None:
        """The values as an interval of numbers; None for a joint support."""
        return None

    @property
    def period(self) -> float | None:
        """The circumference, if the values are angles on a circle."""
        return None

    @property
    def free_size(self) -> int:
        """The number of real coordinates that `maker` makes it from."""
        return self.size

    # --- points ----------------------------------------------------------------------------------

    @property
    @abstractmethod
    def safe_point(self) -> np.ndarray:
        """A point (size,) well inside, at which every formula over this support is
        finite.
        """

    def outside(self, ops: Ops, x: Array) -> Array:
        """Rows (N,) of x (size, N) outside a joint support. False for NaN.

        Intervals are tested together, see `flowspec.support.membership`.
        """
        raise NotImplementedError(f"{type(self).__name__} is tested as an interval")

    # --- words -----------------------------------------------------------------------------------

    @abstractmethod
    def __str__(self) -> str:
        """The support as the language writes it."""

    @property
    @abstractmethod
    def words(self) -> str:
        """The values as a sentence names them: `numbers in (0, 1)`."""

    @property
    def aside(self) -> str:
        """The support in parentheses, as a sentence adds it."""
        return f"({self})"

    @property
    def advice(self) -> str:
        """Code to put before a transform that takes it; "" if a standard map of intervals
        leads there.
        """
        return ""

    @property
    @abstractmethod
    def row_advice(self) -> str:
        """Correction of the rows of a table that lie outside."""

    # --- JSON ------------------------------------------------------------------------------------

    schema: ClassVar[Mapping[str, Any]]
    """JSON Schema of the fields beside `kind`."""

    @abstractmethod
    def to_json(self) -> Json:
        """The support as plain data. An end at infinity is null."""

    @classmethod
    @abstractmethod
    def from_json(cls, data: Json) -> Self:
        """The support that `to_json` wrote."""

    def flaw(self) -> str:
        """The reason why JSON that follows the schema describes no support; "" if it
        does.
        """
        return ""


def at_most(a: float, b: float) -> bool:
    """a <= b, up to the rounding of a computed end."""
    finite = math.isfinite(a) and math.isfinite(b)
    return bool(a <= b) or (finite and a - b <= ROUNDING * max(abs(a), abs(b)))


def same_end(a: float, b: float) -> bool:
    """a == b, up to the rounding of a computed end."""
    return at_most(a, b) and at_most(b, a)


def number(value: float) -> str:
    """A number as a user would write it: `2`, not `2.0`."""
    if value in NAMED_NUMBERS:
        return NAMED_NUMBERS[value]
    is_integer = math.isfinite(value) and value == int(value) and abs(value) < 1e15
    return str(int(value)) if is_integer else repr(float(value))


NAMED_NUMBERS = {
    math.pi: "pi",
    -math.pi: "-pi",
    2 * math.pi: "2*pi",
    math.pi / 2: "pi/2",
    -math.pi / 2: "-pi/2",
}


END = {"type": ["number", "null"]}


@dataclass(frozen=True)
class Interval(Support):
    """The numbers between `low` and `high`.

    An end is part of the set only if it is `closed`.
    """

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

    # --- numbers ---------------------------------------------------------------------------------

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

    # --- relations to other supports -------------------------------------------------------------

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
        """True if the union is an interval: they overlap, or meet in a point that one of
        them holds.
        """
        first, second = sorted((self, other), key=lambda side: side.low)
        if first.high == second.low:
            return first.closed_high or second.closed_low
        return first.high > second.low

    # --- words -----------------------------------------------------------------------------------

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

    # --- JSON ------------------------------------------------------------------------------------

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
