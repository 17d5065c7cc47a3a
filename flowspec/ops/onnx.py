"""The vocabulary as an ONNX graph: formulas are recorded, not run. No torch needed.

What involves no data (numbers, numpy arrays: the parameters) is worked out at once, in float64; it
becomes a constant of the graph where it meets data, in the graph's float type.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from flowspec.ops import onnx_kernels as kernels
from flowspec.ops.numpy import REFERENCE
from flowspec.ops.onnx_graph import BATCH, Recorded, Recorder, Shape, broadcast, shape_of
from flowspec.ops.vocabulary import Array, Ops

__all__ = ["BATCH", "OnnxOps", "Recorded"]


def _holds_data(values) -> bool:
    """Is a recorded value among them, or in a list among them?"""
    return any(
        isinstance(x, Recorded) or (isinstance(x, list | tuple) and _holds_data(x)) for x in values
    )


def _of_data(method):
    """Record where data is involved; else let the reference work it out at once."""

    @wraps(method)
    def chosen(self, *values):
        return (
            method(self, *values)
            if _holds_data(values)
            else getattr(REFERENCE, method.__name__)(*values)
        )

    return chosen


def _unary(name: str, record):
    """A function of one value: `record` is an operator of ONNX, or a kernel."""

    def method(self, x):
        return self.node(record, x) if isinstance(record, str) else record(self, x)

    method.__name__ = name
    return _of_data(method)


class OnnxOps(Recorder, Ops):
    """Records formulas into `graph`.

    Declare inputs with `input`, turn them with `transpose`, run formulas on them, declare outputs.
    """

    # Written out, a stage is two to three times as fast; a loop is small, whatever the number of coordinates.
    most_unrolled = 64

    def constant(self, value: np.ndarray) -> Array:
        return np.asarray(value, np.float64)

    # --- elementwise ----------------------------------------------------------------------------

    exp = _unary("exp", "Exp")
    log = _unary("log", "Log")
    sqrt = _unary("sqrt", "Sqrt")
    abs = _unary("abs", "Abs")
    sign = _unary("sign", "Sign")
    floor = _unary("floor", "Floor")
    sin = _unary("sin", "Sin")
    tanh = _unary("tanh", "Tanh")
    log1p = _unary("log1p", kernels.log1p)
    expm1 = _unary("expm1", kernels.expm1)
    cos = _unary("cos", kernels.cos)
    asin = _unary("asin", kernels.asin)
    acos = _unary("acos", kernels.acos)
    atan = _unary("atan", kernels.atan)
    sinh = _unary("sinh", kernels.sinh)
    asinh = _unary("asinh", kernels.asinh)
    atanh = _unary("atanh", kernels.atanh)
    sigmoid = _unary("sigmoid", kernels.sigmoid)
    softplus = _unary("softplus", kernels.softplus)
    relu = _unary("relu", "Relu")
    elu = _unary("elu", kernels.elu)
    gelu = _unary("gelu", kernels.gelu)
    lgamma = _of_data(Ops.lgamma)
    erfc = _of_data(Ops.erfc)
    normal_quantile = _of_data(Ops.normal_quantile)

    @_of_data
    def isinf(self, x: Array) -> Array:
        return self.node("IsInf", x, dtype=bool)

    @_of_data
    def power(self, x: Array, exponent: Array) -> Array:
        return self.node("Pow", x, exponent)

    @_of_data
    def maximum(self, a: Array, b: Array) -> Array:
        return kernels.maximum(self, a, b)

    @_of_data
    def minimum(self, a: Array, b: Array) -> Array:
        return kernels.minimum(self, a, b)

    @_of_data
    def clip(self, x: Array, low: Array, high: Array) -> Array:
        if not isinstance(x, Recorded) or _holds_data((low, high)) or np.ndim(low) or np.ndim(high):
            return super().clip(x, low, high)
        ends = [self.fixed(np.array(end, x.dtype)) for end in (low, high)]
        return self.raw("Clip", [x, *ends], x.shape, x.dtype)

    @_of_data
    def where(self, condition: Array, a: Array, b: Array) -> Array:
        dtype = next((x.dtype for x in (a, b) if isinstance(x, Recorded)), self.dtype)
        rank = max(len(shape_of(x)) for x in (condition, a, b))
        pairs = ((condition, bool), (a, dtype), (b, dtype))
        operands = [
            x if isinstance(x, Recorded) else self.operand(x, kind, rank) for x, kind in pairs
        ]
        return self.raw("Where", operands, broadcast(*(x.shape for x in operands)), dtype)

    # --- along the first axis -------------------------------------------------------------------

    def _reduced(self, op: str, x: Recorded) -> Recorded:
        return self.raw(op, [x, self.whole_constant(0)], x.shape[1:], x.dtype, keepdims=0)

    @_of_data
    def sum(self, x: Array) -> Array:
        return x[0] if x.shape[0] == 1 else self._reduced("ReduceSum", x)

    @_of_data
    def cumsum(self, x: Array) -> Array:
        return self.raw("CumSum", [x, self.fixed(np.array(0, np.int64))], x.shape, x.dtype)

    @_of_data
    def logsumexp(self, x: Array) -> Array:
        # ReduceLogSumExp takes twice as long in onnxruntime 1.32.
        top = self._reduced("ReduceMax", x)
        # Where every entry is -inf, or one is inf, x - top would be NaN.
        largest = float(np.finfo(x.dtype).max)
        return self.log(self.sum(self.exp(x - self.clip(top, -largest, largest)))) + top

    @_of_data
    def any(self, condition: Array) -> Array:
        if condition.shape[0] == 1:
            return condition[0]
        return self.cast(self._reduced("ReduceMax", self.cast(condition, np.int32)), bool)

    @_of_data
    def concat(self, parts: Sequence[Array]) -> Array:
        like = _longest(parts)
        values = [self.with_batch(part, like) for part in parts]
        first = sum(value.shape[0] for value in values)
        return self.raw("Concat", values, (first, *values[0].shape[1:]), like.dtype, axis=0)

    @_of_data
    def stack(self, parts: Sequence[Array]) -> Array:
        shape = broadcast(*map(shape_of, parts))
        return self.concat([self._spread(part, shape)[None] for part in parts])

    def _spread(self, part, shape: Shape) -> Recorded:
        """A value in a larger shape, except for its batch."""
        whole: tuple = (*shape[:-1], 1)
        if not isinstance(part, Recorded):
            return self.fixed(
                np.broadcast_to(
                    np.asarray(part, self.dtype), np.broadcast_shapes(whole, np.shape(part))
                )
            )
        return (
            part
            if broadcast(part.shape, whole) == part.shape
            else self.node("Add", part, np.zeros(whole))
        )

    @_of_data
    def take(self, x: Array, indices: Sequence[int]) -> Array:
        if list(indices) == list(range(x.shape[0])):
            return x
        return self.raw(
            "Gather",
            [x, self.whole_constant(*indices)],
            (len(indices), *x.shape[1:]),
            x.dtype,
            axis=0,
        )

    @_of_data
    def take_along(self, x: Array, index: Array) -> Array:
        if not isinstance(x, Recorded):
            return self._take_fixed(np.asarray(x), index)
        shape = broadcast(x.shape[1:], index.shape)
        x, index = self.with_batch(x, index), self._spread(index, shape)[None]
        return self.raw("GatherElements", [x, index], (1, *shape), x.dtype, axis=0)[0]

    def _take_fixed(self, table: np.ndarray, index: Recorded) -> Recorded:
        """Rows of a constant table (K, ..., 1): one Gather from the table laid out flat."""
        event = table.shape[1:-1]
        size = int(np.prod(event))
        while len(index.shape) < len(event) + 1:
            index = index[None]
        place = (
            index * self.whole(size) + self.whole(np.arange(size).reshape(*event, 1))
            if size > 1
            else index
        )
        flat = self.fixed(table.reshape(-1).astype(self.dtype))
        return self.raw("Gather", [flat, place], place.shape, self.dtype, axis=0)

    @_of_data
    def unflatten(self, x: Array, sizes: tuple[int, ...]) -> Array:
        target = self.whole_constant(*sizes, *x.shape[1:-1], -1)
        return self.raw("Reshape", [x, target], (*sizes, *x.shape[1:]), x.dtype)

    @_of_data
    def flatten(self, x: Array) -> Array:
        size = x.shape[0] * x.shape[1]
        return self.raw(
            "Reshape",
            [x, self.whole_constant(size, *x.shape[2:-1], -1)],
            (size, *x.shape[2:]),
            x.dtype,
        )

    @_of_data
    def exchange(self, x: Array) -> Array:
        axes = [1, 0, *range(2, len(x.shape))]
        return self.raw("Transpose", [x], tuple(x.shape[axis] for axis in axes), x.dtype, perm=axes)

    @_of_data
    def matmul(self, matrix: Array, x: Array) -> Array:
        rank = max(len(shape_of(matrix)), len(shape_of(x)))
        left, right = (
            x if isinstance(x, Recorded) else self.operand(x, self.dtype, rank) for x in (matrix, x)
        )
        stack = broadcast(left.shape[:-2], right.shape[:-2])
        return self.raw(
            "MatMul", [left, right], (*stack, left.shape[-2], right.shape[-1]), self.dtype
        )

    @_of_data
    def combine(self, matrix: Array, x: Array) -> Array:
        if len(x.shape) == 2:
            return self.matmul(matrix, x)
        flat = self.raw(
            "Reshape", [x, self.whole_constant(x.shape[0], -1)], (x.shape[0], BATCH), x.dtype
        )
        mixed = self.matmul(matrix, flat)
        return self.raw(
            "Reshape",
            [mixed, self.whole_constant(mixed.shape[0], *x.shape[1:-1], -1)],
            (mixed.shape[0], *x.shape[1:]),
            x.dtype,
        )

    @_of_data
    def linear(self, weight: Array, x: Array, bias: Array) -> Array:
        if len(shape_of(x)) > 2 or not isinstance(x, Recorded):
            return self.matmul(weight, x) + bias
        # One node, which onnxruntime fuses with the activation behind it.
        left, right = (
            each if isinstance(each, Recorded) else self.operand(each, self.dtype, 2)
            for each in (weight, bias)
        )
        return self.raw("Gemm", [left, x, right], (left.shape[0], x.shape[1]), self.dtype)

    def solve(self, matrix: Array, x: Array) -> Array:
        return self.matmul(np.linalg.inv(np.asarray(matrix)), x)

    def log_abs_det(self, matrix: Array) -> Array:
        return REFERENCE.log_abs_det(matrix)

    def pick(self, rows: Array, step: Array) -> Array:
        if not isinstance(step, Recorded):
            return rows[int(step)]
        table = rows if isinstance(rows, Recorded) else self.fixed(np.asarray(rows, self.dtype))
        return self.raw(
            "Gather", [table, self.cast(step, np.int64)], table.shape[1:], table.dtype, axis=0
        )

    def loop(self, count: int, body: Callable[..., Sequence], *state) -> tuple[Recorded, ...]:
        # What involves no data is worked out at once, as everywhere.
        return (
            super().loop(count, body, *state)
            if _holds_data(state)
            else Ops.loop(self, count, body, *state)
        )

    # --- truth values, whole numbers ------------------------------------------------------------

    @_of_data
    def number(self, condition: Array) -> Array:
        return self.cast(condition, self.dtype)

    @_of_data
    def to_index(self, x: Array) -> Array:
        return self.cast(x, np.int64)

    def log_gamma_gradient(self, concentration: Array, log_x: Array) -> Array:
        return log_x

    def whole(self, value: Any) -> Array:
        return np.asarray(value, np.int64)

    @_of_data
    def low_word(self, x: Array) -> Array:
        # A Cast to uint32 and back would do nothing in onnxruntime up to 1.16, which removes such pairs.
        return self.node("BitwiseAnd", x, 0xFFFFFFFF)

    @_of_data
    def high_word(self, x: Array) -> Array:
        # BitShift takes unsigned numbers only.
        unsigned = self.cast(x, np.uint64)
        return self.cast(self.node("BitShift", unsigned, 32, direction="RIGHT"), np.int64)

    @_of_data
    def xor(self, a: Array, b: Array) -> Array:
        return self.node("BitwiseXor", a, b)

    @_of_data
    def to_float(self, x: Array) -> Array:
        return self.cast(x, self.dtype)


def _longest(parts) -> Recorded:
    """The part whose batch the others are repeated to."""
    data = [part for part in parts if isinstance(part, Recorded)]
    return next(
        (part for part in data if part.shape[-1] is BATCH),
        max(data, key=lambda part: part.shape[-1] or 0),
    )
