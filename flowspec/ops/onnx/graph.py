"""ONNX graphs under construction: nodes, constants and loops, by name.

The same node and the same constant are never written twice. Nodes are named by where they
come from: `steps.1.tanh/Mul_3`; constants that are parameters by their path. The same
calls give the same graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import DTypeLike, NDArray

from flowspec.ops.tape import BATCH, Shape
from flowspec.ops.tape.tape import Parameter, broadcast


class Written:
    """A value of the graph: its static shape (the batch is None) and its type."""

    __slots__ = ("dtype", "shape", "value")

    def __init__(self, value: ir.Value, shape: Shape, dtype: DTypeLike):
        self.value = value
        self.shape = shape
        self.dtype: np.dtype[Any] = np.dtype(dtype)


def shape_of(x: Any) -> Shape:
    """The shape of a written value, an array or a number."""
    return x.shape if isinstance(x, Written) else np.shape(x)


def name_of(x: Any) -> str:
    """The name of an array that has one."""
    return x.name if isinstance(x, Parameter) else ""


class Graph:
    """A graph under construction.

    dtype   float type of the data
    opset   version of the operators (18 and later)
    batch   name of the dynamic batch dimension, or its fixed length
    """

    def __init__(
        self,
        name: str,
        dtype: DTypeLike = np.float32,
        opset: int = 18,
        batch: str | int = "N",
    ):
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.batch = batch
        self.graph = ir.Graph([], [], nodes=[], opset_imports={"": opset}, name=name)
        self._body = self.graph
        """The place of new nodes: the graph, or the body of the loop that is being
        written.
        """
        self._constants: dict[tuple[Any, ...], ir.Value] = {}
        self._nodes: dict[tuple[Any, ...], ir.Value] = {}
        self._counts: dict[str, int] = {}
        self._scope = ""

    # --- inputs, outputs, names ---------------------------------------------------------------

    def input(self, name: str, shape: Shape, dtype: DTypeLike, doc: str = "") -> Written:
        """Declare an input."""
        written = self._typed(name, Written(ir.Value(name=name), shape, dtype))
        written.value.doc_string = doc
        self.graph.inputs.append(written.value)
        return written

    def output(self, name: str, written: Written, doc: str = "") -> None:
        """Declare a value as an output under this name."""
        value = written.value
        if value.producer() is None or value in self.graph.outputs:
            # An input or another output cannot be renamed.
            value = self._emit("Identity", [value], {})
        value.name = name
        self._describe(value, written)
        value.doc_string = doc
        self.graph.outputs.append(value)

    def _describe(self, value: ir.Value, like: Written) -> None:
        """Write the shape and the type of a value into the graph."""
        value.shape = ir.Shape([self.batch if size is BATCH else size for size in like.shape])
        value.type = ir.TensorType(_ir_type(like.dtype))

    def _typed(self, name: str, like: Written) -> Written:
        """An input, of the shape and type of another value."""
        value = ir.Value(name=name)
        self._describe(value, like)
        return Written(value, like.shape, like.dtype)

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """Names of nodes begin with this; scopes within scopes are paths."""
        outer, self._scope = self._scope, f"{self._scope}{name}/" if name else self._scope
        try:
            yield
        finally:
            self._scope = outer

    # --- nodes and constants ------------------------------------------------------------------

    def node(self, op: str, *inputs: Any, dtype: Any = None, **attributes: Any) -> Written:
        """Write an elementwise operator on values, numbers and arrays, of the type of the
        first value unless given.
        """
        data = next(x for x in inputs if isinstance(x, Written))
        rank = max(len(shape_of(x)) for x in inputs)
        operands = [self.operand(x, data.dtype, rank) for x in inputs]
        shape = broadcast(*(x.shape for x in operands))
        return self.raw(op, operands, shape, data.dtype if dtype is None else dtype, **attributes)

    def raw(
        self,
        op: str,
        operands: Sequence[Written],
        shape: Shape,
        dtype: DTypeLike,
        **attributes: Any,
    ) -> Written:
        """Write an operator whose operands, result shape and type are all given."""
        values = [operand.value for operand in operands]
        key = (
            op,
            *map(id, values),
            *sorted((name, str(value)) for name, value in attributes.items()),
        )
        if key not in self._nodes:
            self._nodes[key] = self._emit(op, values, attributes)
        return Written(self._nodes[key], shape, dtype)

    def _emit(self, op: str, values: list[ir.Value], attributes: dict[str, Any]) -> ir.Value:
        name = self._numbered(op)
        output = ir.Value(name=name)
        self._body.append(ir.node(op, values, attributes, outputs=[output], name=name))
        return output

    def _numbered(self, op: str) -> str:
        """A name for the next node of an operator in this scope."""
        path = self._scope + op
        self._counts[path] = self._counts.get(path, 0) + 1
        return f"{path}_{self._counts[path]}"

    def loop(
        self, count: int, body: Callable[..., Sequence[Any]], *state: Any
    ) -> tuple[Written, ...]:
        """`count` times `state = body(step, *state)`, as one Loop node: see the
        vocabulary.
        """
        return self.loop_and_states(count, body, (), *state)[0]

    def loop_and_states(
        self, count: int, body: Callable[..., Sequence[Any]], kept: Sequence[int], *state: Any
    ) -> tuple[tuple[Written, ...], tuple[Written, ...]]:
        """The same, and some of the states before each step, stacked."""
        like = next(x for x in state if isinstance(x, Written) and x.shape[-1] is BATCH)
        begin = [self.with_batch(x, like) for x in state]
        name = self._numbered("Loop")
        step = self._typed(f"{name}.step", self.fixed(np.array(0)))
        going = self._typed(f"{name}.going", self.fixed(np.array(True)))
        carried = [self._typed(f"{name}.state_{i}", x) for i, x in enumerate(begin)]
        outer, nodes = self._body, dict(self._nodes)
        inputs = [step.value, going.value, *(x.value for x in carried)]
        self._body = ir.Graph(inputs, [], nodes=[], name=name)
        with self.scope(name.removeprefix(self._scope)):
            after = body(self.cast(step, self.dtype), *carried)
            ends = [
                going,
                *(self.with_batch(x, like) for x in after),
                *(carried[index] for index in kept),
            ]
            for x in ends:
                end = self._emit("Identity", [x.value], {})
                self._describe(end, x)
                self._body.outputs.append(end)
        inner, self._body, self._nodes = self._body, outer, nodes
        limits = [self.fixed(np.array(count, np.int64)).value, self.fixed(np.array(True)).value]
        results = [ir.Value(name=f"{name}.result_{i}") for i in range(len(begin))]
        stacks = [ir.Value(name=f"{name}.states_{i}") for i in kept]
        operands = [*limits, *(x.value for x in begin)]
        self._body.append(
            ir.node("Loop", operands, {"body": inner}, outputs=[*results, *stacks], name=name)
        )
        behind = tuple(
            Written(value, x.shape, x.dtype) for value, x in zip(results, begin, strict=True)
        )
        before = tuple(
            Written(value, (count, *begin[i].shape), begin[i].dtype)
            for value, i in zip(stacks, kept, strict=True)
        )
        return behind, before

    def operand(self, x: Any, dtype: DTypeLike, rank: int) -> Written:
        """A value; a number or an array as a constant.

        A number gets the rank of its partner: kernels are much faster so.
        """
        if isinstance(x, Written):
            return x
        array = np.asarray(x, dtype)
        return self.fixed(array.reshape((1,) * rank) if array.ndim == 0 else array, name_of(x))

    def fixed(self, array: NDArray[Any], name: str = "") -> Written:
        """A constant of the graph; equal ones are shared."""
        array = np.asarray(array, order="C")
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            value = ir.Value(
                name=self._unused(name),
                shape=ir.Shape(array.shape),
                type=ir.TensorType(_ir_type(array.dtype)),
                const_value=ir.Tensor(array),  # ir.tensor() takes ten times as long
            )
            self.graph.register_initializer(value)
            self._constants[key] = value
        return Written(self._constants[key], array.shape, array.dtype)

    def _unused(self, name: str) -> str:
        """The name of a new constant.

        A parameter that is seen in several ways has a number behind it.
        """
        if not name:
            return f"constant_{len(self._constants)}"
        taken = self.graph.initializers
        return next(
            each
            for i in range(len(taken) + 1)
            if (each := f"{name}_{i}" if i else name) not in taken
        )

    def whole_constant(self, *values: int) -> Written:
        """A list of whole numbers, as the operators take axes, starts and sizes."""
        return self.fixed(np.array(values, np.int64))

    # --- shapes and types ---------------------------------------------------------------------

    def cast(self, x: Written, dtype: DTypeLike) -> Written:
        """In another type."""
        if np.dtype(dtype) == x.dtype:
            return x
        return self.raw("Cast", [x], x.shape, dtype, to=int(_ir_type(dtype)))

    def rows(self, x: Written) -> Written:
        """The length of the batch of a value, (1,)."""
        length = self.batch if x.shape[-1] is BATCH else x.shape[-1]
        if isinstance(length, int):
            return self.whole_constant(length)
        return self.raw("Shape", [x], (1,), np.int64, start=len(x.shape) - 1)

    def with_batch(self, x: Any, like: Written) -> Written:
        """A value that is the same for every row, repeated for the rows of `like`; others
        pass.
        """
        value = (
            x
            if isinstance(x, Written)
            else self.fixed(np.atleast_1d(np.asarray(x, self.dtype)), name_of(x))
        )
        if value.shape[-1] is BATCH or value.shape[-1] == like.shape[-1]:
            return value
        shape = (*value.shape[:-1], like.shape[-1])
        return self.raw("Expand", [value, self.rows(like)], shape, value.dtype)


def _ir_type(dtype: DTypeLike) -> ir.DataType:
    return ir.DataType.from_numpy(np.dtype(dtype))
