"""Gradients of what is recorded: reverse mode, which is recorded too.

The walk goes through the entries from the last to the first and asks `derivatives` for each. A
loop is gone through backwards by a loop: its states are kept as it runs forward, and each step is
recorded once more to be differentiated. So a gradient is a tape like any other, for every
interpreter, and it costs a few times what the value does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from flowspec.ops.tape.derivatives import (
    ELEMENTWISE,
    FLAT,
    NO_DERIVATIVE,
    SHAPED,
    NoDerivative,
    in_full,
    summed_to,
    zeros,
)
from flowspec.ops.tape.recorded import Recorded
from flowspec.ops.tape.recording import TapeOps
from flowspec.ops.tape.replay import run
from flowspec.ops.tape.tape import BATCH, Entry, Shape, Tape, entries_in, free_entries, used_by

Cotangents = dict[Entry, Any]


def gradient(
    ops: TapeOps, seeds: Sequence[tuple[Recorded, Any]], inputs: Sequence[Recorded]
) -> list[Any]:
    """The derivatives of sum(cotangent * value) with respect to `inputs`, in their shapes.

    All have the batch last.

    seeds   pairs of a recorded value and its cotangent

    Errors:  NoDerivative, where an operation on the way has none.
    """
    walk = _Walk(ops, [value.entry for value in inputs])
    found = walk.backwards(
        list(ops.entries), {value.entry: cotangent for value, cotangent in seeds}
    )
    return [_whole(ops, found.get(x.entry), x.shape, x) for x in inputs]


def _whole(ops: TapeOps, cotangent: Any, shape: Shape, like: Recorded) -> Any:
    """A cotangent in the whole shape of its value; zeros where there is none."""
    if cotangent is None:
        return ops.with_batch(zeros(shape), like)
    return in_full(cotangent, shape)


class _Walk:
    """The way back from results to the entries on which they depend.

    wanted   the entries whose cotangents are asked for
    """

    def __init__(self, ops: TapeOps, wanted: Iterable[Entry]):
        self._ops = ops
        self._active = set(wanted)

    def backwards(self, entries: Sequence[Entry], cotangents: Cotangents) -> Cotangents:
        """The cotangents of everything that the entries depend on, from those of results."""
        for entry in entries:
            if self._depends(entry):
                self._active.add(entry)
        for entry in reversed(entries):
            if entry in self._active and entry.op != "input":
                self._pass_on(entry, cotangents)
        return cotangents

    def _depends(self, entry: Entry) -> bool:
        if entry in self._ops.still or entry.op in FLAT or entry.dtype.kind != "f":
            return False
        operands = used_by(entry) if entry.op == "loop" else entries_in(entry.operands)
        return any(operand in self._active for operand in operands)

    def _pass_on(self, entry: Entry, cotangents: Cotangents) -> None:
        """Give the cotangent of an entry to its operands."""
        if entry.op == "result":
            return  # the loop itself asks for it
        with self._ops.at(entry.scope):
            if entry.op == "loop":
                self._loop(entry, cotangents)
            elif entry in cotangents:
                self._entry(entry, cotangents)

    def _entry(self, entry: Entry, cotangents: Cotangents) -> None:
        unknown = NO_DERIVATIVE.get(entry.op)
        if unknown is not None and self._is_active(entry.operands[unknown]):
            raise NoDerivative(entry.op, entry.scope)
        operands = tuple(self._recorded(x) for x in entry.operands)
        rule = ELEMENTWISE.get(entry.op) or SHAPED[entry.op]
        given = rule(self._ops, cotangents[entry], Recorded(self._ops, entry), *operands)
        for operand, cotangent in _pairs(entry.operands, given):
            if operand in self._active and cotangent is not None:
                if entry.op in ELEMENTWISE:
                    cotangent = summed_to(self._ops, cotangent, entry.shape, operand.shape)
                self._add(cotangents, operand, cotangent)

    @staticmethod
    def _add(cotangents: Cotangents, entry: Entry, cotangent: Any) -> None:
        before = cotangents.get(entry)
        cotangents[entry] = cotangent if before is None else before + cotangent

    def _is_active(self, operand: Any) -> bool:
        return isinstance(operand, Entry) and operand in self._active

    def _recorded(self, x: Any) -> Any:
        if isinstance(x, Entry):
            return Recorded(self._ops, x)
        return tuple(map(self._recorded, x)) if isinstance(x, tuple) else x

    # --- loops ------------------------------------------------------------------------------------

    def _loop(self, loop: Entry, cotangents: Cotangents) -> None:
        """A loop backwards: states of the forward one, step by step from the last."""
        ops = self._ops
        count, body, *states = loop.operands
        after_by_index = self._cotangents_behind(loop, cotangents)
        if not after_by_index:
            return
        like = self._like(loop)
        after = [
            _whole(ops, after_by_index.get(i), x.shape, like)
            for i, x in enumerate(list(body.inputs.values())[1:])
        ]
        outer = [x for x in dict.fromkeys(free_entries(body)) if x in self._active]
        nothing = [ops.with_batch(zeros(x.shape), like) for x in outer]
        kept = [ops.states_before(loop, i) for i in range(len(states))]

        def back(step: Any, *carried: Any) -> list[Any]:
            cots, sums = carried[: len(after)], carried[len(after) :]
            turn = (count - 1.0) - step
            before = [ops.pick(rows, turn) for rows in kept]
            return self._step_back(body, turn, before, cots, outer, sums)

        found = ops.loop(count, back, *after, *nothing)
        for entry, cotangent in zip([*states, *outer], found, strict=True):
            if self._is_active(entry):
                self._add(cotangents, entry, cotangent)

    def _step_back(
        self,
        body: Tape,
        step: Any,
        states: Sequence[Any],
        cotangents: Sequence[Any],
        outer: Sequence[Entry],
        sums: Sequence[Any],
    ) -> list[Any]:
        """The cotangents before a step from those behind it; what is owed to entries outside of
        the loop is added up.
        """
        ops = self._ops
        start = len(ops.entries)
        inputs = dict(zip(body.inputs, (step, *states), strict=True))
        known = {entry: Recorded(ops, entry) for entry in free_entries(body)}
        outputs = run(body, ops, inputs, known)
        ops.still.update(known[x].entry for x in body.entries if x in ops.still and x.op != "loop")
        inner = _Walk(ops, [*(x.entry for x in states), *outer])
        seeds: Cotangents = {}
        for value, cotangent in zip(outputs.values(), cotangents, strict=True):
            if isinstance(value, Recorded):
                self._add(seeds, value.entry, cotangent)
        found = inner.backwards(list(ops.entries[start:]), seeds)
        back = [_whole(ops, found.get(x.entry), x.shape, x) for x in states]
        owed = [
            total + found[entry] if entry in found else total
            for entry, total in zip(outer, sums, strict=True)
        ]
        return [*back, *owed]

    def _cotangents_behind(self, loop: Entry, cotangents: Cotangents) -> dict[int, Any]:
        """The cotangents of the states behind a loop, of those that have one."""
        return {
            entry.operands[1]: cotangents[entry]
            for entry in self._ops.entries
            if entry.op == "result" and entry.operands[0] is loop and entry in cotangents
        }

    def _like(self, loop: Entry) -> Recorded:
        """A value with the batch of a loop."""
        batched = (x for x in used_by(loop) if x.shape and x.shape[-1] is BATCH)
        return Recorded(self._ops, next(batched))


def _pairs(operands: Sequence[Any], given: Sequence[Any]) -> Iterable[tuple[Entry, Any]]:
    """The entries among operands, each with what it is given; lists item by item."""
    for operand, cotangent in zip(operands, given, strict=False):
        if isinstance(operand, Entry):
            yield operand, cotangent
        elif isinstance(operand, tuple) and isinstance(cotangent, tuple):
            yield from _pairs(operand, cotangent)
