"""Fixed numbers in C: literals, tables, and matrices in blocks without their zeros."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowspec.ops.c.values import FLAG, INDEX, REAL, WORD

LANES = 8
"""Outputs in a block of a packed matrix."""

C_TYPES = {FLAG: "int32_t", INDEX: "int32_t", WORD: "uint64_t"}


@dataclass
class Constants:
    """The tables of a file. What is written twice becomes one."""

    dtype: np.dtype[Any]
    texts: list[str] = field(default_factory=list)
    bytes: int = 0
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
            self.bytes += flat.size * (8 if kind == WORD else flat.itemsize if kind == REAL else 4)
            name = self._names[key] = f"c{len(self._names)}"
            numbers = [self.literal(value, kind) for value in flat.tolist()] or ["0"]
            size = max(flat.size, 1)
            declared = f"ALIGNED static const {self.c_type(kind)} {name}[{size}]"
            self.texts.append(f"{declared} = {{\n{wrapped(numbers)}}};")
        return self._names[key]

    def matrix(self, matrix: NDArray[Any], bias: NDArray[Any] | None) -> str:
        """The name of a packed matrix: blocks of 8 outputs, each with the inputs from the first to
        the last whose weight is not 0.
        """
        outputs, inputs = matrix.shape
        padding = -outputs % LANES
        rows = np.concatenate([np.asarray(matrix, self.dtype), np.zeros((padding, inputs))])
        added = np.zeros(outputs) if bias is None else np.broadcast_to(bias.reshape(-1), outputs)
        starts, firsts, ends, packed = [], [], [], []
        size = 0
        for block in rows.reshape(-1, LANES, inputs):
            used = np.flatnonzero((block != 0).any(axis=0))
            first, end = (int(used[0]), int(used[-1]) + 1) if used.size else (0, 0)
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
        key = ("matrix", skipped, *parts)
        if key not in self._names:
            name = self._names[key] = f"m{len(self._names)}"
            fields = ", ".join([str(len(starts)), str(skipped), *parts])
            self.texts.append(f"static const Matrix {name} = {{{fields}}};")
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
