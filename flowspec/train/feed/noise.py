"""Standard noise in the place of data, for a flow that learns from a density."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from flowspec.ir.flow import Flow
from flowspec.ir.settings import Settings
from flowspec.train.feed.batches import SCORED, Batches, Purpose, random
from flowspec.train.feed.rows import Rows


class Drawn(Batches):
    """Standard noise, for a flow that learns from a density: nothing is read.

    context   rows (M, C), of which each draw takes one
    """

    steps: int

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
        generator = random(self.settings.seed, epoch, Purpose.NOISE, batch)
        noise = np.stack([self._draws(generator, kind, count) for kind in self.flow.noise], axis=1)
        context = None
        if self.context is not None:
            context = self.context[generator.integers(0, len(self.context), count)]
        return Rows(torch.from_numpy(noise).to(self.dtype), context)

    def _draws(self, generator: np.random.Generator, kind: str, count: int) -> NDArray[Any]:
        """Normal numbers, or uniform ones that are never 0 or 1 in the float type."""
        if kind == "normal":
            return generator.normal(size=count)
        bits = 52 if self.dtype == torch.float64 else 23
        return (generator.integers(0, 2**bits, count) + 0.5) * 2.0**-bits
