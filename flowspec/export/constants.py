"""The constants of a tape, and the component that each is of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from flowspec.ops.tape import Tape
from flowspec.ops.tape.tape import Entry


def constants(tape: Tape) -> Iterator[tuple[Entry, np.ndarray | float]]:
    """Arrays and numbers, with the operation that takes them; those of loops with the loop."""
    for entry in tape.entries:
        yield from ((entry, constant) for constant in _in(entry.operands))


def _in(operand: Any) -> Iterator[np.ndarray | float]:
    if isinstance(operand, np.ndarray | float):
        yield operand
    elif isinstance(operand, tuple):
        for item in operand:
            yield from _in(item)
    elif isinstance(operand, Tape):
        yield from (constant for _, constant in constants(operand))


def component_of(entry: Entry) -> str:
    """The path of the component that an operation is of: `steps.0` of `steps.0+1.affine/`."""
    first, _, rest = entry.scope.partition("/")[0].partition(".")
    return f"{first}.{rest.partition('.')[0].partition('+')[0]}" if rest else first
