"""The protocol of a support. To add one, write one file like `ordered.py` into `flowspec/support/`.

A support is a set of values over `size` neighboring coordinates: an interval of numbers, angles on a
circle, or a joint set that ties coordinates together. It answers for itself: what it contains, which
points lie outside, how the language, messages and JSON write it. The language, the schema, `Onto`, the
graphs and the checks of tables ask it and know no kind by name.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array

if TYPE_CHECKING:
    from flowspec.support.interval import Interval

ROUNDING = 4 * float(np.finfo(np.float64).eps)
"""Relative error that the computed end of an image may carry; ends nearer than this are the same."""

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

    # --- points -----------------------------------------------------------------------------------

    @property
    @abstractmethod
    def safe_point(self) -> np.ndarray:
        """A point (size,) well inside, at which every formula over this support is finite."""

    def outside(self, ops: Ops, x: Array) -> Array:
        """Rows (N,) of x (size, N) outside a joint support. False for NaN.

        Intervals are tested together, see `flowspec.support.membership`.
        """
        raise NotImplementedError(f"{type(self).__name__} is tested as an interval")

    # --- words --------------------------------------------------------------------------------------

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
        """Code to put before a transform that takes it; "" if a standard map of intervals leads there."""
        return ""

    @property
    @abstractmethod
    def row_advice(self) -> str:
        """Correction of the rows of a table that lie outside."""

    # --- JSON -----------------------------------------------------------------------------------------

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
        """The reason why JSON that follows the schema describes no support; "" if it does."""
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
