"""The vocabulary as an ONNX graph: formulas are recorded, not run. No torch needed.

What involves no data (numbers, numpy arrays: the parameters) is worked out at once, in float64; it
becomes a constant of the graph where it meets data, in the graph's float type. The same node is
never recorded twice, so a formula may compute a thing again at no cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import onnx_ir as ir

from flowspec.ops import onnx_kernels as kernels
from flowspec.ops.numpy import REFERENCE
from flowspec.ops.vocabulary import Ops

BATCH = None
"""The one dimension whose length is not known, in a recorded shape."""

Shape = tuple[int | None, ...]


class Recorded:
    """A value of the graph: its static shape (the batch is None) and its type."""

    __array_ufunc__ = None  # numpy arrays on the left leave the arithmetic to this class
    __slots__ = ("dtype", "ops", "shape", "value")

    def __init__(self, ops: OnnxOps, value: ir.Value, shape: Shape, dtype: np.dtype):
        self.ops = ops
        self.value = value
        self.shape = shape
        self.dtype = np.dtype(dtype)

    def __bool__(self) -> bool:
        raise TypeError(
            "a recorded value has no truth value: a Python `if` on data would freeze one branch into the graph; "
            "write ops.where(condition, a, b)"
        )

    def __add__(self, other):
        return self if _is(other, 0) else self.ops.node("Add", self, other)

    def __radd__(self, other):
        return self if _is(other, 0) else self.ops.node("Add", other, self)

    def __sub__(self, other):
        return self if _is(other, 0) else self.ops.node("Sub", self, other)

    def __rsub__(self, other):
        return -self if _is(other, 0) else self.ops.node("Sub", other, self)

    def __mul__(self, other):
        return self if _is(other, 1) else -self if _is(other, -1) else self.ops.node("Mul", self, other)

    def __rmul__(self, other):
        return self if _is(other, 1) else -self if _is(other, -1) else self.ops.node("Mul", other, self)

    def __truediv__(self, other):
        return self if _is(other, 1) else self.ops.node("Div", self, other)

    def __rtruediv__(self, other):
        return self.ops.node("Reciprocal", self) if _is(other, 1) else self.ops.node("Div", other, self)

    def __neg__(self):
        return self.ops.node("Neg", self)

    def __lt__(self, other):
        return self.ops.node("Less", self, other, dtype=bool)

    def __le__(self, other):
        return self.ops.node("LessOrEqual", self, other, dtype=bool)

    def __gt__(self, other):
        return self.ops.node("Greater", self, other, dtype=bool)

    def __ge__(self, other):
        return self.ops.node("GreaterOrEqual", self, other, dtype=bool)

    def __and__(self, other):
        return self.ops.node("And", self, other, dtype=bool)

    def __or__(self, other):
        return self.ops.node("Or", self, other, dtype=bool)

    def __invert__(self):
        return self.ops.node("Not", self, dtype=bool)

    def __getitem__(self, index):
        return self.ops.index(self, index if isinstance(index, tuple) else (index,))


def _is(value, number: float) -> bool:
    return isinstance(value, int | float) and value == number


def _recorded(*values) -> bool:
    return any(isinstance(value, Recorded) for value in values)


def broadcast(*shapes: Shape) -> Shape:
    """The shape of an elementwise result; the batch wins over a constant's 1."""
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    return tuple(_dimension(sizes) for sizes in zip(*padded, strict=True))


def _dimension(sizes: tuple[int | None, ...]) -> int | None:
    if BATCH in sizes:
        return BATCH
    large = {size for size in sizes if size != 1}
    if len(large) > 1:
        raise ValueError(f"shapes do not broadcast: {sizes}")
    return large.pop() if large else 1


