"""A tape as an ONNX graph: each operation that `spelling` leaves, as the operators of
ONNX.

The writer is an interpreter that `replay` runs a tape with: one method for each
operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from flowspec.ops.onnx.graph import Graph, Written, name_of, shape_of
from flowspec.ops.onnx.spellings import COMMON
from flowspec.ops.tape.recorded import longest
from flowspec.ops.tape.replay import replay
from flowspec.ops.tape.spelling import Dialect, spelt
from flowspec.ops.tape.tape import BATCH, Shape, Tape, broadcast


def write(
    tape: Tape,
    name: str,
    opset: int = 18,
    batch: str | int = "N",
    dialect: Dialect = COMMON,
) -> Graph:
    """The graph of a tape.

    `batch`: the name of the dynamic batch dimension, or its fixed length.
    """
    tape = spelt(tape, dialect)
    writer = Writer(name, tape.dtype, opset, batch)
    inputs = {
        name: writer.input(name, entry.shape, entry.dtype, tape.docs[name])
        for name, entry in tape.inputs.items()
    }
    for name, value in replay(tape, writer, inputs).items():
        writer.output(name, value, tape.docs[name])
    return writer


def _operator(op: str, dtype: DTypeLike | None = None) -> Any:
    """An elementwise operator of ONNX."""

    def method(self: Writer, *values: Any) -> Written:
        return self.node(op, *values, dtype=dtype)

    return method


class Writer(Graph):
    """Writes operations as nodes."""

    def constant(self, value: NDArray[Any]) -> NDArray[Any]:
        return value

    def whole(self, value: NDArray[Any]) -> NDArray[Any]:
        return value

    # --- elementwise --------------------------------------------------------------------------

    add = _operator("Add")
    subtract = _operator("Sub")
    multiply = _operator("Mul")
    negative = _operator("Neg")
    less = _operator("Less", bool)
    less_equal = _operator("LessOrEqual", bool)
    equal = _operator("Equal", bool)
    greater = _operator("Greater", bool)
    greater_equal = _operator("GreaterOrEqual", bool)
    logical_and = _operator("And")
    logical_or = _operator("Or")
    logical_not = _operator("Not")
    exp = _operator("Exp")
    log = _operator("Log")
    sqrt = _operator("Sqrt")
    abs = _operator("Abs")
    sign = _operator("Sign")
    floor = _operator("Floor")
    sin = _operator("Sin")
    cos = _operator("Cos")
    asin = _operator("Asin")
    acos = _operator("Acos")
    atan = _operator("Atan")
    sinh = _operator("Sinh")
    asinh = _operator("Asinh")
    tanh = _operator("Tanh")
    atanh = _operator("Atanh")
    erf = _operator("Erf")
    softplus = _operator("Softplus")
    relu = _operator("Relu")
    elu = _operator("Elu")
    isinf = _operator("IsInf", bool)
    power = _operator("Pow")
    maximum = _operator("Max")
    minimum = _operator("Min")
    xor = _operator("BitwiseXor")

    def divide(self, a: Any, b: Any) -> Written:
        one = isinstance(a, int | float) and a == 1
        return self.node("Reciprocal", b) if one else self.node("Div", a, b)

    def clip(self, x: Written, low: float, high: float) -> Written:
        ends = [self.fixed(np.array(end, x.dtype)) for end in (low, high)]
        return self.raw("Clip", [x, *ends], x.shape, x.dtype)

    def where(self, condition: Any, a: Any, b: Any) -> Written:
        dtype = next((x.dtype for x in (a, b) if isinstance(x, Written)), self.dtype)
        rank = max(len(shape_of(x)) for x in (condition, a, b))
        pairs = ((condition, bool), (a, dtype), (b, dtype))
        operands = [self.operand(x, kind, rank) for x, kind in pairs]
        return self.raw("Where", operands, broadcast(*(x.shape for x in operands)), dtype)

    # --- indexing -----------------------------------------------------------------------------

    def getitem(self, x: Written, items: tuple[Any, ...]) -> Written:
        axis = 0
        for item in items:
            if item is None:
                x, axis = self._unsqueezed(x, axis), axis + 1
            elif isinstance(item, slice):
                x, axis = self._sliced(x, item, axis), axis + 1
            else:
                x = self._picked(x, item, axis)
        return x

    def _unsqueezed(self, x: Written, axis: int) -> Written:
        shape = (*x.shape[:axis], 1, *x.shape[axis:])
        return self.raw("Unsqueeze", [x, self.whole_constant(axis)], shape, x.dtype)

    def _sliced(self, x: Written, item: slice, axis: int) -> Written:
        size = x.shape[axis]
        if item == slice(None) or size is None:
            return x
        rows = range(size)[item]
        if rows == range(size):
            return x
        shape = (*x.shape[:axis], len(rows), *x.shape[axis + 1 :])
        if rows.step < 0:
            # The end of a Slice that runs down to row 0 could only be written with a very negative
            # number.
            return self.raw("Gather", [x, self.whole_constant(*rows)], shape, x.dtype, axis=axis)
        bounds = [
            self.whole_constant(number) for number in (rows.start, rows.stop, axis, rows.step)
        ]
        return self.raw("Slice", [x, *bounds], shape, x.dtype)

    def _picked(self, x: Written, row: int, axis: int) -> Written:
        shape = (*x.shape[:axis], *x.shape[axis + 1 :])
        if x.shape[axis] == 1:
            # Squeeze copies nothing.
            return self.raw("Squeeze", [x, self.whole_constant(axis)], shape, x.dtype)
        place = self.fixed(np.array(range(x.shape[axis] or 0)[row], np.int64))
        return self.raw("Gather", [x, place], shape, x.dtype, axis=axis)

    # --- along the first axis -----------------------------------------------------------------

    def _reduced(self, op: str, x: Written) -> Written:
        return self.raw(op, [x, self.whole_constant(0)], x.shape[1:], x.dtype, keepdims=0)

    def sum_kept(self, x: Written) -> Written:
        """Sum along the first axis, which stays with length 1."""
        shape = (1, *x.shape[1:])
        return self.raw("ReduceSum", [x, self.whole_constant(0)], shape, x.dtype, keepdims=1)

    def sum(self, x: Written) -> Written:
        return self._reduced("ReduceSum", x)

    def max(self, x: Written) -> Written:
        return self._reduced("ReduceMax", x)

    def cumsum(self, x: Written) -> Written:
        return self.raw("CumSum", [x, self.fixed(np.array(0, np.int64))], x.shape, x.dtype)

    def any(self, condition: Written) -> Written:
        return self.cast(self._reduced("ReduceMax", self.cast(condition, np.int32)), bool)

    def concat(self, parts: Sequence[Any]) -> Written:
        like = longest(parts)
        values = [self.with_batch(part, like) for part in parts]
        first = sum(value.shape[0] or 0 for value in values)
        return self.raw("Concat", values, (first, *values[0].shape[1:]), like.dtype, axis=0)

    def stack(self, parts: Sequence[Any]) -> Written:
        shape = broadcast(*map(shape_of, parts))
        return self.concat([self._unsqueezed(self._spread(part, shape), 0) for part in parts])

    def _spread(self, part: Any, shape: Shape) -> Written:
        """A value in a larger shape, except for its batch."""
        whole = tuple([size or 1 for size in shape[:-1]] + [1])
        if not isinstance(part, Written):
            array = np.asarray(part, self.dtype)
            return self.fixed(np.broadcast_to(array, np.broadcast_shapes(whole, np.shape(part))))
        same = broadcast(part.shape, whole) == part.shape
        return part if same else self.node("Add", part, np.zeros(whole))

    def take(self, x: Written, rows: tuple[int, ...]) -> Written:
        shape = (len(rows), *x.shape[1:])
        return self.raw("Gather", [x, self.whole_constant(*rows)], shape, x.dtype, axis=0)

    def take_along(self, x: Any, index: Written) -> Written:
        if not isinstance(x, Written):
            return self._take_fixed(np.asarray(x), index)
        shape = broadcast(x.shape[1:], index.shape)
        x, index = self.with_batch(x, index), self._unsqueezed(self._spread(index, shape), 0)
        rows = self.raw("GatherElements", [x, index], (1, *shape), x.dtype, axis=0)
        return self._picked(rows, 0, 0)

    def _take_fixed(self, table: NDArray[Any], index: Written) -> Written:
        """Rows of a constant table (K, ..., 1): one Gather from the table laid out flat."""
        event = table.shape[1:-1]
        size = int(np.prod(event))
        while len(index.shape) < len(event) + 1:
            index = self._unsqueezed(index, 0)
        if size > 1:
            rest = np.arange(size).reshape(*event, 1)
            index = self.node("Add", self.node("Mul", index, np.array(size)), rest)
        flat = self.fixed(table.reshape(-1).astype(self.dtype), name_of(table))
        return self.raw("Gather", [flat, index], index.shape, self.dtype, axis=0)

    def pick(self, rows: Any, step: Written) -> Written:
        if not isinstance(rows, Written):
            rows = self.fixed(np.asarray(rows, self.dtype), name_of(rows))
        place = self.cast(step, np.int64)
        return self.raw("Gather", [rows, place], rows.shape[1:], rows.dtype, axis=0)

    # --- shapes -------------------------------------------------------------------------------

    def _reshaped(self, x: Written, *shape: int | None) -> Written:
        """In another shape, in which the batch is told from the other sizes."""
        target = self.whole_constant(*(-1 if size is BATCH else size for size in shape))
        return self.raw("Reshape", [x, target], shape, x.dtype)

    def unflatten(self, x: Written, sizes: tuple[int, ...]) -> Written:
        return self._reshaped(x, *sizes, *x.shape[1:])

    def flatten(self, x: Written) -> Written:
        return self._reshaped(x, (x.shape[0] or 0) * (x.shape[1] or 0), *x.shape[2:])

    def exchange(self, x: Written) -> Written:
        return self._turned(x, [1, 0, *range(2, len(x.shape))])

    def transpose(self, x: Written) -> Written:
        return self._turned(x, [1, 0])

    def turn(self, x: Written) -> Written:
        rank = len(x.shape)
        return self._turned(x, [*range(rank - 2), rank - 1, rank - 2])

    def _turned(self, x: Written, axes: list[int]) -> Written:
        shape = tuple(x.shape[axis] for axis in axes)
        return self.raw("Transpose", [x], shape, x.dtype, perm=axes)

    def arange(self, count: Any) -> Written:
        if not isinstance(count, Written):
            return Written(self.fixed(np.arange(count)).value, (BATCH,), np.int64)
        zero, one = self.fixed(np.array(0, np.int64)), self.fixed(np.array(1, np.int64))
        return self.raw("Range", [zero, count, one], (BATCH,), np.int64)

    def batch_length(self, x: Written) -> Written:
        return self._picked(self.rows(x), 0, 0)

    # --- matrices -----------------------------------------------------------------------------

    def matmul(self, matrix: Any, x: Any) -> Written:
        rank = max(len(shape_of(matrix)), len(shape_of(x)))
        left, right = (self.operand(value, self.dtype, rank) for value in (matrix, x))
        stack = broadcast(left.shape[:-2], right.shape[:-2])
        shape = (*stack, left.shape[-2], right.shape[-1])
        return self.raw("MatMul", [left, right], shape, self.dtype)

    def combine(self, matrix: Any, x: Written) -> Written:
        if len(x.shape) == 2:
            return self.matmul(matrix, x)
        mixed = self.matmul(matrix, self._reshaped(x, x.shape[0], BATCH))
        return self._reshaped(mixed, mixed.shape[0], *x.shape[1:])

    def linear(self, weight: Any, x: Written, bias: Any) -> Written:
        left, right = (self.operand(value, self.dtype, 2) for value in (weight, bias))
        return self.raw("Gemm", [left, x, right], (left.shape[0], x.shape[1]), self.dtype)

    # --- truth values, whole numbers ----------------------------------------------------------

    def number(self, condition: Written) -> Written:
        return self.cast(condition, self.dtype)

    def to_index(self, x: Written) -> Written:
        return self.cast(x, np.int64)

    def to_float(self, x: Written) -> Written:
        return self.cast(x, self.dtype)

    def low_word(self, x: Written) -> Written:
        # A Cast to uint32 and back would do nothing in onnxruntime up to 1.16, which removes such
        # pairs.
        return self.node("BitwiseAnd", x, 0xFFFFFFFF)

    def high_word(self, x: Written) -> Written:
        # BitShift takes unsigned numbers only.
        unsigned = self.cast(x, np.uint64)
        return self.cast(self.node("BitShift", unsigned, 32, direction="RIGHT"), np.int64)

    def low_bits(self, x: Written, count: int) -> Written:
        return self.node("BitwiseAnd", x, (1 << count) - 1)

    def without_bits(self, x: Written, count: int) -> Written:
        return self.node("Div", x, 1 << count)
