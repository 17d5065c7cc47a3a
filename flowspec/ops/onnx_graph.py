"""Recording of ONNX graphs: values with their static shapes and operators, and the graph that grows under them.

The same node and the same constant are never recorded twice, so a formula may compute a thing again at
no cost. Nodes are named by where they come from: `steps.1.tanh/Mul_3`. The same calls give the same graph.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import onnx_ir as ir

BATCH = None
"""The one dimension whose length is not known, in a recorded shape."""

Shape = tuple[int | None, ...]


class Recorded:
    """A value of the graph: its static shape (the batch is None) and its type."""

    __array_ufunc__ = None  # numpy arrays on the left leave the arithmetic to this class
    __slots__ = ("dtype", "ops", "shape", "value")

    def __init__(self, ops: Recorder, value: ir.Value, shape: Shape, dtype):
        self.ops = ops
        self.value = value
        self.shape = shape
        self.dtype = np.dtype(dtype)

    def __bool__(self) -> bool:
        raise TypeError(
            "a recorded value has no truth value: a Python `if` on data would freeze one branch into the graph; "
            "write ops.where(condition, a, b)"
        )

    @property
    def negated(self) -> Recorded | None:
        """The value whose negative this one is, if it was recorded so."""
        node = self.value.producer()
        if node is None or node.op_type != "Neg" or node.inputs[0] is None:
            return None
        return Recorded(self.ops, node.inputs[0], self.shape, self.dtype)

    def __neg__(self):
        return self.ops.node("Neg", self) if self.negated is None else self.negated

    def __add__(self, other):
        if _is(other, 0):
            return self
        if isinstance(other, Recorded) and other.negated is not None:
            return self.ops.node("Sub", self, other.negated)
        if self.negated is not None:
            return self.ops.node("Sub", other, self.negated)
        return self.ops.node("Add", self, other)

    def __sub__(self, other):
        if _is(other, 0):
            return self
        if isinstance(other, Recorded) and other.negated is not None:
            return self.ops.node("Add", self, other.negated)
        return self.ops.node("Sub", self, other)

    def __rsub__(self, other):
        if _is(other, 0):
            return -self
        return self.ops.node("Sub", other, self) if self.negated is None else self.negated + other

    def __mul__(self, other):
        if _is(other, 1):
            return self
        return -self if _is(other, -1) else self.ops.node("Mul", self, other)

    __radd__ = __add__
    __rmul__ = __mul__

    def __truediv__(self, other):
        # Half the time of a division, and the same digits; other reciprocals are not exact.
        if isinstance(other, int | float) and _has_exact_reciprocal(other):
            return self * (1 / other)
        return self.ops.node("Div", self, other)

    def __rtruediv__(self, other):
        return (
            self.ops.node("Reciprocal", self)
            if _is(other, 1)
            else self.ops.node("Div", other, self)
        )

    def __lt__(self, other):
        return self.ops.node("Less", self, other, dtype=bool)

    def __le__(self, other):
        return self.ops.node("LessOrEqual", self, other, dtype=bool)

    def __gt__(self, other):
        return self.ops.node("Greater", self, other, dtype=bool)

    def __ge__(self, other):
        return self.ops.node("GreaterOrEqual", self, other, dtype=bool)

    def __and__(self, other):
        return self.ops.node("And", self, other)

    def __or__(self, other):
        return self.ops.node("Or", self, other)

    __rand__ = __and__
    __ror__ = __or__

    def __invert__(self):
        return self.ops.node("Not", self)

    def __getitem__(self, index):
        """Whole numbers, slices and None, for the event axes from the first one on."""
        value, axis = self, 0
        for item in index if isinstance(index, tuple) else (index,):
            if item is None:
                value, axis = _unsqueezed(value, axis), axis + 1
            elif isinstance(item, slice):
                value, axis = _sliced(value, item, axis), axis + 1
            else:
                value = _picked(value, item, axis)
        return value


def _is(value, number: float) -> bool:
    return isinstance(value, int | float) and value == number


def _has_exact_reciprocal(number: float) -> bool:
    """Is it a power of two, and its reciprocal one of float32 too?"""
    return math.frexp(abs(number))[0] == 0.5 and 2.0**-126 <= abs(number) <= 2.0**126


def _unsqueezed(x: Recorded, axis: int) -> Recorded:
    shape = (*x.shape[:axis], 1, *x.shape[axis:])
    return x.ops.raw("Unsqueeze", [x, x.ops.whole_constant(axis)], shape, x.dtype)


def _sliced(x: Recorded, item: slice, axis: int) -> Recorded:
    size = x.shape[axis]
    if item == slice(None):
        return x
    assert size is not None, "the batch axis cannot be cut"
    rows = range(size)[item]
    if rows == range(size):
        return x
    shape = (*x.shape[:axis], len(rows), *x.shape[axis + 1 :])
    if rows.step < 0:
        # The end of a Slice that runs down to row 0 could only be written with a very negative number.
        return x.ops.raw("Gather", [x, x.ops.whole_constant(*rows)], shape, x.dtype, axis=axis)
    bounds = [x.ops.whole_constant(number) for number in (rows.start, rows.stop, axis, rows.step)]
    return x.ops.raw("Slice", [x, *bounds], shape, x.dtype)


def _picked(x: Recorded, row: int, axis: int) -> Recorded:
    size = x.shape[axis]
    assert size is not None, "the batch axis cannot be cut"
    shape = (*x.shape[:axis], *x.shape[axis + 1 :])
    if size == 1:
        # Squeeze copies nothing.
        return x.ops.raw("Squeeze", [x, x.ops.whole_constant(axis)], shape, x.dtype)
    place = x.ops.fixed(np.array(range(size)[row], np.int64))
    return x.ops.raw("Gather", [x, place], shape, x.dtype, axis=axis)


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


def shape_of(x) -> Shape:
    """The shape of a recorded value, an array or a number."""
    return x.shape if isinstance(x, Recorded) else np.shape(x)


class Recorder:
    """A graph under construction.

    dtype   float type of the data
    opset   version of the operators (18 and later)
    batch   name of the dynamic batch dimension, or its fixed length
    """

    def __init__(self, name: str, dtype=np.float32, opset: int = 18, batch: str | int = "N"):
        self.dtype = np.dtype(dtype)
        self.opset = opset
        self.batch = batch
        self.graph = ir.Graph([], [], nodes=[], opset_imports={"": opset}, name=name)
        self._body = self.graph
        """Where nodes go: the graph, or the body of the loop that is being recorded."""
        self._constants: dict[tuple, ir.Value] = {}
        self._nodes: dict[tuple, ir.Value] = {}
        self._counts: dict[str, int] = {}
        self._scope = ""

    # --- inputs, outputs, names -----------------------------------------------------------------

    def input(
        self, name: str, shape: Sequence[int | None], dtype, doc: str = "", default=None
    ) -> Recorded:
        """Declare an input. `default` makes it optional, where the runtime honours initializers of inputs."""
        value = ir.Value(
            name=name,
            shape=self._ir_shape(shape),
            type=ir.TensorType(_ir_type(dtype)),
            doc_string=doc,
        )
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
        found.shape, found.type = (
            self._ir_shape(recorded.shape),
            ir.TensorType(_ir_type(recorded.dtype)),
        )
        found.doc_string = doc
        self.graph.outputs.append(found)

    def _ir_shape(self, shape: Sequence[int | None]) -> ir.Shape:
        return ir.Shape([self.batch if size is BATCH else size for size in shape])

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Names of nodes begin with this; scopes within scopes are paths."""
        outer, self._scope = self._scope, f"{self._scope}{name}/"
        try:
            yield
        finally:
            self._scope = outer

    # --- nodes and constants --------------------------------------------------------------------

    def node(self, op: str, *inputs, dtype=None, **attributes) -> Recorded:
        """Record an elementwise operator on values, numbers and arrays, of the type of the first value unless given."""
        data = next(x for x in inputs if isinstance(x, Recorded))
        rank = max(len(shape_of(x)) for x in inputs)
        operands = [
            x if isinstance(x, Recorded) else self.operand(x, data.dtype, rank) for x in inputs
        ]
        shape = broadcast(*(x.shape for x in operands))
        return self.raw(op, operands, shape, data.dtype if dtype is None else dtype, **attributes)

    def raw(
        self, op: str, operands: Sequence[Recorded], shape: Shape, dtype, **attributes
    ) -> Recorded:
        """Record an operator whose operands, result shape and type are all given."""
        values = [operand.value for operand in operands]
        key = (
            op,
            *map(id, values),
            *sorted((name, str(value)) for name, value in attributes.items()),
        )
        if key not in self._nodes:
            self._nodes[key] = self._emit(op, values, attributes)
        return Recorded(self, self._nodes[key], shape, dtype)

    def _emit(self, op: str, values: list[ir.Value], attributes: dict) -> ir.Value:
        path = self._scope + op
        self._counts[path] = self._counts.get(path, 0) + 1
        name = f"{path}_{self._counts[path]}"
        output = ir.Value(name=name)
        self._body.append(ir.node(op, values, attributes, outputs=[output], name=name))
        return output

    def loop(self, count: int, body: Callable[..., Sequence], *state) -> tuple[Recorded, ...]:
        """`count` times `state = body(step, *state)`, as one Loop node: see the vocabulary."""
        like = next(x for x in state if isinstance(x, Recorded) and x.shape[-1] is BATCH)
        begin = [self.with_batch(x, like) for x in state]
        path = f"{self._scope}Loop"
        self._counts[path] = self._counts.get(path, 0) + 1
        name = f"{path}_{self._counts[path]}"
        step = ir.Value(
            name=f"{name}.step", shape=ir.Shape([]), type=ir.TensorType(ir.DataType.INT64)
        )
        going = ir.Value(
            name=f"{name}.going", shape=ir.Shape([]), type=ir.TensorType(ir.DataType.BOOL)
        )
        carried = [self._typed(f"{name}.state_{i}", x) for i, x in enumerate(begin)]
        outer, nodes = self._body, dict(self._nodes)
        self._body = ir.Graph([step, going, *(x.value for x in carried)], [], nodes=[], name=name)
        with self.scope(name.removeprefix(self._scope)):
            number = self.cast(Recorded(self, step, (), np.int64), self.dtype)
            after = [self.with_batch(x, like) for x in body(number, *carried)]
            kept = self._emit("Identity", [going], {})
            kept.shape, kept.type = ir.Shape([]), ir.TensorType(ir.DataType.BOOL)
            ends = [self._emit("Identity", [x.value], {}) for x in after]
            for end, x in zip(ends, after, strict=True):
                end.shape, end.type = self._ir_shape(x.shape), ir.TensorType(_ir_type(x.dtype))
            self._body.outputs.extend([kept, *ends])
        inner, self._body, self._nodes = self._body, outer, nodes
        limits = [self.fixed(np.array(count, np.int64)).value, self.fixed(np.array(True)).value]
        results = [ir.Value(name=f"{name}.result_{i}") for i in range(len(begin))]
        inputs = [*limits, *(x.value for x in begin)]
        self._body.append(ir.node("Loop", inputs, {"body": inner}, outputs=results, name=name))
        return tuple(
            Recorded(self, value, x.shape, x.dtype) for value, x in zip(results, begin, strict=True)
        )

    def _typed(self, name: str, like: Recorded) -> Recorded:
        """An input of a loop's body, of the shape and type of another value."""
        value = ir.Value(
            name=name, shape=self._ir_shape(like.shape), type=ir.TensorType(_ir_type(like.dtype))
        )
        return Recorded(self, value, like.shape, like.dtype)

    def operand(self, x, dtype, rank: int) -> Recorded:
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

    # --- shapes and types -----------------------------------------------------------------------

    def transpose(self, x: Recorded) -> Recorded:
        """(N, D) to (D, N) and back; a vector stays as it is."""
        return (
            x
            if len(x.shape) < 2
            else self.raw("Transpose", [x], x.shape[::-1], x.dtype, perm=[1, 0])
        )

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
        length = x.shape[-1]
        if length is not BATCH:
            return self.whole_constant(length)
        return self.raw("Shape", [x], (1,), np.int64, start=len(x.shape) - 1)

    def with_batch(self, x, like: Recorded) -> Recorded:
        """A value that is the same for every row, repeated for the rows of `like`; others pass."""
        x = x if isinstance(x, Recorded) else self.fixed(np.atleast_1d(np.asarray(x, self.dtype)))
        if x.shape[-1] is BATCH or x.shape[-1] == like.shape[-1]:
            return x
        return self.raw(
            "Expand", [x, self.batch_length(like)], (*x.shape[:-1], like.shape[-1]), x.dtype
        )


def _ir_type(dtype) -> ir.DataType:
    return ir.DataType.from_numpy(np.dtype(dtype))
