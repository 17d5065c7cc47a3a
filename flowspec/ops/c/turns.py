"""Loops of a tape as loops of C, and masked networks that are worked out in them stage by stage."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flowspec.ops.c.constants import Constants
from flowspec.ops.c.memory import Statement, Turns
from flowspec.ops.c.places import Places
from flowspec.ops.c.values import INDEX, REAL, WORD, Buffer, View, contiguous, of_event
from flowspec.ops.stages import StagedNetwork
from flowspec.ops.tape.tape import Entry, Tape, entries_in, used_by


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


class Loop(Places):
    """Writes loops, what depends on the number of a turn, and the numbers of rows."""

    def __init__(self, constants: Constants):
        super().__init__(constants)
        self.kept: Mapping[Entry, Sequence[int]] = {}
        self.plans: dict[Entry, Stages] = {}
        self._networks = 0
        self._depth = 0
        self._rows_picked = 0

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


def kept_states(tape: Tape) -> dict[Entry, list[int]]:
    kept: dict[Entry, list[int]] = {}
    for entry in tape.entries:
        if entry.op == "states":
            kept.setdefault(entry.operands[0], []).append(entry.operands[1])
        if entry.op == "loop":
            kept |= kept_states(entry.operands[1])
    return kept
