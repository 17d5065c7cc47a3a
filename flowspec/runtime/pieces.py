"""Many rows through a graph, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowspec.diagnostics.diagnostic import FlowError
from flowspec.runtime.graphs import Graph, GraphFails
from flowspec.runtime.native import NativeGraph

Rows = NDArray[Any]


class Pieces:
    """Pieces that stay in the caches, or that have the fixed number of rows of a graph.

    rows    of a piece, at most
    batch   the fixed number of rows that graphs take, or None
    dtype   of what there is none of
    """

    def __init__(self, rows: int, batch: int | None, dtype: np.dtype[Any]):
        self.rows = batch or rows
        self.batch = batch
        self._dtype = dtype

    def run(self, graph: Graph | NativeGraph, feeds: dict[str, Rows], count: int) -> list[Rows]:
        """All outputs of a graph for `count` rows."""
        if count <= self.rows and self.batch is None:
            return graph.run([*graph.rows], feeds, count)
        outputs = []
        for start, rows in self.of(count):
            piece = {n: self.padded(value[start : start + rows]) for n, value in feeds.items()}
            outputs.append(self.outputs(graph, piece, rows))
        return self.joined(graph, outputs)

    def refuse_too_many(self, count: int, graph: str, width: int) -> None:
        """Let no rows be drawn in vain: the memory for all of them is asked for beforehand.

        Errors:  FlowError, where it lacks.
        """
        try:
            np.empty((count, width), self._dtype)
        except (MemoryError, ValueError):
            raise FlowError(
                GraphFails(
                    graph=graph,
                    reason="there is not enough memory for it",
                    advice="give fewer rows at once",
                )
            ) from None

    def of(self, count: int) -> Iterator[tuple[int, int]]:
        """The first row of each piece, and its number of rows."""
        for start in range(0, count, self.rows):
            yield start, min(self.rows, count - start)

    def outputs(self, graph: Graph | NativeGraph, feeds: dict[str, Rows], rows: int) -> list[Rows]:
        """All outputs of a graph for one piece."""
        found = graph.run([*graph.rows], feeds, self.batch or rows)
        return [output[:rows] for output in found]

    def padded(self, rows: Rows) -> Rows:
        """Rows for a graph of a fixed batch: the last one repeated."""
        missing = (self.batch or len(rows)) - len(rows)
        return np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)]) if missing else rows

    def joined(self, graph: Graph | NativeGraph, pieces: list[list[Rows]]) -> list[Rows]:
        """The outputs of all pieces, one behind the other."""
        if len(pieces) == 1:
            return pieces[0]
        if not pieces:
            return [np.empty((0, *row), self._dtype) for row in graph.rows.values()]
        return [np.concatenate(outputs) for outputs in zip(*pieces, strict=True)]
