"""Values that formulas compute with while they are written down."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from flowspec.ops.tape.tape import BATCH, Entry, Shape, broadcast, indexed

BOOL = np.dtype(bool)


class Recorder(Protocol):
    """The interpreter that writes down an operation on recorded values."""

    def record(
        self, op: str, operands: Sequence[Any], shape: Shape, dtype: np.dtype[Any]
    ) -> Recorded:
        """Write down an operation whose result shape and type are given."""

    def elementwise(self, op: str, *values: Any, dtype: np.dtype[Any] | None = None) -> Recorded:
        """Write down an elementwise operation."""


class Recorded:
    """A value that a formula computes with: the entry that gives it."""

    __array_ufunc__ = None  # numpy arrays on the left leave the arithmetic to this class
    __slots__ = ("entry", "ops")

    def __init__(self, ops: Recorder, entry: Entry):
        self.ops = ops
        self.entry = entry

    @property
    def shape(self) -> Shape:
        return self.entry.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.entry.dtype

    def __bool__(self) -> bool:
        raise TypeError(
            "a recorded value has no truth value: a Python `if` on data would "
            "freeze one branch into the graph; "
            "write ops.where(condition, a, b)"
        )

    def __neg__(self) -> Recorded:
        return self.ops.elementwise("negative", self)

    def __add__(self, other: Any) -> Recorded:
        return self.ops.elementwise("add", self, other)

    def __sub__(self, other: Any) -> Recorded:
        return self.ops.elementwise("subtract", self, other)

    def __rsub__(self, other: Any) -> Recorded:
        return self.ops.elementwise("subtract", other, self)

    def __mul__(self, other: Any) -> Recorded:
        return self.ops.elementwise("multiply", self, other)

    # Data first: so x + 1 and 1 + x are the same.
    __radd__ = __add__
    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Recorded:
        return self.ops.elementwise("divide", self, other)

    def __rtruediv__(self, other: Any) -> Recorded:
        return self.ops.elementwise("divide", other, self)

    def __lt__(self, other: Any) -> Recorded:
        return self.ops.elementwise("less", self, other, dtype=BOOL)

    def __le__(self, other: Any) -> Recorded:
        return self.ops.elementwise("less_equal", self, other, dtype=BOOL)

    def __gt__(self, other: Any) -> Recorded:
        return self.ops.elementwise("greater", self, other, dtype=BOOL)

    def __ge__(self, other: Any) -> Recorded:
        return self.ops.elementwise("greater_equal", self, other, dtype=BOOL)

    def __and__(self, other: Any) -> Recorded:
        return self.ops.elementwise("logical_and", self, other)

    def __or__(self, other: Any) -> Recorded:
        return self.ops.elementwise("logical_or", self, other)

    __rand__ = __and__
    __ror__ = __or__

    def __invert__(self) -> Recorded:
        return self.ops.elementwise("logical_not", self)

    def __getitem__(self, index: Any) -> Recorded:
        items = tuple(
            item if item is None or isinstance(item, slice) else operator.index(item)
            for item in (index if isinstance(index, tuple) else (index,))
        )
        return self.ops.record(
            "getitem", (self, items), indexed(self.entry.shape, items), self.entry.dtype
        )


def holds_data(values: Any) -> bool:
    """True if a recorded value is among them, or in a list among them."""
    for x in values:
        if isinstance(x, Recorded) or (isinstance(x, list | tuple) and holds_data(x)):
            return True
    return False


def shape_of(x: Any) -> Shape:
    """The shape of a recorded value, an array or a number."""
    return x.entry.shape if isinstance(x, Recorded) else np.shape(x)


def longest(parts: Sequence[Any]) -> Any:
    """The part whose batch the others are repeated to."""
    data = [part for part in parts if hasattr(part, "shape") and not isinstance(part, np.ndarray)]
    return next(
        (part for part in data if part.shape[-1] is BATCH),
        max(data, key=lambda part: part.shape[-1] or 0),
    )


def product(matrix: Any, x: Any) -> Shape:
    """The shape of a matrix product, or of each of a stack."""
    left, right = shape_of(matrix), shape_of(x)
    return (*broadcast(left[:-2], right[:-2]), left[-2], right[-1])
