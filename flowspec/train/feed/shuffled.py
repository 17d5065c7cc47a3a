"""The rows of a source, shuffled anew in every epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import accumulate, pairwise
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from flowspec.diagnostics.diagnostic import FlowError, mistake
from flowspec.diagnostics.inputs import WrongInput
from flowspec.ir.settings import Settings
from flowspec.train.feed.batches import Batches, Fold, Purpose, chunks, random
from flowspec.train.feed.cells import moved_into_cells
from flowspec.train.feed.rows import Rows
from flowspec.train.feed.sources import Source

_Result = TypeVar("_Result")

POOL_NUMBERS = 2**25
"""Numbers that are held at a time to be shuffled (128 MB in float32).

They are of several pieces, where these are smaller.
"""
MOST_HELD_OUT = 2**20
"""Rows that are held out at most: they are kept in memory."""


@mistake
class FoldsBesideHeldOut(WrongInput):
    message = "folds are parts of the data, and no other rows are held out beside them"
    help = "leave `held_out` out, or `folds`"


@mistake
class TooManyFolds(WrongInput):
    message = "{rows:row} cannot be cut into {folds} folds"
    help = "give at most as many folds as rows"
    rows: int
    folds: int


class Shuffled(Batches):
    """The rows of a source, in another order in every epoch.

    Pieces are shuffled, then the rows of as many pieces as are held at a time. Rows that are held
    out are drawn from every piece.
    """

    def __init__(
        self,
        source: Source,
        settings: Settings,
        held_out: Source | None = None,
        fold: Fold | None = None,
    ):
        source.check_trainable()
        self.source = source
        self.settings = settings
        self._held_out_source = held_out
        self._fold = fold
        total = len(source)
        self._held_out = self._fold_sizes() if fold else self._shares(total)
        self._validation = self._validation_rows(held_out)
        trained = total - sum(self._held_out)
        self.rows = trained, len(self._validation) if self._validation else 0
        self.steps = -(-trained // settings.batch_size)
        self.fingerprint = source.fingerprint + (held_out.fingerprint if held_out else "")

    def reseeded(self, settings: Settings) -> Shuffled:
        return Shuffled(self.source, settings, self._held_out_source)

    def of_fold(self, settings: Settings, fold: Fold) -> Shuffled:
        if self._held_out_source:
            raise FlowError(FoldsBesideHeldOut())
        if len(self.source) < fold.count:
            raise FlowError(TooManyFolds(rows=len(self.source), folds=fold.count))
        return Shuffled(self.source, settings, fold=fold)

    # --- batches ----------------------------------------------------------------------------------

    def epoch(self, number: int, first: int = 0) -> Iterator[Rows]:
        size, batch = self.settings.batch_size, first
        waiting: list[Rows] = []
        for rows, order in self._pools(number, first * size):
            for index in _cut(order, size - _count(waiting), size):
                waiting.append(rows[index])
                if _count(waiting) == size:
                    yield self._dequantized(Rows.joined(waiting), number, batch)
                    batch, waiting = batch + 1, []
        if waiting:
            yield self._dequantized(Rows.joined(waiting), number, batch)

    def scored(self) -> Iterator[Rows]:
        yield from chunks(self._validation) if self._validation else ()

    def measured(self) -> Rows | None:
        rows, order = next(self._pools(1))
        return self._dequantized(rows[order], 0, 0)

    @property
    def has_table_held_out(self) -> bool:
        return self._held_out_source is not None

    def known(self, count: int) -> np.ndarray:
        """With those that are held out, if they are a share of the data: each member of an
        ensemble holds out others.
        """
        rows = super().known(count)
        if self._validation is None or self._held_out_source:
            return rows
        held = self._validation.values.double().numpy()
        return np.concatenate([rows, held])[:count]

    def shown(self, count: int) -> Rows | None:
        rows, _ = next(self._pools(1))
        return rows[np.sort(self._random(0, Purpose.PICTURE).permutation(len(rows))[:count])]

    def trained(self, count: int) -> Rows | None:
        rows, order = next(self._pools(1))
        return rows[order[:count]]

    def judged(self, count: int) -> Rows | None:
        if not self._validation:
            return self.shown(count)
        order = self._random(0, Purpose.PICTURE).permutation(len(self._validation))
        return self._validation[order[:count]]

    def _random(self, epoch: int, purpose: Purpose, index: int = 0) -> np.random.Generator:
        return random(self.settings.seed, epoch, purpose, index)

    def _dequantized(self, rows: Rows, epoch: int, batch: int) -> Rows:
        """The rows with whole numbers k moved to anywhere in (k, k + 1)."""
        columns = [self.source.flow.columns.index(name) for name in self.settings.dequantize]
        if not columns:
            return rows
        generator = self._random(epoch, Purpose.CELLS, batch)
        return Rows(moved_into_cells(rows.values, columns, generator), rows.context, rows.weights)

    # --- pieces -----------------------------------------------------------------------------------

    def _shares(self, total: int) -> list[int]:
        """The number of rows of each piece that are held out."""
        share = self.settings.validation
        share = 0.0 if self._held_out_source else min(share, MOST_HELD_OUT / total)
        starts = accumulate(self.source.sizes, initial=0)
        ends = [min(round(share * end), total - 1) for end in starts]
        return [after - before for before, after in pairwise(ends)]

    def _fold_sizes(self) -> list[int]:
        """The same where they are a fold."""
        return [end - start for start, end in map(self._fold_ends, range(len(self.source.sizes)))]

    def _fold_ends(self, piece: int) -> tuple[int, int]:
        """The place of the fold in the order of a piece.

        Folds are shifted by a place from piece to piece, as pieces may have fewer rows than there
        are folds.
        """
        fold, size = self._fold, self.source.sizes[piece]
        assert fold
        index = (fold.index + piece) % fold.count
        return size * index // fold.count, size * (index + 1) // fold.count

    def _validation_rows(self, held_out: Source | None) -> Rows | None:
        if held_out:
            pieces = [held_out.read(piece) for piece in range(len(held_out.sizes))]
        else:
            pieces = [
                self.source.read(piece)[self._order(piece)[:count]]
                for piece, count in enumerate(self._held_out)
                if count
            ]
        return self._dequantized(Rows.joined(pieces), 0, 0) if pieces else None

    def _trained(self, piece: int) -> Tensor:
        return self._order(piece)[self._held_out[piece] :]

    def _order(self, piece: int) -> Tensor:
        """The rows of a piece: first those that are held out."""
        fold = self._fold
        generator = random(fold.seed if fold else self.settings.seed, 0, Purpose.SPLIT, piece)
        order = generator.permutation(self.source.sizes[piece])
        return torch.from_numpy(np.roll(order, -self._fold_ends(piece)[0]) if fold else order)

    def _pools(self, epoch: int, skipped: int = 0) -> Iterator[tuple[Rows, Tensor]]:
        """The rows that are held at a time, and their order.

        The first `skipped` rows of the epoch are left out.
        """
        calls: list[Callable[[], tuple[Rows, Tensor]]] = []
        for index, pool in enumerate(self._pooled(epoch)):
            count = sum(self.source.sizes[piece] - self._held_out[piece] for piece in pool)
            if skipped < count:
                calls.append(partial(self._read_pool, epoch, index, pool, skipped))
            skipped = max(skipped - count, 0)
        return _ahead(calls)

    def _pooled(self, epoch: int) -> Iterator[list[int]]:
        """The pieces in the order of the epoch, as many together as are held at a time."""
        flow, sizes = self.source.flow, self.source.sizes
        width = len(flow.columns) + (len(flow.context.names) if flow.context else 0)
        pool: list[int] = []
        numbers = 0
        for piece in self._random(epoch, Purpose.PIECES).permutation(len(sizes)).tolist():
            pool.append(piece)
            numbers += sizes[piece] * width
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
        shuffled = self._random(epoch, Purpose.ROWS, index).permutation(len(trained))
        return Rows.joined(parts), trained[torch.from_numpy(shuffled)][skipped:]


def _count(parts: Sequence[Rows]) -> int:
    return sum(map(len, parts))


def _cut(order: Tensor, first: int, size: int) -> Iterator[Tensor]:
    """An order of rows in pieces: one of at most `first`, then of `size`."""
    yield order[:first]
    for start in range(first, len(order), size):
        yield order[start : start + size]


def _ahead(calls: Sequence[Callable[[], _Result]]) -> Iterator[_Result]:
    """The results of some calls, each made while the one before is used."""
    if len(calls) == 1:
        yield calls[0]()
        return
    with ThreadPoolExecutor(1) as reader:
        waiting: Future[_Result] | None = None
        for call in calls:
            ready, waiting = waiting, reader.submit(call)
            if ready:
                yield ready.result()
        if waiting:
            yield waiting.result()
