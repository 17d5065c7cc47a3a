"""Values of a parameter: numbers, arrays, or promises: learned, predicted, from the
context.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowspec.diagnostics.records import Record, record
from flowspec.support.support import REAL, Interval


@record
class Nonzero(Record):
    """Every number but zero. A trained value stays on the side of zero it starts on."""

    def branch(self, value: float) -> Interval:
        """The side of zero on which a value lies."""
        return Interval(0.0) if value > 0 else Interval(high=0.0)

    def __contains__(self, value: float) -> bool:
        return value != 0 and math.isfinite(value)

    def contains(self, interval: Interval) -> bool:
        return 0.0 not in interval and not (interval.low < 0 < interval.high)

    @property
    def words(self) -> str:
        return "numbers other than 0"


Constraint = Interval | Nonzero
NONZERO = Nonzero()


def branch_of(constraint: Constraint, value: float) -> Interval:
    """The connected part of a constraint in which `value` lies: where training keeps it."""
    return constraint.branch(value) if isinstance(constraint, Nonzero) else constraint


@dataclass(frozen=True)
class Learn:
    """A value found from data, starting at `init`.

    low, high   bounds narrower than the field's own constraint
    trained     by gradients; else measured once from the training data
    spread      random starts, uniform within `init` +- `spread`: of the weights of
                networks
    """

    init: float | np.ndarray = 0.0
    low: float = -math.inf
    high: float = math.inf
    trained: bool = True
    spread: float = 0.0

    def start(self, path: str, seed: int = 0) -> np.ndarray:
        """The start of a training: what is random in it depends on the seed and the path
        alone.
        """
        init = np.asarray(self.init, np.float64)
        if not self.spread:
            return init
        bits = np.random.Philox(key=philox_key(seed, zlib.crc32(path.encode())))
        uniform = (bits.random_raw(init.size) >> 11) * 2.0**-53
        return init + self.spread * (2.0 * uniform.reshape(init.shape) - 1.0)


def philox_key(seed: int, purpose: int) -> np.ndarray:
    """The key of numpy's generator for a seed of 64 bits with its sign.

    A list would go through float64, where many seeds become one.
    """
    return np.array([seed % 2**64, purpose], np.uint64)


@record
class Predicted(Record):
    """A value that a network gives, anew for each row.

    start    what it gives where its output is 0
    offset   what is added to the output
    steps    what takes the sum into the constraint: transforms
    """

    start: Learn
    offset: float = 0.0
    steps: tuple[Any, ...] = ()


@record
class FromContext(Record):
    """The value of a context variable: one number for each row, or a vector of `size`."""

    index: int
    name: str
    support: Interval
    size: int | None = None

    def rows(self, context: Any) -> Any:
        """Its rows of a context (C, N): (N,), or (size, N)."""
        return context[self.index if self.size is None else self._places]

    @property
    def _places(self) -> slice:
        return slice(self.index, self.index + (self.size or 1))


@record
class WholeContext(Record):
    """All context variables together, (C, N): what a network takes."""

    size: int


Value = Any
"""In a checked flow float | np.ndarray | Learn | FromContext | Predicted | WholeContext.

Once bound, the interpreter's arrays.
"""


def value_range(value: Value, within: Constraint = REAL) -> Interval:
    """All values that a parameter can take: before training, for any row."""
    if isinstance(value, Learn):
        init = np.asarray(value.init, float)
        side = branch_of(within, float(init.flat[0]))
        low, high = max(value.low, side.low), min(value.high, side.high)
        return Interval(
            low, high, low == side.low and side.closed_low, high == side.high and side.closed_high
        )
    if isinstance(value, Predicted):
        return value_range(value.start, within)
    if isinstance(value, FromContext):
        return value.support
    flat = np.asarray(value, float)
    return Interval(float(flat.min()), float(flat.max()), True, True)


def value_ranges(value: Value, count: int, within: Constraint = REAL) -> list[Interval]:
    """The range of a parameter for each of `count` coordinates."""
    if varies(value):
        return [value_range(value, within)] * count
    return [value_range(entry) for entry in np.broadcast_to(np.asarray(value, float), (count,))]


def shape_of(value: Value) -> tuple[int, ...]:
    """The shape of a value as it is written."""
    if isinstance(value, FromContext):
        return () if value.size is None else (value.size,)
    written: Any = getattr(value, "init", value)
    return np.shape(written)


def varies(value: Value) -> bool:
    """True if the value is unknown until the flow is trained or called."""
    return isinstance(value, Learn | FromContext | Predicted | WholeContext)
