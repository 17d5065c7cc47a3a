"""Loops that several elementwise operations share."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flowspec.ops.c.memory import Statement
from flowspec.ops.c.values import Buffer, View, aligned

TOKEN = re.compile(r"\$(\d+)\$")


class Loops:
    """Nested loops over the elements of a shape, and over the rows of a tile inside.

    What the lines of the body read and write is known by tokens, until the counters are known:
    axes that all of it goes through alike become one.
    """

    def __init__(self, sizes: Sequence[int], rows: bool):
        self.sizes = tuple(sizes)
        self.rows = rows
        self.before: list[str] = []
        self.lines: list[str] = []
        self.touched: set[Buffer] = set()
        self._references: list[tuple[View, tuple[int, ...], str]] = []

    def reference(
        self, view: View, shape: tuple[int, ...], first_axis: int = 0, row: str = ""
    ) -> str:
        """A token for the number of a view at the counters, the view being aligned to a result of
        this shape. Counters begin at `first_axis`: those of what a sum leaves.

        row   an expression that is added to the index
        """
        fitted = aligned(view, len(shape), self.rows)
        strides = [0] * first_axis + [
            0 if here == 1 else stride
            for size, here, stride in zip(shape, fitted.shape, fitted.strides, strict=True)
            if size != 1
        ]
        assert len(strides) == len(self.sizes)
        if isinstance(view.place, Buffer):
            self.touched.add(view.place)
        self._references.append((view, tuple(strides), row))
        return f"${len(self._references) - 1}$"

    def statement(self, comment: str = "") -> Statement:
        """The loops as text."""
        groups = self._joined_axes()
        head = [f"  /* {comment} */"] if comment else []
        indent = "  "
        lines = [*head, *(f"  {line}" for line in self.before)]
        for number, axes in enumerate(groups):
            size = 1
            for axis in axes:
                size *= self.sizes[axis]
            lines.append(f"{indent}for (int i{number} = 0; i{number} < {size}; i{number}++)")
            indent += "  "
        if self.rows:
            lines.append(f"{indent}ROWS")
            indent += "  "
        lines[-1:] = (
            [lines[-1] + " {"] if self.rows or groups else [lines[-1], "  {"] if lines else ["  {"]
        )
        lines += [
            indent + TOKEN.sub(lambda m: self._text(int(m[1]), groups), x) for x in self.lines
        ]
        lines.append("  }")
        return Statement(lines, self.touched)

    def _joined_axes(self) -> list[list[int]]:
        groups: list[list[int]] = []
        for axis in range(len(self.sizes)):
            if groups and all(
                strides[axis - 1] == strides[axis] * self.sizes[axis]
                for _, strides, _ in self._references
            ):
                groups[-1].append(axis)
            else:
                groups.append([axis])
        return groups

    def _text(self, number: int, groups: list[list[int]]) -> str:
        view, strides, row = self._references[number]
        parts = [row] if row else []
        for counter, axes in enumerate(groups):
            stride = strides[axes[-1]]
            if stride:
                parts.append(f"i{counter}" if stride == 1 else f"i{counter} * {stride}")
        return view.at(" + ".join(parts))
