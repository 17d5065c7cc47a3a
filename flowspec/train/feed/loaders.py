"""Batches of a torch DataLoader, or of another iterable that begins anew each time it is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np
import torch

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.diagnostics.inputs import WrongInput
from flowspec.ir.flow import Flow
from flowspec.ir.settings import Settings
from flowspec.train.feed.batches import Batches, Purpose, chunks, random
from flowspec.train.feed.datasets import raw_batch
from flowspec.train.feed.row_checks import RowChecks
from flowspec.train.feed.rows import Raw, Rows, float_type
from flowspec.train.feed.sample import Sample
from flowspec.train.feed.sources import Source
from flowspec.train.feed.suspicions import Suspicions

MEASURED = 2**16
"""Rows of a loader from which data-dependent starts are measured."""
LOOKED_AT = 2**13
"""Rows of a loader that are looked at for what a density cannot fit well."""


@mistake
class DataFromIterator(WrongInput):
    message = "the data is an iterator, which can be gone through only once"
    help = "give what it iterates over: a DataLoader, a dataset, an array"


@mistake
class LoaderDequantized(WrongInput):
    message = "the batches of a loader cannot be dequantized"
    help = "give a dataset or an array, or add the noise yourself and leave `dequantize` out"


class LoaderSuspicions(Suspicions):
    """Those of batches, to which nothing can be done but in the loader."""

    on_copies = "let the loader give one of each"

    def _dequantizing(self, name: str) -> tuple[str, str]:
        return f"let the loader add uniform noise from (0, 1) to `{name}`", ""


class RedrawnSuspicions(LoaderSuspicions):
    """Those of a loader that draws rows again: they are no copies."""

    def _repeated_rows(self) -> Iterator[Diagnostic]:
        return iter(())


class Loaded(Batches):
    """Batches as a loader gives them.

    They are drawn with torch's random numbers, seeded for each epoch. `held_out` decides which
    weights are best; without it, the loss of the training does.
    """

    def __init__(
        self,
        flow: Flow,
        loader: Iterable[Any],
        settings: Settings,
        held_out: Source | None,
        dtype: torch.dtype,
    ):
        # Asking a DataLoader for an iterator would start its workers and draw a random number.
        if isinstance(loader, Iterator):
            raise FlowError(DataFromIterator())
        if settings.dequantize:
            raise FlowError(LoaderDequantized())
        self.flow = flow
        self.loader = loader
        self.settings = settings
        self.dtype = dtype
        self.steps = _length(loader)
        self._held_out = held_out
        self._begun: Iterator[Any] | None = None
        self.rows = None, len(held_out) if held_out else 0
        self.fingerprint = f"{type(loader).__name__} of {self.steps} batches"

    def reseeded(self, settings: Settings) -> Batches:
        self._begun = None  # batches that were looked at are of the first seed
        return super().reseeded(settings)

    def epoch(self, number: int, first: int = 0) -> Iterator[Rows]:
        for index, batch in enumerate(self._stream(number)):
            if index >= first:
                yield self._checked(batch, number, index)

    def _stream(self, epoch: int) -> Iterator[Any]:
        """The batches of an epoch; of the first one those that were looked at, and the rest."""
        begun, self._begun = self._begun, None
        return begun if begun and epoch == 1 else _seeded(self.loader, self.settings.seed, epoch)

    def suspicions(self) -> Suspicions:
        """What a density cannot fit well in the first batches."""
        sample = Sample(pieces=1)
        first: list[Any] = []
        stream = _seeded(self.loader, self.settings.seed, 1)
        for index, batch in enumerate(stream):
            first.append(batch)
            values, context, _ = self._raw(batch, 1, index)
            sample.add(values, context, np.empty(0, bool))
            if sample.rows >= LOOKED_AT:
                break
        self._begun = chain(first, stream)
        redraws = getattr(getattr(self.loader, "sampler", None), "replacement", False)
        kind = RedrawnSuspicions if redraws else LoaderSuspicions
        place = "the first batches of the loader"
        return kind(self.flow, sample, (), float_type(self.dtype), place)

    def _checked(self, batch: Any, epoch: int, index: int) -> Rows:
        return Rows.of(self.flow, self._raw(batch, epoch, index), self.dtype)

    def _raw(self, batch: Any, epoch: int, index: int) -> Raw:
        raw = raw_batch(self.flow, batch, "a batch of the loader")
        place = f"epoch {epoch}, batch {index + 1}"
        checks = RowChecks(self.flow, float_type(self.dtype), where=place)
        checks.look(*raw)
        if mistakes := checks.row_mistakes():
            raise FlowError(mistakes)
        return raw

    def scored(self) -> Iterator[Rows]:
        if self._held_out:
            for piece in range(len(self._held_out.sizes)):
                yield from chunks(self._held_out.read(piece))

    def measured(self) -> Rows | None:
        parts: list[Rows] = []
        for rows in self.epoch(1):
            parts.append(rows)
            if sum(map(len, parts)) >= MEASURED:
                break
        return Rows.joined(parts) if parts else None


def _length(loader: Iterable[Any]) -> int | None:
    try:
        return len(loader)  # type: ignore[arg-type]
    except TypeError:  # a DataLoader over an IterableDataset has the method, but no length
        return None


def _seeded(loader: Iterable[Any], seed: int, epoch: int) -> Iterator[Any]:
    """The batches of a loader, torch's own random numbers being set aside while it draws them."""
    start = int(random(seed, epoch, Purpose.ROWS).integers(2**63))
    state = torch.Generator().manual_seed(start).get_state()
    batches: Iterator[Any] | None = None
    while True:
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(state)
            batches = iter(loader) if batches is None else batches
            batch = next(batches, batches)
            state = torch.get_rng_state()
        if batch is batches:
            return
        yield batch
