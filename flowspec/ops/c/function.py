"""A tape as the body of a function of C."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from flowspec.ops.c.fusion import Loops
from flowspec.ops.c.memory import Statement, Turns
from flowspec.ops.c.products import Products
from flowspec.ops.c.schedule import schedule
from flowspec.ops.c.turns import Loop, kept_states
from flowspec.ops.c.values import INDEX, part, unflattened
from flowspec.ops.tape.tape import Entry, Tape


class Writer(Products, Loop):
    """Writes a tape as statements."""

    def block(self, tape: Tape) -> list[Statement | Turns]:
        """The statements of a tape, or of the body of a loop, whose inputs stand somewhere."""
        return schedule(self, tape)

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

    def write(self, tape: Tape) -> list[Statement | Turns]:
        """All statements of a graph, whose inputs stand somewhere."""
        self.kept = kept_states(tape)
        return self.block(tape)
