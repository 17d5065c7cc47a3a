"""The simplex."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.support.joint import Joint

SUM_TOLERANCE = 1e-5
"""Distance of the sum from 1 that still counts: six digits of a table, or float32 sums
over thousands.
"""


@dataclass(frozen=True)
class Simplex(Joint):
    """`size` positive numbers that sum to 1."""

    kind = "simplex"
    maker = "StickBreaking"

    @property
    def free_size(self) -> int:
        return self.size - 1

    @property
    def safe_point(self) -> np.ndarray:
        return np.full(self.size, 1 / self.size)

    def outside(self, ops: Ops, x: Array) -> Array:
        off = ops.abs(ops.sum(x) - 1) > SUM_TOLERANCE
        return off | ops.any(x <= 0)

    @property
    def words(self) -> str:
        return f"{self.size} positive numbers that sum to 1"

    advice = "put `StickBreaking` before it, which makes a simplex out of real numbers"
    row_advice = "divide the numbers of each row by their sum"
