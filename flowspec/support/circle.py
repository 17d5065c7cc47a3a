"""Circles of angles."""

from __future__ import annotations

from dataclasses import dataclass

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
        return f"bring the angles into {self.interval.brackets}"

    def to_json(self) -> Json:
        return {"kind": self.kind, "low": self.low, "high": self.high}

    @classmethod
    def from_json(cls, data: Json) -> Circle:
        return cls(float(data["low"]), float(data["high"]))

    def flaw(self) -> str:
        return no_number(self.low, self.high)
