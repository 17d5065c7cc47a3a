"""Numbers in increasing order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array
from flowspec.support.joint import Joint


@dataclass(frozen=True)
class Ordered(Joint):
    """`size` real numbers, each greater than the one before."""

    kind = "ordered"
    maker = "Ordered"

    @property
    def safe_point(self) -> np.ndarray:
        return np.arange(self.size, dtype=float)

    def outside(self, ops: Ops, x: Array) -> Array:
        return ops.any(x[1:] <= x[:-1]) | ops.any(ops.isinf(x))

    @property
    def words(self) -> str:
        return f"{self.size} numbers in increasing order"

    advice = "put `Ordered` before it, which puts real numbers in order"
    row_advice = "put the columns into increasing order"
