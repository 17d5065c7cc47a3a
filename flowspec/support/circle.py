"""Circles of angles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from flowspec.support.support import Interval, Json, Support, no_number, number, same_end


@dataclass(frozen=True)
class Circle(Support):
    """Angles from `low` up to `high`, where `high` is `low` again."""

    low: float
    high: float

    kind = "circle"
    size = 1
    schema = {
        "properties": {"low": {"type": "number"}, "high": {"type": "number"}},
        "required": ["low", "high"],
    }

    @property
    def interval(self) -> Interval:
        """The same values, forgetting that the ends meet.

        Both ends count: a rounded angle may land on either.
        """
        return Interval(self.low, self.high, True, True)

    closed_low = closed_high = True

    @property
    def inner_point(self) -> float:
        return self.interval.inner_point

    @property
    def brackets(self) -> str:
        return str(self)

    def excludes(self, values: Any) -> Any:
        """True for numbers that are no angles of the circle as it is written."""
        return self.interval.excludes(values)

    @property
    def period(self) -> float:
        return self.high - self.low

    def contains(self, other: Support) -> bool:
        if not isinstance(other, Circle):
            return False
        return same_end(self.low, other.low) and same_end(self.high, other.high)

    @property
    def safe_point(self) -> np.ndarray:
        return np.array([(self.low + self.high) / 2])

    def __str__(self) -> str:
        return f"circle({number(self.low)}, {number(self.high)})"

    @property
    def words(self) -> str:
        return f"angles on {self}"

    @property
    def advice(self) -> str:
        return f"start from angles: `CircularUniform({number(self.low)}, {number(self.high)})`"

    @property
    def row_advice(self) -> str:
        angle = "angle" if self.low == 0 else f"(angle {_signed(-self.low)})"
        back = "" if self.low == 0 else f" {_signed(self.low)}"
        return f"write `{angle} % {_factor(self.period)}{back}` in their place"

    def to_json(self) -> Json:
        return {"kind": self.kind, "low": self.low, "high": self.high}

    @classmethod
    def from_json(cls, data: Json) -> Circle:
        return cls(float(data["low"]), float(data["high"]))

    def flaw(self) -> str:
        return no_number(self.low, self.high)


def _signed(value: float) -> str:
    """A number behind its sign, as a term: `+ pi`."""
    return f"{'-' if value < 0 else '+'} {number(abs(value))}"


def _factor(value: float) -> str:
    written = number(value)
    return f"({written})" if "*" in written else written
