"""A tape as the body of a function of C."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flowspec.ops.c import expressions as ex
from flowspec.ops.c.constants import Constants
from flowspec.ops.c.fusion import Loops
from flowspec.ops.c.memory import Statement, Turns
from flowspec.ops.c.schedule import schedule
from flowspec.ops.c.values import (
    FLAG,
    INDEX,
    REAL,
    WORD,
    Buffer,
    View,
    contiguous,
    exchanged,
    flattened,
    of_event,
    part,
    rows_of,
    unflattened,
)
from flowspec.ops.stages import StagedNetwork
from flowspec.ops.tape.tape import Entry, Tape, entries_in, used_by

LONGEST_GROUP = 150
"""Operations in one loop: beyond it compilers take long, and registers are full anyway."""


@dataclass
class Stages:
    """Where a masked network that is worked out stage by stage has its numbers: layer by layer the
    matrix, the sums, what activations make of them, and the table of units known at each stage.
    """

    name: str
    matrices: list[str]
    sums: list[Buffer]
    values: list[Buffer]
    ends: list[str]
    known: str = ""


class Writer:
    """Writes a tape as statements.

    called   names of functions that the statements call, for whoever writes the file
    """

    def __init__(self, constants: Constants):
        self.constants = constants
        self.called: set[str] = set()
        self.special: dict[str, Callable[[Any, Any], Any]] = {}
        self.places: dict[Entry, View] = {}
        self.kinds: dict[Entry, str] = {}
        self.buffers: list[Buffer] = []
        self.loop_states: dict[Entry, list[View]] = {}
        self.stacks: dict[tuple[Entry, int], View] = {}
        self.counters: dict[Any, str] = {}
        self.kept: Mapping[Entry, Sequence[int]] = {}
        self.plans: dict[Entry, Stages] = {}
        self._networks = 0
        self._relu = False
        self._depth = 0
        self._rows_picked = 0

    # --- values -----------------------------------------------------------------------------------

    def kind_of(self, entry: Entry) -> str:
        """What its numbers are."""
        if entry not in self.kinds:
            self.kinds[entry] = self._kind(entry)
        return self.kinds[entry]

    def _kind(self, entry: Entry) -> str:
        if entry.dtype.kind == "f":
            return REAL
        if entry.dtype.kind == "b":
            return FLAG
        if entry.op == "to_index":
            return INDEX
        if entry.op in ("input", "arange", "batch_length"):
            return WORD
        sources = [self.kind_of(x) for x in entries_in(entry.operands) if x.dtype.kind == "i"]
        return INDEX if INDEX in sources else WORD

    def buffer(self, kind: str, rows: bool, size: int) -> Buffer:
        """A new piece of memory. All begin at multiples of 8 numbers, for aligned moves."""
        whole = max(-(-size // 8) * 8, 8)
        found = Buffer(FLAG if kind == INDEX else kind, rows, whole, len(self.buffers))
        self.buffers.append(found)
        return found

    def new(self, entry: Entry, padding: int = 1) -> View:
        """A place for a value, element after element."""
        shape, rows = of_event(entry.shape)
        kind = self.kind_of(entry)
        size = -(-math.prod(shape) // padding) * padding
        view = View(self.buffer(kind, rows, size), 0, shape, contiguous(shape), rows, kind)
        self.places[entry] = view
        return view

    def constant(self, value: Any, kind: str) -> View:
        """A table as a view. Its last axis stays, also where it is 1."""
        array = np.asarray(value)
        name = self.constants.table(array, kind)
        return View(name, 0, array.shape, contiguous(array.shape), False, kind)

    def view(self, operand: Any, kind: str = REAL) -> View:
        """An operand that stands somewhere."""
        return self.places[operand] if isinstance(operand, Entry) else self.constant(operand, kind)

    def call(self, text: str) -> str:
        """A text with calls, which are noted."""
        typed = ex.typed(text, self.constants.real == "float")
        self.called.update(name + "(" for name in typed.replace(" ", "(").split("(") if name)
        return typed

    # --- order ------------------------------------------------------------------------------------

    def block(self, tape: Tape) -> list[Statement | Turns]:
        """The statements of a tape, or of the body of a loop, whose inputs stand somewhere."""
        return schedule(self, tape)

    # --- what is no loop over elements ------------------------------------------------------------

    def as_view(self, entry: Entry) -> View | None:
        """The place of a value that needs no statement: part of another one."""
        source: Any = entry.operands[0] if entry.operands else None
        if entry.op == "transpose":
            return self.places[source]
        if entry.op == "result":
            return self.loop_states[source][entry.operands[1]]
        if entry.op == "states":
            return self.stacks[source, entry.operands[1]]
        if entry.op == "pick":
            counter = self.counters.get(entry.operands[1])
            return self._row(entry, counter) if counter else None
        if not isinstance(source, Entry) or source not in self.places:
            return None
        at = self.places[source]
        if entry.op == "getitem":
            return part(at, entry.operands[1])
        if entry.op == "take":
            return rows_of(at, entry.operands[1])
        if entry.op == "unflatten":
            return unflattened(at, entry.operands[1])
        if entry.op == "flatten":
            return flattened(at)
        if entry.op == "exchange":
            return exchanged(at, (0, 1))
        if entry.op == "turn":
            return exchanged(at, (len(at.shape) - 2, len(at.shape) - 1))
        return None

    def _row(self, entry: Entry, step: str) -> View:
        view = self.view(entry.operands[0], self.kind_of(entry))
        moving = f"{step} * {view.strides[0]}"
        return replace(
            view,
            shape=view.shape[1:],
            strides=view.strides[1:],
            moving=f"{view.moving} + {moving}" if view.moving else moving,
        )

    def copy(self, source: View, target: View) -> Statement:
        """Numbers from one place to another one of the same shape."""
        loops = Loops([size for size in target.shape if size != 1], target.rows)
        left = loops.reference(target, target.shape)
        loops.lines.append(f"{left} = {loops.reference(source, target.shape)};")
        return loops.statement()

    def contiguous(self, view: View, statements: list[Statement | Turns]) -> View:
        """The view, copied where its elements do not stand one after the other."""
        if view.is_contiguous and not (view.moving and isinstance(view.place, Buffer)):
            return view
        size = math.prod(view.shape)
        place = self.buffer(view.kind, view.rows, size)
        target = View(place, 0, view.shape, contiguous(view.shape), view.rows, view.kind)
        statements.append(self.copy(view, target))
        return target

    def is_dense(self, entry: Entry) -> bool:
        """True for a product with a fixed matrix, in blocks."""
        if entry.op == "linear":
            return not any(isinstance(x, Entry) for x in entry.operands[::2])
        matrix = entry.operands[0] if entry.op == "matmul" else None
        return (
            isinstance(matrix, np.ndarray)
            and matrix.ndim == 2
            and len(of_event(entry.shape)[0]) == 1
        )

    def single(self, entry: Entry, relu: bool = False) -> list[Statement | Turns]:
        """The statements of an operation that is not elementwise.

        relu   True where a product is followed by the activation of this name
        """
        self._relu = relu
        write: Callable[..., list[Statement | Turns]] | None = getattr(self, f"_{entry.op}", None)
        if write is None:
            raise NotImplementedError(entry.op)
        return write(entry, *entry.operands)

    def _take(self, entry: Entry, x: Any, rows: tuple[int, ...]) -> list[Statement | Turns]:
        source, target = self.view(x), self.new(entry)
        loops = Loops([size for size in target.shape if size != 1], target.rows)
        index = self.constants.table(np.array(rows), INDEX)
        stride = source.strides[0]
        rest = replace(source, shape=(1, *source.shape[1:]), strides=(0, *source.strides[1:]))
        left = loops.reference(target, target.shape)
        right = loops.reference(rest, target.shape, row=f"{index}[i0] * {stride}")
        loops.lines.append(f"{left} = {right};")
        return [loops.statement()]

    def _flatten(self, entry: Entry, x: Any) -> list[Statement | Turns]:
        source, target = self.view(x), self.new(entry)
        return [self.copy(source, unflattened(target, source.shape[:2]))]

    def _concat(self, entry: Entry, parts: tuple[Any, ...]) -> list[Statement | Turns]:
        target, first, found = self.new(entry), 0, []
        for each in parts:
            source = self.view(each, target.kind)
            count = source.shape[0]
            piece = part(target, (slice(first, first + count),))
            found.append(self.copy(source, piece))
            first += count
        return list(found)

    def _stack(self, entry: Entry, parts: tuple[Any, ...]) -> list[Statement | Turns]:
        target = self.new(entry)
        found = []
        for row, each in enumerate(parts):
            piece = part(target, (row,))
            source = self.view(each if isinstance(each, Entry) else np.asarray(each), target.kind)
            found.append(self.copy(source, piece))
        return list(found)

    def _with_batch(self, entry: Entry, x: Any, like: Any) -> list[Statement | Turns]:
        return [self.copy(self.view(x, self.kind_of(entry)), self.new(entry))]

    def _cumsum(self, entry: Entry, x: Any) -> list[Statement | Turns]:
        source, target = self.view(x), self.new(entry)
        rows = target.shape[0]
        first = self.copy(part(source, (0,)), part(target, (0,)))
        if rows == 1:
            return [first]
        rest = part(target, (slice(1, rows),))
        loops = Loops([size for size in rest.shape if size != 1], target.rows)
        left = loops.reference(rest, rest.shape)
        before = loops.reference(part(target, (slice(0, rows - 1),)), rest.shape)
        more = loops.reference(part(source, (slice(1, rows),)), rest.shape)
        loops.lines.append(f"{left} = {before} + {more};")
        return [first, loops.statement()]

    def _reduction(self, entry: Entry, x: Any) -> list[Statement | Turns]:
        source = self.view(x, self.kind_of(entry))
        loops = Loops([size for size in source.shape if size != 1], source.rows)
        value = loops.reference(source, source.shape)
        self.reduced(loops, entry, value, source.shape)
        return [loops.statement()]

    _sum = _any = _max = _reduction

    def reduced(self, loops: Loops, entry: Entry, value: str, shape: tuple[int, ...]) -> None:
        """Add a reduction over the first axis to loops in whose body a value of `shape` stands."""
        target = self.new(entry)
        start, join = ex.REDUCTIONS[entry.op]
        size = math.prod(target.shape)
        real = self.constants.literal(float(start.replace("INFINITY", "inf")), target.kind)
        inner = "ROWS " if target.rows else ""
        loops.before.append(f"for (int e = 0; e < {size}; e++) {inner}{target.at('e')} = {real};")
        first_axis = 1 if shape[0] != 1 else 0
        total = loops.reference(target, target.shape, first_axis)
        loops.lines.append(f"{total} = {self.call(join.format(total, value))};")

    # --- products ---------------------------------------------------------------------------------

    def _linear(self, entry: Entry, weight: Any, x: Any, bias: Any) -> list[Statement | Turns]:
        if not self.is_dense(entry):
            product = self._product(entry, weight, x)
            target = self.places[entry]
            loops = Loops([size for size in target.shape if size != 1], target.rows)
            left = loops.reference(target, target.shape)
            right = loops.reference(self.view(bias), target.shape)
            loops.lines.append(f"{left} = {left} + {right};")
            return [*product, loops.statement()]
        return self._dense(entry, np.asarray(weight), x, np.asarray(bias))

    def _matmul(self, entry: Entry, matrix: Any, x: Any) -> list[Statement | Turns]:
        if self.is_dense(entry):
            return self._dense(entry, matrix, x, None)
        return self._product(entry, matrix, x)

    def _dense(
        self, entry: Entry, matrix: np.ndarray, x: Any, bias: np.ndarray | None
    ) -> list[Statement | Turns]:
        found: list[Statement | Turns] = []
        source = self.contiguous(self.view(x), found)
        target = self.new(entry, padding=8)
        name = self.constants.matrix(matrix, bias)
        line = (
            f"  dense{'_relu' if self._relu else ''}(&{name}, {source.start()}, {target.start()});"
        )
        found.append(Statement([line], {source.place, target.place}))  # type: ignore[arg-type]
        return found

    def _product(self, entry: Entry, matrix: Any, x: Any) -> list[Statement | Turns]:
        """A product with a matrix that is no table, or with a stack of matrices."""
        left, right, target = self.view(matrix), self.view(x), self.new(entry)
        # (..., M, D) times (..., D) with the batch behind.
        *stack, rows, inner = left.shape
        shape = target.shape
        before = len(shape) - 1 - len(stack)
        full = (*shape, inner)
        left = replace(
            left,
            shape=(*(1 for _ in range(before)), *stack, rows, inner),
            strides=(*(0 for _ in range(before)), *left.strides),
        )
        right = replace(
            right,
            shape=(*right.shape[:-1], 1, right.shape[-1]),
            strides=(*right.strides[:-1], 0, right.strides[-1]),
        )
        return [self._contracted(target, left, right, full)]

    def _contracted(
        self, target: View, left: View, right: View, full: tuple[int, ...]
    ) -> Statement:
        """target = sum of left * right over the last axis of `full`."""
        loops = Loops([size for size in full if size != 1], target.rows)
        where = replace(target, shape=(*target.shape, 1), strides=(*target.strides, 0))
        total = loops.reference(where, full)
        a = _flat(left) if target.rows else left
        product = f"{loops.reference(a, full)} * {loops.reference(right, full)}"
        size = math.prod(target.shape)
        inner = "ROWS " if target.rows else ""
        zero = self.constants.literal(0.0, REAL)
        loops.before.append(f"for (int e = 0; e < {size}; e++) {inner}{target.at('e')} = {zero};")
        loops.lines.append(f"{total} = {total} + {product};")
        return loops.statement()

    def _combine(self, entry: Entry, matrix: Any, x: Any) -> list[Statement | Turns]:
        if matrix.shape[0] == matrix.shape[1] and (matrix == np.tril(np.ones(matrix.shape))).all():
            return self._cumsum(entry, x)
        right, target = self.view(x), self.new(entry)
        table = self.constant(matrix, REAL)
        count, inner = table.shape
        rest = right.shape[1:]
        full = (count, *rest, inner)
        ones, zeros = (1,) * len(rest), (0,) * len(rest)
        left = replace(table, shape=(count, *ones, inner), strides=(inner, *zeros, 1))
        moved = replace(
            right,
            shape=(1, *rest, inner),
            strides=(0, *right.strides[1:], right.strides[0]),
        )
        return [self._contracted(target, left, moved, full)]

    # --- rows and loops ---------------------------------------------------------------------------

    def _pick(self, entry: Entry, rows: Any, step: Any) -> list[Statement | Turns]:
        """A row whose number is worked out: the last one first, on the way back."""
        self._rows_picked += 1
        name, at = f"row{self._rows_picked}", self.places[step]
        self.places[entry] = self._row(entry, name)
        text = f"  const int {name} = (int){at.at('')};"
        return [Statement([text], {at.place})]  # type: ignore[arg-type]

    def _arange(self, entry: Entry, count: Any) -> list[Statement | Turns]:
        target = self.new(entry)
        line = f"  ROWS {target.at('')} = row + (uint64_t)j;"
        return [Statement([line], {target.place})]  # type: ignore[arg-type]

    def _batch_length(self, entry: Entry, x: Any) -> list[Statement | Turns]:
        return []

    def _loop(self, entry: Entry, count: int, body: Tape, *state: Any) -> list[Statement | Turns]:
        counter = f"step{self._depth}"
        self._depth += 1
        found: list[Statement | Turns] = []
        carried = []
        for index, start in enumerate(state):
            inner = body.inputs[f"state.{index}"]
            shape, rows = of_event(inner.shape)
            kind = self.kind_of(inner) if inner.dtype.kind != "i" else self._kind_of_start(start)
            self.kinds[inner] = kind
            place = self.buffer(kind, rows, math.prod(shape))
            target = View(place, 0, shape, contiguous(shape), rows, kind)
            self.places[inner] = target
            source = self.view(start if isinstance(start, Entry) else _with_axes(start, rows), kind)
            found.append(self.copy(source, target))
            carried.append(target)
        step = body.inputs["step"]
        number = self.buffer(REAL, False, 1)
        self.counters[step] = counter
        self.places[step] = View(number, 0, (), (), False, REAL)
        self.loop_states[entry] = carried
        for inner in body.entries:
            if inner.op == "stage_of":
                found += self._stages_begin(inner)
        turns = Turns(f"for (int {counter} = 0; {counter} < {count}; {counter}++) {{", [])
        for index in self.kept.get(entry, ()):
            shape = (count, *carried[index].shape)
            target = View(
                self.buffer(carried[index].kind, carried[index].rows, math.prod(shape)),
                0, shape, contiguous(shape), carried[index].rows, carried[index].kind,
            )  # fmt: skip
            self.stacks[entry, index] = target
            row = replace(
                target, shape=shape[1:], strides=target.strides[1:],
                moving=f"{counter} * {target.strides[0]}",
            )  # fmt: skip
            turns.body.append(self.copy(carried[index], row))
        if _computes_with(body, step):
            text = f"  {self.places[step].at('')} = ({self.constants.real}){counter};"
            turns.body.append(Statement([text], {number}))
        turns.body += self.block(body)
        turns.body += self._carried(
            carried, [body.outputs[f"state.{i}"] for i in range(len(state))]
        )
        self._depth -= 1
        return [*found, turns]

    # --- masked networks, stage by stage ---------------------------------------------------------

    def _stages_begin(self, entry: Entry) -> list[Statement | Turns]:
        """Before the first stage: the sums of all units are their biases."""
        network: StagedNetwork = entry.operands[0]
        self._networks += 1
        plan = Stages(f"{self._networks}", [], [], [], [])
        found: list[Statement | Turns] = []
        for index, layer in enumerate(network.layers):
            name = self.constants.matrix(layer.matrix, layer.bias)
            sums = self.buffer(REAL, True, -(-len(layer.bias) // 8) * 8)
            last = index + 1 == len(network.layers)
            values = sums if last else self.buffer(REAL, True, len(layer.bias))
            plan.matrices.append(name)
            plan.sums.append(sums)
            plan.values.append(values)
            plan.ends.append(self.constants.table(np.array((0, *layer.ends)), INDEX))
            done = f"done{plan.name}_{index}"
            text = [
                f"  int {done}[{-(-len(layer.bias) // 8)}];",
                f"  begin(&{name}, {self._start(sums)}, {done});",
            ]
            found.append(Statement(text, {sums, values}))
        plan.known = self.constants.table(np.array((0, *network.known)), INDEX)
        self.plans[entry] = plan
        return found

    def _start(self, buffer: Buffer) -> str:
        return f"{buffer.array} + @{buffer.number}+0@ * T"

    def _stage_of(
        self, entry: Entry, network: StagedNetwork, x: Any, step: Any
    ) -> list[Statement | Turns]:
        plan, counter, source = self.plans[entry], self.counters[step], self.view(x)
        lines, touched = [], {source.place}
        inputs, known = source.start(), plan.known
        for index, layer in enumerate(network.layers):
            sums, values, ends = plan.sums[index], plan.values[index], plan.ends[index]
            touched |= {sums, values}
            lines.append(
                f"  advance(&{plan.matrices[index]}, {inputs}, {known}[{counter}], "
                f"{known}[{counter} + 1], {ends}[{counter}], {ends}[{counter} + 1], "
                f"done{plan.name}_{index}, {self._start(sums)});"
            )
            if sums is not values:
                name, formula = layer.activation
                self.special[name] = formula
                value = self.call(f"{name}_t(z[u * T + j])")
                lines += [
                    f"  {{ REAL *z = {self._start(sums)}, *h = {self._start(values)};",
                    f"    for (int u = {ends}[{counter}]; u < {ends}[{counter} + 1]; u++)",
                    f"      ROWS h[u * T + j] = {value}; }}",
                ]
            inputs, known = self._start(values), ends
        shape, _ = of_event(entry.shape)
        moving = f"{counter} * {network.outputs}"
        self.places[entry] = View(plan.sums[-1], 0, shape, contiguous(shape), True, REAL, moving)
        return [Statement(lines, touched)]  # type: ignore[arg-type]

    def _replaced(
        self, entry: Entry, x: Any, rows: Any, first: int, step: Any
    ) -> list[Statement | Turns]:
        """In the place of x, which is not used again."""
        whole, source = self.view(x), self.view(rows)
        count, stride = source.shape[0], whole.strides[0]
        target = replace(
            whole,
            offset=whole.offset + first * stride,
            shape=source.shape,
            moving=f"{self.counters[step]} * {count * stride}",
        )
        self.places[entry] = whole
        return [self.copy(source, target)]

    def _kind_of_start(self, start: Any) -> str:
        return self.kind_of(start) if isinstance(start, Entry) else WORD

    def _carried(self, carried: Sequence[View], outputs: Sequence[Any]) -> list[Statement | Turns]:
        """The states for the next turn, by way of copies where one state is made of another."""
        first: list[Statement | Turns] = []
        second: list[Statement | Turns] = []
        states = {view.place for view in carried}
        for target, value in zip(carried, outputs, strict=True):
            source = self.view(
                value if isinstance(value, Entry) else _with_axes(value, target.rows), target.kind
            )
            if source.place in states and source.place is not target.place:
                place = self.buffer(target.kind, target.rows, math.prod(target.shape))
                between = replace(target, place=place)
                first.append(self.copy(source, between))
                source = between
            if source.place is not target.place:
                second.append(self.copy(source, target))
        return [*first, *second]

    def write(self, tape: Tape) -> list[Statement | Turns]:
        """All statements of a graph, whose inputs stand somewhere."""
        self.kept = _kept_states(tape)
        return self.block(tape)


def _computes_with(body: Tape, step: Entry) -> bool:
    """True where the number of a turn is more than the row that is picked."""
    return any(
        step in (used_by(entry) if entry.op == "loop" else entries_in(entry.operands))
        for entry in body.entries
        if entry.op not in ("pick", "stage_of", "replaced")
    )


def _with_axes(value: Any, rows: bool) -> Any:
    array = np.asarray(value)
    return array.reshape(1) if rows and not array.shape else array


def _flat(view: View) -> View:
    """A matrix as it meets values of rows: without an axis for these."""
    if view.rows:
        return view
    return replace(view, shape=(*view.shape, 1), strides=(*view.strides, 0))


def _kept_states(tape: Tape) -> dict[Entry, list[int]]:
    kept: dict[Entry, list[int]] = {}
    for entry in tape.entries:
        if entry.op == "states":
            kept.setdefault(entry.operands[0], []).append(entry.operands[1])
        if entry.op == "loop":
            kept |= _kept_states(entry.operands[1])
    return kept
