"""What a fit is judged by: rows that it has not seen, and samples of the model for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from flowspec.data.tables.whole_numbers import cell_middles, rounded_down
from flowspec.runtime.bundle import Bundle

Rows = NDArray[np.floating]

MOST_DRAWS = 200_000
LEAST_DRAWS = 20_000
"""Samples of the model: 20 for each row, within these bounds."""

SEED = 20260101


@dataclass(frozen=True, eq=False)
class Evidence:
    """Rows and samples of one model.

    rows      (N, D), finite
    context   (N, C), with C = 0 where the model takes none
    """

    bundle: Bundle
    rows: Rows
    context: Rows
    seed: int = SEED

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.bundle.columns)

    @cached_property
    def log_prob(self) -> Rows:
        """The log-density of each row (N,)."""
        points = cell_middles(self.rows, self.bundle.columns, self.bundle.dequantized)
        x = points[:, 0] if self.bundle.about["scalar"] else points
        return np.asarray(self.bundle.log_prob(x, self.context if self.bundle.context else None))

    @cached_property
    def draws(self) -> Rows:
        """Samples (M, D): many of them, or of a conditional model one for each context, in turn."""
        count = int(np.clip(20 * len(self.rows), LEAST_DRAWS, MOST_DRAWS))
        return self.drawn(count, 0)

    def drawn(self, count: int, first: int) -> Rows:
        """So many samples from row `first` of the stream on."""
        context = None
        if self.bundle.context:
            context = self.context[np.arange(first, first + count) % len(self.context)]
        x = self.bundle.sample(count, seed=self.seed, context=context, first_row=first)
        whole = rounded_down(x, self.bundle.columns, self.bundle.dequantized)
        return np.asarray(whole, float).reshape(count, -1)
