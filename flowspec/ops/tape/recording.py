"""The vocabulary as a tape: formulas are written down, not run.

What involves no data (numbers, numpy arrays: the parameters) is worked out at once, in
float64; it becomes a constant operand where it meets data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from flowspec.ops.numpy import REFERENCE
from flowspec.ops.stages import StagedNetwork
from flowspec.ops.tape.methods import elementwise_method, of_data
from flowspec.ops.tape.recorded import BOOL, Recorded, holds_data, longest, product, shape_of
from flowspec.ops.tape.tape import BATCH, Entry, Shape, Tape, broadcast, named, with_batch
from flowspec.ops.vocabulary import Array, Ops

INT64 = np.dtype(np.int64)


class TapeOps(Ops):
    """Records formulas on `tape`.

    Declare inputs with `input`, run formulas on them, declare outputs. Points come into a
    graph with the batch first, `transpose` turns them.
    """

    # Written out, a stage is two to three times as fast; a loop is small, whatever the number of
    # coordinates.
    most_unrolled = 64

    def __init__(
        self,
        dtype: DTypeLike = np.float32,
        like: Tape | None = None,
        *,
        differentiates: bool = False,
        data_dtype: DTypeLike | None = None,
        keeps_stages: bool = False,
    ):
        """Settings of a recorder.

        like             a tape whose inputs it has too
        differentiates   True where gradients are to be recorded behind it
        data_dtype       the float type that points come in, where it is another
        keeps_stages     True for a writer that keeps what masked networks have worked out
        """
        self._data_dtype = np.dtype(dtype if data_dtype is None else data_dtype)
        self.differentiates = differentiates
        self.keeps_stages = keeps_stages
        self.still: set[Entry] = set()
        """What has no derivative: results of searches, which get it otherwise."""
        self._is_still = False
        self.dtype = np.dtype(dtype)
        self.tape = like.like() if like else Tape(self.dtype)
        self._body = self.tape
        """The place of new entries: the tape, or the body of a loop that is being recorded."""
        self._scope = ""
        self._loops: dict[str, int] = {}

    # --- inputs, outputs, names ---------------------------------------------------------------

    def input(
        self, name: str, shape: Sequence[int | None], dtype: DTypeLike, doc: str = ""
    ) -> Recorded:
        """Declare an input."""
        entry = Entry("input", (name,), tuple(shape), np.dtype(dtype), "")
        self.tape.inputs[name] = entry
        self.tape.docs[name] = doc
        return Recorded(self, entry)

    def output(self, name: str, value: Any, doc: str = "") -> None:
        """Declare a value as an output under this name."""
        self.tape.outputs[name] = _entry(value)
        self.tape.docs[name] = doc

    @contextmanager
    def scope(self, name: str) -> Iterator[None]:
        """A scope for the entries recorded inside; scopes within scopes are paths."""
        outer, self._scope = self._scope, f"{self._scope}{name}/" if name else self._scope
        try:
            yield
        finally:
            self._scope = outer

    @contextmanager
    def at(self, scope: str) -> Iterator[None]:
        """The scope of an entry, for what is recorded inside."""
        outer, self._scope = self._scope, scope
        try:
            yield
        finally:
            self._scope = outer

    @contextmanager
    def without_gradients(self) -> Iterator[None]:
        outer, self._is_still = self._is_still, True
        try:
            yield
        finally:
            self._is_still = outer

    @property
    def data_dtype(self) -> np.dtype[Any]:
        return self._data_dtype

    @property
    def entries(self) -> list[Entry]:
        """What is recorded so far, in the body of the loop that is being recorded."""
        return self._body.entries

    def constant(self, value: NDArray[Any], name: str = "") -> Any:
        array = np.asanyarray(value, np.float64)
        return named(array, name) if name else array

    # --- recording ----------------------------------------------------------------------------

    def record(
        self, op: str, operands: Sequence[Any], shape: Shape, dtype: np.dtype[Any]
    ) -> Recorded:
        """Write down an operation whose result shape and type are given."""
        entry = Entry(op, tuple(map(_entry, operands)), shape, dtype, self._scope)
        self._body.entries.append(entry)
        if self._is_still:
            self.still.add(entry)
        return Recorded(self, entry)

    def elementwise(self, op: str, *values: Any, dtype: np.dtype[Any] | None = None) -> Recorded:
        """Write down an elementwise operation, of the type of the first recorded value
        unless given.
        """
        if dtype is None:
            dtype = next(x.entry.dtype for x in values if isinstance(x, Recorded))
        return self.record(op, values, broadcast(*map(shape_of, values)), dtype)

    def native(self, op: str, *values: Any, dtype: np.dtype[Any] | None = None) -> Recorded:
        """The same, as it is: also where this interpreter has another formula for it."""
        return self.elementwise(op, *values, dtype=dtype)

    def native_of(
        self, op: str, operands: Sequence[Any], shape: Shape, dtype: np.dtype[Any]
    ) -> Recorded:
        """An operation whose result shape and type are given, as it is."""
        return self.record(op, operands, shape, dtype)

    # --- elementwise --------------------------------------------------------------------------

    exp = elementwise_method("exp")
    log = elementwise_method("log")
    log1p = elementwise_method("log1p")
    expm1 = elementwise_method("expm1")
    sqrt = elementwise_method("sqrt")
    abs = elementwise_method("abs")
    sign = elementwise_method("sign")
    floor = elementwise_method("floor")
    sin = elementwise_method("sin")
    cos = elementwise_method("cos")
    tan = elementwise_method("tan")
    asin = elementwise_method("asin")
    acos = elementwise_method("acos")
    atan = elementwise_method("atan")
    sinh = elementwise_method("sinh")
    asinh = elementwise_method("asinh")
    tanh = elementwise_method("tanh")
    atanh = elementwise_method("atanh")
    sigmoid = elementwise_method("sigmoid")
    log_sigmoid = elementwise_method("log_sigmoid")
    softplus = elementwise_method("softplus")
    square = elementwise_method("square")
    relu = elementwise_method("relu")
    elu = elementwise_method("elu")
    gelu = elementwise_method("gelu")
    lgamma = elementwise_method("lgamma")
    digamma = elementwise_method("digamma")
    erfc = elementwise_method("erfc")
    normal_cdf = elementwise_method("normal_cdf")
    normal_quantile = elementwise_method("normal_quantile")
    isinf = elementwise_method("isinf", BOOL)
    power = elementwise_method("power")
    maximum = elementwise_method("maximum")
    minimum = elementwise_method("minimum")
    clip = elementwise_method("clip")

    @of_data
    def where(self, condition: Any, a: Any, b: Any) -> Any:
        dtype = next((x.dtype for x in (a, b) if isinstance(x, Recorded)), self.dtype)
        return self.elementwise("where", condition, a, b, dtype=dtype)

    # --- along the first axis -----------------------------------------------------------------

    @of_data
    def sum(self, x: Any) -> Any:
        return self.record("sum", (x,), x.shape[1:], x.dtype)

    @of_data
    def cumsum(self, x: Any) -> Any:
        return self.record("cumsum", (x,), x.shape, x.dtype)

    @of_data
    def logsumexp(self, x: Any) -> Any:
        return self.record("logsumexp", (x,), x.shape[1:], x.dtype)

    @of_data
    def any(self, condition: Any) -> Any:
        return self.record("any", (condition,), condition.shape[1:], BOOL)

    @of_data
    def concat(self, parts: Sequence[Any]) -> Any:
        like = longest(parts)
        shapes = [shape_of(part) for part in parts]
        first = sum(shape[0] or 0 for shape in shapes)
        shape = (first, *shapes[0][1:-1], like.shape[-1])
        return self.record("concat", (tuple(parts),), shape, like.dtype)

    @of_data
    def stack(self, parts: Sequence[Any]) -> Any:
        shape = (len(parts), *broadcast(*map(shape_of, parts)))
        return self.record("stack", (tuple(parts),), shape, longest(parts).dtype)

    @of_data
    def take(self, x: Any, indices: Sequence[int]) -> Any:
        rows = tuple(map(int, indices))
        return self.record("take", (x, rows), (len(rows), *x.shape[1:]), x.dtype)

    @of_data
    def take_along(self, x: Any, index: Any) -> Any:
        shape = broadcast(shape_of(x)[1:], shape_of(index))
        return self.record("take_along", (x, index), shape, self._type(x))

    @of_data
    def unflatten(self, x: Any, sizes: tuple[int, ...]) -> Any:
        return self.record("unflatten", (x, tuple(sizes)), (*sizes, *x.shape[1:]), x.dtype)

    @of_data
    def flatten(self, x: Any) -> Any:
        return self.record("flatten", (x,), (x.shape[0] * x.shape[1], *x.shape[2:]), x.dtype)

    @of_data
    def exchange(self, x: Any) -> Any:
        return self.record("exchange", (x,), (x.shape[1], x.shape[0], *x.shape[2:]), x.dtype)

    @of_data
    def matmul(self, matrix: Any, x: Any) -> Any:
        return self.record("matmul", (matrix, x), product(matrix, x), self.dtype)

    @of_data
    def combine(self, matrix: Any, x: Any) -> Any:
        return self.record("combine", (matrix, x), (shape_of(matrix)[0], *x.shape[1:]), self.dtype)

    @of_data
    def linear(self, weight: Any, x: Any, bias: Any) -> Any:
        shape = broadcast(product(weight, x), shape_of(bias))
        return self.record("linear", (weight, x, bias), shape, self.dtype)

    @of_data
    def solve(self, matrix: Any, x: Any) -> Any:
        return self.record("solve", (matrix, x), product(matrix, x), self.dtype)

    def log_abs_det(self, matrix: Any) -> Any:
        return REFERENCE.log_abs_det(matrix)

    # --- truth values, whole numbers ----------------------------------------------------------

    @of_data
    def number(self, condition: Any) -> Any:
        return self.elementwise("number", condition, dtype=self.dtype)

    @of_data
    def to_index(self, x: Any) -> Any:
        return self.elementwise("to_index", x, dtype=INT64)

    @of_data
    def to_float(self, x: Any) -> Any:
        return self.elementwise("to_float", x, dtype=self.dtype)

    @of_data
    def log_gamma_gradient(self, concentration: Any, log_x: Any) -> Any:
        return self.elementwise("log_gamma_gradient", concentration, log_x)

    def whole(self, value: Any) -> Any:
        return np.asarray(value, np.int64)

    low_word = elementwise_method("low_word")
    high_word = elementwise_method("high_word")
    xor = elementwise_method("xor")
    low_bits = elementwise_method("low_bits")
    without_bits = elementwise_method("without_bits")

    @of_data
    def narrow(self, x: Any) -> Any:
        return self.cast(x, np.int32)

    # --- loops --------------------------------------------------------------------------------

    def loop(self, count: int, body: Callable[..., Sequence[Any]], *state: Any) -> tuple[Any, ...]:
        if not holds_data(state):
            return super().loop(count, body, *state)
        number = self._loops[self._scope] = self._loops.get(self._scope, 0) + 1
        name = f"Loop_{number}"
        outer, inner = self._body, Tape(self.dtype, f"{self._scope}{name}/")
        carried = []
        for each, dtype, shape in [
            ("step", self.dtype, ()),
            *((f"state.{i}", self._type(x), with_batch(shape_of(x))) for i, x in enumerate(state)),
        ]:
            inner.inputs[each] = Entry("input", (each,), shape, dtype, "")
            carried.append(Recorded(self, inner.inputs[each]))
        self._body = inner
        try:
            with self.scope(name):
                after = body(*carried)
        finally:
            self._body = outer
        inner.outputs = {f"state.{i}": _entry(x) for i, x in enumerate(after)}
        whole = self.record("loop", (count, inner, *state), (), self.dtype)
        return tuple(
            self.record("result", (whole, i), x.shape, x.dtype) for i, x in enumerate(carried[1:])
        )

    def loop_and_states(
        self, count: int, body: Callable[..., Sequence[Any]], kept: Sequence[int], *state: Any
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        if not holds_data(state):
            return super().loop_and_states(count, body, kept, *state)
        after = self.loop(count, body, *state)
        loop = after[0].entry.operands[0]
        return after, tuple(self.states_before(loop, index) for index in kept)

    def states_before(self, loop: Entry, index: int) -> Recorded:
        """A state of a loop before each step, stacked: (count, ...)."""
        count, body, *_ = loop.operands
        state = body.inputs[f"state.{index}"]
        return self.record(
            "states", (Recorded(self, loop), index), (count, *state.shape), state.dtype
        )

    def pick(self, rows: Any, step: Any) -> Any:
        if not isinstance(step, Recorded):
            return rows[int(step)]
        return self.record("pick", (rows, step), shape_of(rows)[1:], self._type(rows))

    def stage_of(self, network: StagedNetwork, x: Any, step: Any) -> Any:
        shape = (network.outputs, *x.shape[1:])
        return self.record("stage_of", (network, x, step), shape, self.dtype)

    def replaced(self, x: Any, rows: Any, first: int, step: Any) -> Any:
        return self.record("replaced", (x, rows, first, step), x.shape, x.dtype)

    # --- what graphs need besides -------------------------------------------------------------

    def transpose(self, x: Any) -> Recorded:
        """(N, D) to (D, N) and back; a vector stays as it is."""
        return self.record("transpose", (x,), x.shape[::-1], x.dtype) if len(x.shape) > 1 else x

    def turn(self, matrix: Recorded) -> Recorded:
        """The transpose of a matrix without a batch, or of each of a stack."""
        *stack, rows, columns = matrix.shape
        return self.record("turn", (matrix,), (*stack, columns, rows), matrix.dtype)

    def cast(self, x: Array, dtype: DTypeLike) -> Recorded:
        """In another type."""
        return self.elementwise("cast", x, np.dtype(dtype), dtype=np.dtype(dtype))

    def arange(self, count: Recorded | int) -> Recorded:
        """0, 1, ... (N,) up to a count."""
        return self.record("arange", (count,), (BATCH,), INT64)

    def batch_length(self, x: Recorded) -> Recorded:
        """The length of the batch of a value, ()."""
        return self.record("batch_length", (x,), (), INT64)

    def with_batch(self, x: Any, like: Array) -> Recorded:
        """A value that may be the same for every row, repeated for the rows of `like`."""
        shape = (*shape_of(x)[:-1], like.shape[-1])
        return self.record("with_batch", (x, like), shape, self._type(x))

    def _type(self, x: Any) -> np.dtype[Any]:
        return x.dtype if isinstance(x, Recorded) else self.dtype


def _entry(x: Any) -> Any:
    """A recorded value as its entry, a list as a tuple of these; others as they are."""
    if isinstance(x, Recorded):
        return x.entry
    return tuple(map(_entry, x)) if isinstance(x, list | tuple) else x
