"""Batches that are not shuffled here: those of a torch DataLoader, and the noise of a flow that learns from a density."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from flowspec.diagnostics.diagnostic import FlowError
from flowspec.diagnostics.inputs import WrongInput
from flowspec.ir.flow import Flow
from flowspec.ir.settings import Settings
from flowspec.train.feed.batches import NOISE, ROWS, SCORED, Batches, chunks, random
from flowspec.train.feed.row_checks import RowChecks
from flowspec.train.feed.rows import Rows, float_type
from flowspec.train.feed.sources import Source, raw_batch

MEASURED = 2**16
"""Rows of a loader from which data-dependent starts are measured."""


class Loaded(Batches):
    """Batches as a torch DataLoader gives them, or any other iterable that begins anew each time it is asked.

    They are drawn with torch's random numbers, seeded for each epoch. `held_out` decides which weights are best; without it,
    the loss of the training does.
    """

    def __init__(
        self,
        flow: Flow,
        loader: Iterable,
        settings: Settings,
        held_out: Source | None,
        dtype: torch.dtype,
    ):
        if isinstance(loader, Mapping):
            advice = f"give an array of shape (rows, {len(flow.columns)}), its columns in the order of `event`"
            raise FlowError(WrongInput(what="the data is a dict", advice=advice))
        if isinstance(
            loader, Iterator
        ):  # asking a DataLoader for one would start its workers and draw a random number
            what = "the data is an iterator, which can be gone through only once"
            raise FlowError(
                WrongInput(
                    what=what,
                    advice="give what it iterates over: a DataLoader, a dataset, an array",
                )
            )
        if settings.dequantize:
            advice = (
                "give a dataset or an array, or add the noise yourself and leave `dequantize` out"
            )
            raise FlowError(
                WrongInput(what="the batches of a loader cannot be dequantized", advice=advice)
            )
        self.flow = flow
        self.loader = loader
        self.settings = settings
        self.dtype = dtype
        self.steps = _length(loader)
        self._held_out = held_out
        self.rows = None, len(held_out) if held_out else 0
        self.fingerprint = f"{type(loader).__name__} of {self.steps} batches"

    def epoch(self, number: int, first: int = 0) -> Iterator[Rows]:
        for index, batch in enumerate(_seeded(self.loader, self.settings.seed, number)):
            if index >= first:
                yield self._checked(batch, number, index)

    def _checked(self, batch: Any, epoch: int, index: int) -> Rows:
        raw = raw_batch(self.flow, batch, "a batch of the loader")
        checks = RowChecks(
            self.flow, float_type(self.dtype), where=f"epoch {epoch}, batch {index + 1}"
        )
        checks.look(*raw)
        if faults := checks.faults():
            raise FlowError(faults)
        return Rows.of(self.flow, raw, self.dtype)

    def scored(self) -> Iterator[Rows]:
        for piece in range(len(self._held_out.sizes) if self._held_out else 0):
            yield from chunks(self._held_out.read(piece))

    def measured(self) -> Rows | None:
        found: list[Rows] = []
        for rows in self.epoch(1):
            found.append(rows)
            if sum(map(len, found)) >= MEASURED:
                break
        return Rows.joined(found) if found else None


def _length(loader: Iterable) -> int | None:
    try:
        return len(loader)  # type: ignore[arg-type]
    except TypeError:  # a DataLoader over an IterableDataset has the method, but no length
        return None


def _seeded(loader: Iterable, seed: int, epoch: int) -> Iterator[Any]:
    """The batches of a loader, torch's own random numbers being set aside while it draws them."""
    given, state = (
        None,
        torch.Generator().manual_seed(int(random(seed, epoch, ROWS).integers(2**63))).get_state(),
    )
    while True:
        with torch.random.fork_rng(devices=[]):
            torch.set_rng_state(state)
            given = iter(loader) if given is None else given
            batch = next(given, given)
            state = torch.get_rng_state()
        if batch is given:
            return
        yield batch


class Drawn(Batches):
    """Standard noise, for a flow that learns from a density: nothing is read.

    context   rows (M, C), of which each draw takes one
    """

    def __init__(
        self, flow: Flow, settings: Settings, draws: int, context: Tensor | None, dtype: torch.dtype
    ):
        self.flow = flow
        self.settings = settings
        self.context = context
        self.dtype = dtype
        self.draws = draws
        self.steps = -(-draws // settings.batch_size)
        self.rows = None, SCORED
        self.fingerprint = f"{draws} draws"

    def epoch(self, number: int, first: int = 0) -> Iterator[Rows]:
        for batch in range(first, self.steps):
            left = self.draws - batch * self.settings.batch_size
            yield self._noise(number, batch, min(self.settings.batch_size, left))

    def scored(self) -> Iterator[Rows]:
        yield self._noise(0, 0, SCORED)

    def measured(self) -> Rows | None:
        return None

    def _noise(self, epoch: int, batch: int, count: int) -> Rows:
        drawn = random(self.settings.seed, epoch, NOISE, batch)
        noise = np.stack([self._draws(drawn, kind, count) for kind in self.flow.noise], axis=1)
        context = (
            None
            if self.context is None
            else self.context[drawn.integers(0, len(self.context), count)]
        )
        return Rows(torch.from_numpy(noise).to(self.dtype), context)

    def _draws(self, drawn: np.random.Generator, kind: str, count: int) -> np.ndarray:
        """Normal numbers, or uniform ones that are never 0 or 1 in the float type."""
        if kind == "normal":
            return drawn.normal(size=count)
        bits = 52 if self.dtype == torch.float64 else 23
        return (drawn.integers(0, 2**bits, count) + 0.5) * 2.0**-bits
