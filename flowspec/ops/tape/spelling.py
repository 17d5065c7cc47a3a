"""Tapes in the words of a writer: what it lacks as formulas of what it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowspec.ops.primitives import Primitives
from flowspec.ops.tape.passes import simplified
from flowspec.ops.tape.recorded import Recorded, shape_of
from flowspec.ops.tape.recording import TapeOps
from flowspec.ops.tape.replay import replay
from flowspec.ops.tape.tape import Shape, Tape, broadcast
from flowspec.ops.vocabulary import Array

Spelling = Callable[..., Array]
Spellings = Mapping[str, Spelling]
"""Operation -> what is written for it."""


@dataclass(frozen=True)
class Dialect:
    """How a target has its graphs.

    spellings   operation -> the formula that is written for it, where that is another
    loops       False where loops are written out, turn by turn
    """

    spellings: Spellings
    loops: bool = True


class SpellingOps(TapeOps):
    """Records operations as a dialect spells them."""

    def __init__(self, dialect: Dialect, like: Tape):
        super().__init__(like.dtype, like)
        self._dialect = dialect

    def record(
        self, op: str, operands: Sequence[Any], shape: Shape, dtype: np.dtype[Any]
    ) -> Recorded:
        spelling = self._dialect.spellings.get(op)
        value = (
            spelling(self, *operands) if spelling else super().record(op, operands, shape, dtype)
        )
        assert isinstance(value, Recorded)
        return value

    def native_of(
        self, op: str, operands: Sequence[Any], shape: Shape, dtype: np.dtype[Any]
    ) -> Recorded:
        return super().record(op, operands, shape, dtype)

    def native(self, op: str, *values: Any, dtype: np.dtype[Any] | None = None) -> Recorded:
        if dtype is None:
            dtype = next(x.dtype for x in values if isinstance(x, Recorded))
        return super().record(op, values, broadcast(*map(shape_of, values)), dtype)

    def loop(self, count: int, body: Callable[..., Sequence[Any]], *state: Any) -> tuple[Any, ...]:
        if self._dialect.loops:
            return super().loop(count, body, *state)
        return Primitives.loop(self, count, body, *state)

    def loop_and_states(
        self, count: int, body: Callable[..., Sequence[Any]], kept: Sequence[int], *state: Any
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        if self._dialect.loops:
            return super().loop_and_states(count, body, kept, *state)
        return Primitives.loop_and_states(self, count, body, kept, *state)

    def solve(self, matrix: Any, x: Any) -> Any:
        """The matrix is a constant, inverted beforehand."""
        return self.matmul(np.linalg.inv(np.asanyarray(matrix)), x)

    def log_gamma_gradient(self, concentration: Any, log_x: Any) -> Any:
        return log_x


def spelt(tape: Tape, dialect: Dialect) -> Tape:
    """The tape in operations that a dialect has, simplified."""
    ops = SpellingOps(dialect, tape)
    inputs = {name: Recorded(ops, entry) for name, entry in tape.inputs.items()}
    for name, value in replay(simplified(tape), ops, inputs).items():
        ops.output(name, value, tape.docs[name])
    return simplified(ops.tape)


def logsumexp(ops: TapeOps, x: Array) -> Array:
    """By the largest entry, which `max` gives."""
    top = ops.record("max", (x,), x.shape[1:], ops.dtype)
    # Where every entry is -inf, or one is inf, x - top would be NaN.
    largest = float(np.finfo(ops.dtype).max)
    return ops.log(ops.sum(ops.exp(x - ops.clip(top, -largest, largest)))) + top
