"""The recorded graph: a list of entries, each one operation, with its operands, static
shape and type.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

BATCH = None
"""The one dimension whose length is not known, in a static shape."""

Shape = tuple[int | None, ...]


class Parameter(np.ndarray[Any, np.dtype[Any]]):
    """A fixed array that knows its name: that of the parameter it is, or was worked out
    from.
    """

    name: str = ""

    def __array_finalize__(self, source: Any) -> None:
        self.name = getattr(source, "name", "")

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """The result of numpy on it."""
        result = np.asarray(array).view(Parameter)
        result.name = self.name if self.name.endswith(FOLDED) else self.name + FOLDED
        return result


FOLDED = ".folded"
"""The ending of the name of a constant that was worked out from a parameter."""


def named(array: NDArray[Any], name: str) -> NDArray[Any]:
    """The array under a name, which its parts and views have too."""
    parameter = array.view(Parameter)
    parameter.name = name
    return parameter


class Entry:
    """One operation. Two entries are equal only if they are the same one.

    op         its name: a method of `Ops`, or one of `replay.OPERATORS` and
               `replay.FURTHER`;
               "input"; "loop", "result" and "states", see `Tape`
    operands   as the method takes them: entries, numbers, numpy arrays, tuples of these;
               row
               numbers and sizes
    shape      static; the batch is None
    dtype      float of the tape, int64 or bool
    scope      where it was recorded: "steps.1.tanh/", or "" outside of all
    """

    __slots__ = ("dtype", "op", "operands", "scope", "shape")

    def __init__(
        self, op: str, operands: tuple[Any, ...], shape: Shape, dtype: np.dtype[Any], scope: str
    ):
        self.op = op
        self.operands = operands
        self.shape = shape
        self.dtype = dtype
        self.scope = scope

    def __repr__(self) -> str:
        return f"{self.op} {self.dtype}{list(self.shape)}"


class Tape:
    """A formula, written down: `entries` in an order in which each can be computed from
    those before it.

    inputs    name -> its entry, of the operation "input"
    outputs   name -> the entry or the constant that it is
    docs      what inputs and outputs are, by name
    scope     of the loop, if the tape is its body: the scopes of its entries begin with
              it

    A loop is an entry "loop" (count, body, state ...) and one entry "result" (loop, i)
    for each state; an entry "states" (loop, i) is that state before each step, stacked.
    Its body is a tape of its own, with the inputs "step", "state.0" ... and the outputs
    "state.0" ...; what it uses of the tapes around it stands among its operands as it is.
    """

    __slots__ = ("docs", "dtype", "entries", "inputs", "outputs", "scope")

    def __init__(self, dtype: np.dtype[Any], scope: str = ""):
        self.dtype = dtype
        self.scope = scope
        self.inputs: dict[str, Entry] = {}
        self.outputs: dict[str, Any] = {}
        self.entries: list[Entry] = []
        self.docs: dict[str, str] = {}

    def like(self) -> Tape:
        """A tape with the same inputs, and nothing recorded yet."""
        tape = Tape(self.dtype, self.scope)
        tape.inputs, tape.docs = self.inputs, self.docs
        return tape


def entries_in(operands: Any) -> Iterator[Entry]:
    """The entries among operands, also those in tuples; not those that the body of a loop
    uses.
    """
    for operand in operands:
        if isinstance(operand, Entry):
            yield operand
        elif isinstance(operand, tuple):
            yield from entries_in(operand)


def used_by(loop: Entry) -> Iterator[Entry]:
    """The entries that a loop uses: its states, and what its body takes from outside of it."""
    _, body, *states = loop.operands
    yield from entries_in(states)
    yield from free_entries(body)


def free_entries(body: Tape) -> Iterator[Entry]:
    """The entries that the body of a loop takes from outside of it."""
    own = {*body.inputs.values(), *body.entries}
    for entry in body.entries:
        operands = used_by(entry) if entry.op == "loop" else entries_in(entry.operands)
        yield from (operand for operand in operands if operand not in own)
    yield from (entry for entry in entries_in(body.outputs.values()) if entry not in own)


def broadcast(*shapes: Shape) -> Shape:
    """The shape of an elementwise result; the batch wins over a constant's 1."""
    first = shapes[0]
    if all(shape == first for shape in shapes):
        return first
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


def indexed(shape: Shape, items: tuple[Any, ...]) -> Shape:
    """The shape of `x[items]`: whole numbers, slices and None, for the axes from the
    first one on.
    """
    sizes: list[int | None] = []
    axis = 0
    for item in items:
        if item is None:
            sizes.append(1)
            continue
        size = shape[axis]
        axis += 1
        if item == slice(None):
            sizes.append(size)
            continue
        assert size is not None, "the batch axis cannot be cut"
        rows = range(size)[item]
        if isinstance(rows, range):
            sizes.append(len(rows))
    return (*sizes, *shape[axis:])


def with_batch(shape: Shape) -> Shape:
    """The shape with the batch as its last axis."""
    return (*shape[:-1], BATCH)
