"""A tape, run by any interpreter of the vocabulary."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any

import numpy as np

from flowspec.ops.tape.tape import Entry, Tape

OPERATORS: Mapping[str, Callable[..., Any]] = {
    "negative": operator.neg,
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "equal": operator.eq,
    "logical_and": operator.and_,
    "logical_or": operator.or_,
    "logical_not": operator.invert,
    "getitem": operator.getitem,
    "result": operator.getitem,
    "states": lambda results, index: results.states[index],
}
"""Operators of Python, for interpreters whose values have them."""


def _with_batch(x: Any, like: Any) -> Any:
    shape = (*np.shape(x)[:-1], like.shape[-1])
    return x.expand(shape) if hasattr(x, "expand") else np.broadcast_to(x, shape)


FURTHER: Mapping[str, Callable[..., Any]] = {
    "transpose": lambda x: x.T,
    "turn": lambda matrix: matrix.swapaxes(-1, -2),
    "arange": lambda count: np.arange(int(count)),
    "batch_length": lambda x: np.int64(x.shape[-1]),
    "with_batch": _with_batch,
    "cast": lambda x, dtype: x.astype(dtype),
}
"""Operations that graphs need besides the vocabulary, for interpreters on numpy arrays.
"""


class _Results(tuple[Any, ...]):
    """The states behind a loop; `states` are those before each step that are asked for, stacked."""

    states: Mapping[int, Any]


def replay(tape: Tape, ops: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of a tape by name, from its inputs: values of the interpreter `ops`."""
    return run(tape, ops, inputs, {})


def run(tape: Tape, ops: Any, inputs: Mapping[str, Any], known: dict[Entry, Any]) -> dict[str, Any]:
    """The same. `known`: the values of entries outside of the tape; those of its own are added."""
    for name, entry in tape.inputs.items():
        known[entry] = inputs[name]
    kept: dict[Entry, list[int]] = {}
    for entry in tape.entries:
        if entry.op == "states":
            kept.setdefault(entry.operands[0], []).append(entry.operands[1])
    for scope, entries in groupby(tape.entries, key=lambda entry: entry.scope):
        with ops.scope(scope.removeprefix(tape.scope).rstrip("/")):
            for entry in entries:
                if entry.op == "loop":
                    known[entry] = _looped(entry, ops, known, kept.get(entry, []))
                else:
                    known[entry] = _perform(entry, ops, known)
    return {name: _value(x, ops, known) for name, x in tape.outputs.items()}


def _looped(loop: Entry, ops: Any, known: dict[Entry, Any], kept: list[int]) -> Any:
    count, body, *state = loop.operands

    def again(*carried: Any) -> list[Any]:
        inputs = dict(zip(body.inputs, carried, strict=True))
        return list(run(body, ops, inputs, known).values())

    start = [_value(x, ops, known) for x in state]
    if not kept:
        return ops.loop(count, again, *start)
    after, stacks = ops.loop_and_states(count, again, kept, *start)
    results = _Results(after)
    results.states = dict(zip(kept, stacks, strict=True))
    return results


def _perform(entry: Entry, ops: Any, known: dict[Entry, Any]) -> Any:
    perform = getattr(ops, entry.op, None) or OPERATORS.get(entry.op) or FURTHER[entry.op]
    return perform(*[_value(x, ops, known) for x in entry.operands])


def _value(operand: Any, ops: Any, known: Mapping[Entry, Any]) -> Any:
    """An operand as the interpreter has it."""
    if isinstance(operand, Entry):
        return known[operand]
    if isinstance(operand, tuple):
        return tuple([_value(x, ops, known) for x in operand])
    if isinstance(operand, np.ndarray):
        if operand.dtype.kind == "f":
            return ops.constant(operand)
        return operand if operand.dtype.kind == "b" else ops.whole(operand)
    return operand
