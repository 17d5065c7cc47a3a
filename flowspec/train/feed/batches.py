"""The batches of a training: the same for the same seed, wherever it was interrupted and however many processes share them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import accumulate, pairwise
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from flowspec.ir.settings import Settings
from flowspec.parts.values import philox_key
from flowspec.train.feed.row_checks import cell_ends
from flowspec.train.feed.rows import Rows
from flowspec.train.feed.sources import Source

Result = TypeVar("Result")

POOL_NUMBERS = 2**25
"""Numbers that are held at a time to be shuffled (128 MB in float32): of several pieces, where these are smaller."""
MOST_HELD_OUT = 2**20
"""Rows: they are kept in memory."""
SCORED = 8192
"""Rows that are scored at a time."""

SPLIT, PIECES, ROWS, CELLS, NOISE, PICTURE = range(6)
"""What random numbers are for."""


def random(seed: int, epoch: int, purpose: int, part: int = 0) -> np.random.Generator:
    """Random numbers for one purpose in one part of one epoch: they depend on nothing else."""
    return np.random.Generator(
        np.random.Philox(key=philox_key(seed, epoch), counter=[0, 0, part, purpose])
    )


class Batches(ABC):
    """What a training reads.

    steps        batches of an epoch; None, if that is not known before
    rows         how many rows are trained on, and how many are held out; None, if that is not known
    fingerprint  tells other data
    """

    steps: int | None
    rows: tuple[int | None, int]
    fingerprint: str

    @abstractmethod
    def epoch(self, number: int, first: int = 0) -> Iterator[Rows]:
        """The batches of an epoch from number `first` on."""

    @abstractmethod
    def scored(self) -> Iterator[Rows]:
        """The rows whose loss decides which weights are best; none, where that is the loss of the training itself."""

    @abstractmethod
    def measured(self) -> Rows | None:
        """Rows from which data-dependent starts are measured."""

    def shown(self, count: int) -> Rows | None:
        """Some rows for pictures."""
        return None

    def judged(self, count: int) -> Rows | None:
        """Some rows that were not trained on, where there are any."""
        return None


class Shuffled(Batches):
    """The rows of a source, in another order in every epoch.

    Pieces are shuffled, then the rows of as many pieces as are held at a time. What is held out is drawn from every piece.
    """

    def __init__(self, source: Source, settings: Settings, held_out: Source | None = None):
        source.check_trainable()
        self.source = source
        self.settings = settings
        total = len(source)
        share = 0.0 if held_out else min(settings.validation, MOST_HELD_OUT / total)
        ends = [min(round(share * end), total - 1) for end in accumulate(source.sizes, initial=0)]
        self._held_out = [after - before for before, after in pairwise(ends)]
        self._validation = self._validation_rows(held_out)
        self.rows = total - ends[-1], len(self._validation) if self._validation else 0
        self.steps = -(-(total - ends[-1]) // settings.batch_size)
        self.fingerprint = source.fingerprint + (held_out.fingerprint if held_out else "")

    def epoch(self, number: int, first: int = 0) -> Iterator[Rows]:
        size, batch, waiting = self.settings.batch_size, first, []
        for rows, order in self._pools(number, first * size):
            for index in _cut(order, size - sum(map(len, waiting)), size):
                waiting.append(rows[index])
                if sum(map(len, waiting)) == size:
                    yield self._dequantized(Rows.joined(waiting), number, batch)
                    batch, waiting = batch + 1, []
        if waiting:
            yield self._dequantized(Rows.joined(waiting), number, batch)

    def scored(self) -> Iterator[Rows]:
        yield from chunks(self._validation) if self._validation else ()

    def measured(self) -> Rows | None:
        rows, order = next(self._pools(1))
        return self._dequantized(rows[order], 0, 0)

    def shown(self, count: int) -> Rows | None:
        rows, _ = next(self._pools(1))
        return rows[np.sort(random(self.settings.seed, 0, PICTURE).permutation(len(rows))[:count])]

    def judged(self, count: int) -> Rows | None:
        if not self._validation:
            return self.shown(count)
        return self._validation[
            random(self.settings.seed, 0, PICTURE).permutation(len(self._validation))[:count]
        ]

    # --- pieces -----------------------------------------------------------------------------------

    def _validation_rows(self, given: Source | None) -> Rows | None:
        if given:
            found = [given.read(piece) for piece in range(len(given.sizes))]
        else:
            found = [
                self.source.read(piece)[self._order(piece)[:count]]
                for piece, count in enumerate(self._held_out)
                if count
            ]
        return self._dequantized(Rows.joined(found), 0, 0) if found else None

    def _trained(self, piece: int) -> Tensor:
        return self._order(piece)[self._held_out[piece] :]

    def _order(self, piece: int) -> Tensor:
        """The rows of a piece: first those that are held out."""
        return torch.from_numpy(
            random(self.settings.seed, 0, SPLIT, piece).permutation(self.source.sizes[piece])
        )

    def _pools(self, epoch: int, skipped: int = 0) -> Iterator[tuple[Rows, Tensor]]:
        """The rows that are held at a time, and in which order they come, without the first `skipped` of the epoch."""
        calls: list[Callable[[], tuple[Rows, Tensor]]] = []
        for index, pool in enumerate(self._pooled(epoch)):
            count = sum(self.source.sizes[piece] - self._held_out[piece] for piece in pool)
            if skipped < count:
                calls.append(partial(self._read_pool, epoch, index, pool, skipped))
            skipped = max(skipped - count, 0)
        return _ahead(calls)

    def _pooled(self, epoch: int) -> Iterator[list[int]]:
        """The pieces in the order of the epoch, as many together as are held at a time."""
        flow, pool, numbers = self.source.flow, [], 0
        width = len(flow.columns) + (len(flow.context.names) if flow.context else 0)
        for piece in random(self.settings.seed, epoch, PIECES).permutation(len(self.source.sizes)):
            pool.append(int(piece))
            numbers += self.source.sizes[piece] * width
            if numbers >= POOL_NUMBERS:
                yield pool
                pool, numbers = [], 0
        if pool:
            yield pool

    def _read_pool(
        self, epoch: int, index: int, pool: Sequence[int], skipped: int
    ) -> tuple[Rows, Tensor]:
        parts = [self.source.read(piece) for piece in pool]
        starts = accumulate(map(len, parts), initial=0)
        trained = torch.cat(
            [start + self._trained(piece) for piece, start in zip(pool, starts, strict=False)]
        )
        shuffled = random(self.settings.seed, epoch, ROWS, index).permutation(len(trained))
        return Rows.joined(parts), trained[torch.from_numpy(shuffled)][skipped:]

    # --- whole numbers ----------------------------------------------------------------------------

    def _dequantized(self, rows: Rows, epoch: int, batch: int) -> Rows:
        """The rows with whole numbers k moved to anywhere in (k, k + 1).

        Source: A note on the evaluation of generative models, Theis et al., 2016, arXiv:1511.01844, 3.1: so the loss is never
        below that of the probabilities of the whole numbers.
        """
        columns = [self.source.flow.columns.index(name) for name in self.settings.dequantize]
        if not columns:
            return rows
        values = rows.values.reshape(len(rows), -1).clone()
        k = values[:, columns].numpy()
        low, high = cell_ends(k, k.dtype.type)
        moved = np.clip(
            k + random(self.settings.seed, epoch, CELLS, batch).random(k.shape), low, high
        )
        values[:, columns] = torch.from_numpy(moved.astype(k.dtype))
        return Rows(values.reshape(rows.values.shape), rows.context, rows.weights)


def _cut(order: Tensor, first: int, size: int) -> Iterator[Tensor]:
    """An order of rows in pieces: one of at most `first`, then of `size`."""
    yield order[:first]
    yield from order[first:].split(size) if len(order) > first else ()


def chunks(rows: Rows) -> Iterator[Rows]:
    """As many rows as are scored at a time."""
    return (rows[start : start + SCORED] for start in range(0, len(rows), SCORED))


def _ahead(calls: Sequence[Callable[[], Result]]) -> Iterator[Result]:
    """What some calls give, each made while what the one before gave is used."""
    if len(calls) == 1:
        yield calls[0]()
        return
    with ThreadPoolExecutor(1) as reader:
        waiting = None
        for call in calls:
            waiting, ready = reader.submit(call), waiting
            if ready:
                yield ready.result()
        if waiting:
            yield waiting.result()
