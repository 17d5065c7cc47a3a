"""Sums and products as statements."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from flowspec.ops.c import expressions as ex
from flowspec.ops.c.constants import Constants
from flowspec.ops.c.fusion import Loops
from flowspec.ops.c.memory import Statement, Turns
from flowspec.ops.c.packing import LANES, order
from flowspec.ops.c.places import Places
from flowspec.ops.c.values import INDEX, REAL, View, of_event, part
from flowspec.ops.tape.tape import Entry


class Products(Places):
    """Writes sums along the first axis, and products with matrices."""

    def __init__(self, constants: Constants):
        super().__init__(constants)
        self._relu = False

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

    _sum = _any = _max = _reduction

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
        target = result = self.new(entry, padding=LANES)
        outputs = order(matrix)
        if outputs is not None:
            result = replace(target, place=self.buffer(REAL, target.rows, len(matrix)))
            matrix = matrix[outputs]
            bias = bias if bias is None else np.broadcast_to(bias.reshape(-1), len(matrix))[outputs]
        name = self.constants.matrix(matrix, bias)
        line = (
            f"  dense{'_relu' if self._relu else ''}(&{name}, {source.start()}, {result.start()});"
        )
        found.append(Statement([line], {source.place, result.place}))  # type: ignore[arg-type]
        if outputs is not None:
            found.append(self._put_back(result, target, outputs))
        return found

    def _put_back(self, source: View, target: View, outputs: np.ndarray) -> Statement:
        """Numbers that stand in another order, each at its place."""
        loops = Loops([len(outputs)], target.rows)
        places = self.constants.table(outputs, INDEX)
        left = loops.reference(replace(target, strides=(0,)), target.shape, row=f"{places}[i0]")
        loops.lines.append(f"{left} = {loops.reference(source, target.shape)};")
        return loops.statement()

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


def _flat(view: View) -> View:
    """A matrix as it meets values of rows: without an axis for these."""
    if view.rows:
        return view
    return replace(view, shape=(*view.shape, 1), strides=(*view.strides, 0))