class OnnxOps(Ops):
    """Records formulas into `graph`.

    dtype   float type of the data
    opset   version of the operators (18 and later)
    batch   name of the dynamic batch dimension, or its fixed length
    """

    def __init__(self, name: str, dtype=np.float32, opset: int = 18, batch: str | int = "N"):
        self.dtype = np.dtype(dtype)
        self.opset = opset
        self.batch = batch
        self.graph = ir.Graph([], [], nodes=[], opset_imports={"": opset}, name=name)
        self._constants: dict[tuple, ir.Value] = {}
        self._nodes: dict[tuple, ir.Value] = {}
        self._counts: dict[str, int] = {}
        self._scope = ""

    # --- the graph ----------------------------------------------------------------------------------

    def input(self, name: str, shape: Sequence[int | None], dtype, doc: str = "", default=None) -> Recorded:
        """Declare an input. `default` makes it optional, where the runtime honours initializers of inputs."""
        value = ir.Value(name=name, shape=self._ir_shape(shape), type=ir.TensorType(_ir_type(dtype)), doc_string=doc)
        self.graph.inputs.append(value)
        if default is not None:
            value.const_value = ir.tensor(np.asarray(default, dtype), name=name)
            self.graph.register_initializer(value)
        return Recorded(self, value, tuple(shape), dtype)

    def output(self, name: str, recorded: Recorded, doc: str = "") -> None:
        """Declare a recorded value as an output under this name."""
        found = recorded.value
        if found.producer() is None or found in self.graph.outputs:
            # An input or another output cannot be renamed.
            found = self._emit("Identity", [found], {})
        found.name = name
        found.shape, found.type = self._ir_shape(recorded.shape), ir.TensorType(_ir_type(recorded.dtype))
        found.doc_string = doc
        self.graph.outputs.append(found)

    def _ir_shape(self, shape: Sequence[int | None]) -> ir.Shape:
        return ir.Shape([self.batch if size is BATCH else size for size in shape])

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        outer, self._scope = self._scope, name
        try:
            yield
        finally:
            self._scope = outer

    def node(self, op: str, *inputs, dtype=None, shape: Shape | None = None, **attributes) -> Recorded:
        """Record an operator on values, numbers and arrays. Type and shape are those of an elementwise
        operator unless given."""
        data = [x for x in inputs if isinstance(x, Recorded)]
        rank = max([len(x.shape) for x in data] + [np.ndim(x) for x in inputs if not isinstance(x, Recorded)])
        operands = [x if isinstance(x, Recorded) else self._as_operand(x, data[0].dtype, rank) for x in inputs]
        shape = broadcast(*(x.shape for x in operands)) if shape is None else shape
        return self.raw(op, operands, shape, data[0].dtype if dtype is None else dtype, **attributes)

    def raw(self, op: str, operands: Sequence[Recorded], shape: Shape, dtype, **attributes) -> Recorded:
        """Record an operator whose operands, result shape and type are all given."""
        values = [operand.value for operand in operands]
        key = (op, *map(id, values), *sorted((name, str(value)) for name, value in attributes.items()))
        if key not in self._nodes:
            self._nodes[key] = self._emit(op, values, attributes)
        return Recorded(self, self._nodes[key], shape, dtype)

    def _emit(self, op: str, values: list[ir.Value], attributes: dict) -> ir.Value:
        path = f"{self._scope}/{op}" if self._scope else op
        self._counts[path] = self._counts.get(path, 0) + 1
        name = f"{path}_{self._counts[path]}"
        output = ir.Value(name=name)
        self.graph.append(ir.node(op, values, attributes, outputs=[output], name=name))
        return output

    def _as_operand(self, x, dtype, rank: int) -> Recorded:
        """A number or an array as a constant. A number gets the rank of its partner: kernels are much faster so."""
        array = np.asarray(x, dtype)
        return self.fixed(array.reshape((1,) * rank) if array.ndim == 0 else array)

    def fixed(self, array: np.ndarray) -> Recorded:
        """A constant of the graph; equal ones are shared."""
        array = np.asarray(array, order="C")
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            value = ir.Value(
                name=f"constant_{len(self._constants)}",
                shape=ir.Shape(array.shape),
                type=ir.TensorType(_ir_type(array.dtype)),
                const_value=ir.tensor(array),
            )
            self.graph.register_initializer(value)
            self._constants[key] = value
        return Recorded(self, self._constants[key], array.shape, array.dtype)

    def whole_constant(self, *values: int) -> Recorded:
        """A list of whole numbers, as the operators take axes, starts and sizes."""
        return self.fixed(np.array(values, np.int64))

    def transpose(self, x: Recorded) -> Recorded:
        """(N, D) to (D, N) and back; a vector stays as it is."""
        return x if len(x.shape) < 2 else self.raw("Transpose", [x], x.shape[::-1], x.dtype, perm=[1, 0])

    def cast(self, x: Recorded, dtype) -> Recorded:
        """In another type."""
        if np.dtype(dtype) == x.dtype:
            return x
        return self.raw("Cast", [x], x.shape, dtype, to=int(_ir_type(dtype)))

    def arange(self, count: Recorded) -> Recorded:
        """0, 1, ... (N,) up to a count that is data."""
        zero, one = self.fixed(np.array(0, np.int64)), self.fixed(np.array(1, np.int64))
        return self.raw("Range", [zero, count, one], (BATCH,), np.int64)

    def batch_length(self, x: Recorded) -> Recorded:
        """The length of the batch axis of a value, (1,)."""
        return self.raw("Shape", [x], (1,), np.int64, start=len(x.shape) - 1)

    def with_batch(self, x, like: Recorded) -> Recorded:
        """A value that is the same for every row, repeated for the rows of `like`; others pass."""
        x = x if isinstance(x, Recorded) else self.fixed(np.atleast_1d(np.asarray(x, self.dtype)))
        if x.shape[-1] is BATCH or x.shape[-1] == like.shape[-1]:
            return x
        return self.raw("Expand", [x, self.batch_length(like)], (*x.shape[:-1], like.shape[-1]), x.dtype)

    # --- the vocabulary: entering, elementwise ------------------------------------------------------------

    def constant(self, value):
        return np.asarray(value, np.float64)

    def _unary(self, name: str, x, record):
        return record(x) if isinstance(x, Recorded) else getattr(REFERENCE, name)(x)

    def exp(self, x):
        return self._unary("exp", x, lambda x: self.node("Exp", x))

    def log(self, x):
        return self._unary("log", x, lambda x: self.node("Log", x))

    def sqrt(self, x):
        return self._unary("sqrt", x, lambda x: self.node("Sqrt", x))

    def abs(self, x):
        return self._unary("abs", x, lambda x: self.node("Abs", x))

    def sign(self, x):
        return self._unary("sign", x, lambda x: self.node("Sign", x))

    def floor(self, x):
        return self._unary("floor", x, lambda x: self.node("Floor", x))

    def sin(self, x):
        return self._unary("sin", x, lambda x: self.node("Sin", x))

    def tanh(self, x):
        return self._unary("tanh", x, lambda x: self.node("Tanh", x))

    def log1p(self, x):
        return self._unary("log1p", x, lambda x: kernels.log1p(self, x))

    def expm1(self, x):
        return self._unary("expm1", x, lambda x: kernels.expm1(self, x))

    def cos(self, x):
        return self._unary("cos", x, lambda x: kernels.cos(self, x))

    def asin(self, x):
        return self._unary("asin", x, lambda x: kernels.asin(self, x))

    def acos(self, x):
        return self._unary("acos", x, lambda x: kernels.acos(self, x))

    def atan(self, x):
        return self._unary("atan", x, lambda x: kernels.atan(self, x))

    def sinh(self, x):
        return self._unary("sinh", x, lambda x: kernels.sinh(self, x))

    def asinh(self, x):
        return self._unary("asinh", x, lambda x: kernels.asinh(self, x))

    def atanh(self, x):
        return self._unary("atanh", x, lambda x: kernels.atanh(self, x))

    def sigmoid(self, x):
        return self._unary("sigmoid", x, lambda x: kernels.sigmoid(self, x))

    def softplus(self, x):
        return self._unary("softplus", x, lambda x: kernels.softplus(self, x))

    def isinf(self, x):
        return self._unary("isinf", x, lambda x: self.node("IsInf", x, dtype=bool))

    def lgamma(self, x):
        return super().lgamma(x) if _recorded(x) else REFERENCE.lgamma(x)

    def erfc(self, x):
        return super().erfc(x) if _recorded(x) else REFERENCE.erfc(x)

    def normal_quantile(self, p):
        return super().normal_quantile(p) if _recorded(p) else REFERENCE.normal_quantile(p)

    def power(self, x, exponent):
        return self.node("Pow", x, exponent) if _recorded(x, exponent) else np.power(x, exponent)

    def maximum(self, a, b):
        return self.node("Max", a, b) if _recorded(a, b) else np.maximum(a, b)

    def minimum(self, a, b):
        return self.node("Min", a, b) if _recorded(a, b) else np.minimum(a, b)

    def clip(self, x, low, high):
        if not isinstance(x, Recorded) or np.ndim(low) or np.ndim(high) or _recorded(low, high):
            return super().clip(x, low, high)
        ends = [self.fixed(np.array(end, x.dtype)) for end in (low, high)]
        return self.raw("Clip", [x, *ends], x.shape, x.dtype)

    def where(self, condition, a, b):
        if not _recorded(condition, a, b):
            return np.where(condition, a, b)
        dtype = next((x.dtype for x in (a, b) if isinstance(x, Recorded)), self.dtype)
        operands = [np.asarray(condition, bool) if not _recorded(condition) else condition, a, b]
        rank = max(len(np.shape(x)) if not isinstance(x, Recorded) else len(x.shape) for x in operands)
        types = (bool, dtype, dtype)
        values = [x if _recorded(x) else self._as_operand(x, t, rank) for x, t in zip(operands, types, strict=True)]
        return self.raw("Where", values, broadcast(*(x.shape for x in values)), dtype)

    # --- along the first axis ---------------------------------------------------------------------------

    def _reduced(self, op: str, x: Recorded) -> Recorded:
        return self.raw(op, [x, self.whole_constant(0)], x.shape[1:], x.dtype, keepdims=0)

    def sum(self, x):
        if not isinstance(x, Recorded):
            return REFERENCE.sum(x)
        return x[0] if x.shape[0] == 1 else self._sum(x)

    def _sum(self, x):
        # The axes of ReduceSum are an input from opset 13 on; those of the other reductions from 18 on.
        return self._reduced("ReduceSum", x)

    def cumsum(self, x):
        if not isinstance(x, Recorded):
            return REFERENCE.cumsum(x)
        return self.raw("CumSum", [x, self.fixed(np.array(0, np.int64))], x.shape, x.dtype)

    def logsumexp(self, x):
        return kernels.logsumexp(self, x) if isinstance(x, Recorded) else REFERENCE.logsumexp(x)

    def any(self, condition):
        if not isinstance(condition, Recorded):
            return REFERENCE.any(condition)
        if condition.shape[0] == 1:
            return condition[0]
        return self.cast(self._reduced("ReduceMax", self.cast(condition, np.int32)), bool)

    def concat(self, parts):
        if not _recorded(*parts):
            return REFERENCE.concat(parts)
        like = next(part for part in parts if isinstance(part, Recorded) and part.shape[-1] is BATCH)
        values = [self.with_batch(part, like) for part in parts]
        first = sum(value.shape[0] for value in values)
        return self.raw("Concat", values, (first, *values[0].shape[1:]), like.dtype, axis=0)

    def stack(self, parts):
        if not _recorded(*parts):
            return REFERENCE.stack(parts)
        data = [part for part in parts if isinstance(part, Recorded)]
        like = next((part for part in data if part.shape[-1] is BATCH), data[0])
        shape = broadcast(*(part.shape if isinstance(part, Recorded) else np.shape(part) for part in parts))
        return self.concat([self._spread(part, shape, like)[None] for part in parts])

    def _spread(self, part, shape: Shape, like: Recorded) -> Recorded:
        """A part of a stack in the shape that all its parts share."""
        if isinstance(part, Recorded):
            missing = broadcast(part.shape, shape[:-1] + (1,)) != part.shape
            return self.node("Add", part, np.zeros((*shape[:-1], 1))) if missing else part
        return self.with_batch(self.fixed(np.broadcast_to(np.asarray(part, self.dtype), (*shape[:-1], 1))), like)

    def take(self, x, indices):
        if not isinstance(x, Recorded):
            return REFERENCE.take(x, indices)
        rows = self.whole_constant(*indices)
        return self.raw("Gather", [x, rows], (rows.shape[0], *x.shape[1:]), x.dtype, axis=0)

    def take_along(self, x, index):
        if not isinstance(x, Recorded):
            return self._take_fixed(np.asarray(x), index)
        shape = broadcast(x.shape[1:], index.shape)
        index = self.raw("Unsqueeze", [index, self.whole_constant(0)], (1, *index.shape), np.int64)
        if x.shape[-1] is not BATCH:
            x = self.with_batch(x, index)
        return self.raw("GatherElements", [x, index], (1, *shape), x.dtype, axis=0)[0]

    def _take_fixed(self, table: np.ndarray, index: Recorded) -> Recorded:
        """Rows of a constant table (K, ..., 1): one Gather from the table laid out flat."""
        event = table.shape[1:-1]
        size = int(np.prod(event))
        place = index * self.whole(size) + self.whole(np.arange(size).reshape(*event, 1)) if size > 1 else index
        flat = self.fixed(table.reshape(-1).astype(self.dtype))
        return self.raw("Gather", [flat, place], place.shape, self.dtype, axis=0)

    def unflatten(self, x, sizes):
        if not isinstance(x, Recorded):
            return REFERENCE.unflatten(x, sizes)
        shape = (*sizes, *x.shape[1:])
        # The batch length is read, not left to -1, which an empty batch would make ambiguous.
        fixed = self.whole_constant(*shape[:-1])
        target = self.raw("Concat", [fixed, self.batch_length(x)], (len(shape),), np.int64, axis=0)
        return self.raw("Reshape", [x, target], shape, x.dtype, allowzero=1)

    def matmul(self, matrix, x):
        if not _recorded(matrix, x):
            return REFERENCE.matmul(matrix, x)
        left = matrix if isinstance(matrix, Recorded) else self.fixed(np.asarray(matrix, self.dtype))
        right = x if isinstance(x, Recorded) else self.fixed(np.asarray(x, self.dtype))
        return self.raw("MatMul", [left, right], (left.shape[0], right.shape[1]), self.dtype)

    def solve(self, matrix, x):
        return self.matmul(np.linalg.inv(np.asarray(matrix)), x)

    def log_abs_det(self, matrix):
        return REFERENCE.log_abs_det(matrix)

    def index(self, x: Recorded, items: tuple) -> Recorded:
        """`x[items]`, for whole numbers, slices and None on the event axes."""
        axis = 0
        for item in items:
            if item is None:
                shape = (*x.shape[:axis], 1, *x.shape[axis:])
                x = self.raw("Unsqueeze", [x, self.whole_constant(axis)], shape, x.dtype)
                axis += 1
            elif isinstance(item, slice):
                x = self._sliced(x, item, axis)
                axis += 1
            else:
                x = self._picked(x, int(item), axis)
        return x

    def _sliced(self, x: Recorded, item: slice, axis: int) -> Recorded:
        if item == slice(None):
            return x
        start, stop, step = item.indices(x.shape[axis])
        count = len(range(start, stop, step))
        if count == x.shape[axis] and step == 1:
            return x
        if step < 0:
            rows = self.whole_constant(*range(start, stop, step))
            return self.raw("Gather", [x, rows], (*x.shape[:axis], count, *x.shape[axis + 1 :]), x.dtype, axis=axis)
        bounds = [self.whole_constant(value) for value in (start, stop, axis, step)]
        return self.raw("Slice", [x, *bounds], (*x.shape[:axis], count, *x.shape[axis + 1 :]), x.dtype)

    def _picked(self, x: Recorded, item: int, axis: int) -> Recorded:
        place = self.fixed(np.array(item % x.shape[axis], np.int64))
        return self.raw("Gather", [x, place], (*x.shape[:axis], *x.shape[axis + 1 :]), x.dtype, axis=axis)

    # --- truth values, whole numbers ------------------------------------------------------------------------

    def number(self, condition):
        return self.cast(condition, self.dtype) if isinstance(condition, Recorded) else REFERENCE.number(condition)

    def to_index(self, x):
        return self.cast(x, np.int64)

    def log_gamma_gradient(self, concentration, log_x):
        return log_x

    def whole(self, value):
        return np.asarray(value, np.int64)

    def low_word(self, x):
        return self.node("BitwiseAnd", x, 0xFFFFFFFF) if isinstance(x, Recorded) else REFERENCE.low_word(x)

    def high_word(self, x):
        if not isinstance(x, Recorded):
            return REFERENCE.high_word(x)
        # BitShift takes unsigned numbers only.
        unsigned = self.cast(x, np.uint64)
        return self.cast(self.node("BitShift", unsigned, 32, direction="RIGHT"), np.int64)

    def xor(self, a, b):
        return self.node("BitwiseXor", a, b) if _recorded(a, b) else REFERENCE.xor(a, b)

    def to_float(self, x):
        return self.cast(x, self.dtype) if isinstance(x, Recorded) else REFERENCE.to_float(x)


def _ir_type(dtype) -> ir.DataType:
    return ir.DataType.from_numpy(np.dtype(dtype))
