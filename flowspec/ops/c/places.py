"""Where the values of a tape stand while it is written: what all writers of statements share."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from flowspec.ops.c import expressions as ex
from flowspec.ops.c.constants import Constants
from flowspec.ops.c.fusion import Loops
from flowspec.ops.c.memory import Statement, Turns
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
from flowspec.ops.tape.tape import Entry, Tape, entries_in


class Places:
    """The places of values, and the moves between them.

    called   names of functions that the statements call, for whoever writes the file
    special  those of them that are formulas of the vocabulary
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

    # --- what writers give ------------------------------------------------------------------------

    def block(self, tape: Tape) -> list[Statement | Turns]:
        """The statements of a tape, or of the body of a loop, whose inputs stand somewhere."""
        raise NotImplementedError

    def single(self, entry: Entry, relu: bool = False) -> list[Statement | Turns]:
        """The statements of an operation that is not elementwise.

        relu   True where a product is followed by the activation of this name
        """
        raise NotImplementedError

    def is_dense(self, entry: Entry) -> bool:
        """True for a product with a fixed matrix, in blocks."""
        raise NotImplementedError

    def reduced(self, loops: Loops, entry: Entry, value: str, shape: tuple[int, ...]) -> None:
        """Add a reduction over the first axis to loops in whose body a value of `shape` stands."""
        raise NotImplementedError

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
        self.called.update(re.findall(r"\w+(?=\()", typed))
        return typed

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
