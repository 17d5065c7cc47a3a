"""Fixed numbers in C: literals, tables, and matrices in blocks without their zeros."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowspec.ops.c.packing import LANES, blocks, span
from flowspec.ops.c.values import FLAG, INDEX, REAL, WORD

C_TYPES = {FLAG: "int32_t", INDEX: "int32_t", WORD: "uint64_t"}


@dataclass(frozen=True)
class Table:
    """Numbers of one kind, one after the other."""

    name: str
    kind: str
    values: NDArray[Any]


@dataclass(frozen=True)
class Packed:
    """A matrix in blocks, by the fields of its struct, of which five are tables."""

    name: str
    fields: tuple[str, ...]

    def text(self) -> str:
        return f"const Matrix {self.name} = {{{', '.join(self.fields)}}};"


@dataclass
class Constants:
    """The tables of a file. What is written twice becomes one."""

    dtype: np.dtype[Any]
    all: list[Table | Packed] = field(default_factory=list)
    _names: dict[tuple[Any, ...], str] = field(default_factory=dict)

    @property
    def real(self) -> str:
        return "float" if self.dtype == np.float32 else "double"

    def c_type(self, kind: str) -> str:
        return C_TYPES.get(kind, self.real)

    def literal(self, value: Any, kind: str) -> str:
        """A number as C writes it."""
        if kind == WORD:
            return f"UINT64_C({int(value) % 2**64})"
        if kind in (FLAG, INDEX):
            return str(int(value))
        number = float(self.dtype.type(value))
        if math.isnan(number):
            return "NAN"
        if math.isinf(number):
            return "INFINITY" if number > 0 else "-INFINITY"
        text = f"{number:.9g}" if self.dtype == np.float32 else f"{number:.17g}"
        text += "" if {".", "e"} & set(text) else ".0"
        return text + ("f" if self.dtype == np.float32 else "")

    def table(self, values: NDArray[Any], kind: str) -> str:
        """The name of a table of numbers."""
        if kind == REAL:
            values = np.asarray(values, self.dtype)
        flat = np.ascontiguousarray(values).reshape(-1)
        key = (kind, flat.dtype.str, flat.tobytes())
        if key not in self._names:
            name = self._names[key] = f"c{len(self._names)}"
            self.all.append(Table(name, kind, flat))
        return self._names[key]

    @property
    def bytes(self) -> int:
        return sum(table.values.nbytes for table in self.all if isinstance(table, Table))

    @property
    def has_matrices(self) -> bool:
        return any(isinstance(each, Packed) for each in self.all)

    def texts(self, without: Collection[str] = ()) -> list[str]:
        """The definitions of all but those of these names."""
        return [self._text(each) for each in self.all if each.name not in without]

    def _text(self, one: Table | Packed) -> str:
        if isinstance(one, Packed):
            return f"static {one.text()}"
        numbers = [self.literal(value, one.kind) for value in one.values.tolist()] or ["0"]
        declared = f"ALIGNED static const {self.c_type(one.kind)} {one.name}[{len(numbers)}]"
        return f"{declared} = {{\n{wrapped(numbers)}}};"

    def matrix(self, matrix: NDArray[Any], bias: NDArray[Any] | None) -> str:
        """The name of a packed matrix: blocks of 8 outputs, each with the inputs from the first to
        the last whose weight is not 0.
        """
        outputs, inputs = matrix.shape
        padding = -outputs % LANES
        added = np.zeros(outputs) if bias is None else np.broadcast_to(bias.reshape(-1), outputs)
        starts, firsts, ends, packed = [], [], [], []
        size = 0
        for block in blocks(np.asarray(matrix, self.dtype)):
            first, end = span(block)
            packed.append(block[:, first:end].T.reshape(-1))
            starts.append(size)
            firsts.append(first)
            ends.append(end)
            size += packed[-1].size
        weights = np.concatenate([*packed, np.zeros(0)])
        parts = [
            self.table(weights, REAL),
            self.table(np.concatenate([added, np.zeros(padding)]), REAL),
            *(self.table(np.array(numbers), INDEX) for numbers in (starts, firsts, ends)),
        ]
        skipped = inputs if (min(firsts), max(firsts), min(ends)) != (0, 0, inputs) else 0
        whole = int(not any(firsts))
        key = ("matrix", skipped, whole, *parts)
        if key not in self._names:
            name = self._names[key] = f"m{len(self._names)}"
            self.all.append(Packed(name, (str(len(starts)), str(skipped), str(whole), *parts)))
        return self._names[key]


def wrapped(numbers: Sequence[str], width: int = 118) -> str:
    """Numbers in lines."""
    lines, line = [], ""
    for number in numbers:
        if line and len(line) + len(number) + 2 > width:
            lines.append(line)
            line = ""
        line += f"{number}, "
    return "\n".join([*lines, line.removesuffix(", ")])
