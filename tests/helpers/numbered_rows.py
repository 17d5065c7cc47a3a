"""Batches whose rows are numbered, so that each can be found again."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np

import flowspec
from flowspec.ir.settings import Settings
from flowspec.train.feed.rows import Rows
from flowspec.train.feed.shuffled import Shuffled
from flowspec.train.feed.sources import Source

ONE = "event x\nNormal(learn(0), learn(1))"
TWO = "event x, y\nNormal(learn(0), learn(1))[2]"
GIVEN = "context c\nevent x\nNormal(learn(0), learn(1)) |> Affine(c, 1)"


def source(sizes, flow: str = ONE, first: float = 0.0, **options) -> Source:
    """Pieces of these sizes, whose rows are numbered."""
    ends = list(itertools.accumulate(sizes, initial=0))
    numbers = first + np.arange(float(ends[-1]))[:, None]
    parsed = flowspec.parse(flow)
    context = -numbers if parsed.context else None

    def reader(start, stop):
        return lambda: (
            numbers[start:stop],
            None if context is None else context[start:stop],
            1 + numbers[start:stop, 0],
        )

    return Source(parsed, [reader(*ends) for ends in itertools.pairwise(ends)], **options)


def shuffled(sizes, flow: str = ONE, held_out: Source | None = None, **settings) -> Shuffled:
    """Batches of numbered rows."""
    return Shuffled(
        source(sizes, flow), Settings(**{"batch_size": 7, "validation": 0.2, **settings}), held_out
    )


def numbers(batches: Iterable[Rows]) -> list[list[float]]:
    """The rows, batch by batch."""
    return [batch.values.tolist() for batch in batches]


def flat(batches: Iterable[Rows]) -> list[float]:
    """The rows of all batches."""
    return [row for batch in batches for row in batch.values.tolist()]
