"""Tails of columns: the link whose normal numbers have the tails of normal numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowspec.draft.facts import Column
from flowspec.ops.numpy import REFERENCE
from flowspec.parts.tails import generalized_pareto, tail_rows
from flowspec.transforms.elementwise.exp import Exp
from flowspec.transforms.elementwise.pareto import NormalToPareto, ParetoTails
from flowspec.transforms.transform import Univariate, bound_to_reference

LEAST_ROWS = 1_000
"""Rows below which tails are too few to choose by."""

SHARES = np.array([0.001, 0.003, 0.01])
QUANTILES = np.array([-3.090, -2.748, -2.326])
"""Of the normal distribution."""

BETTER = 0.5
"""Deviations by which tails have to be nearer to those of normal numbers."""


@dataclass(frozen=True)
class Tail:
    """What speaks for a tail that is a power.

    shape       of the generalized Pareto distribution of the largest rows
    rows        how many these are
    off, kept   how far quantiles lie from those of normal numbers under the standard link, and
                under the one that keeps tails, in deviations
    """

    shape: float
    rows: int
    off: float
    kept: float

    @property
    def reason(self) -> str:
        return (
            f"its tail is kept: the {self.rows:,} largest rows have the Pareto shape "
            f"{self.shape:.2f}, and extreme quantiles are {self.kept:.1f} deviations from those of "
            f"normal numbers, {self.off:.1f} with the standard link"
        )


def heavy_tail(column: Column, end: float | None) -> Tail | None:
    """What speaks for keeping the tails of a column; None if nothing does.

    end   that of its support below which nothing lies; None for a real column
    """
    if len(column.numbers) < LEAST_ROWS:
        return None
    values = np.asarray(column.numbers, float)
    if end is None:
        off, kept = _misfit(values), _misfit(_before(ParetoTails(), values))
        beyond = np.abs(values - np.median(values))
    else:
        beyond = values - end
        off, kept = (_misfit(_before(step, beyond)) for step in (Exp(), NormalToPareto()))
    if off - kept < BETTER:
        return None
    count = tail_rows(len(beyond))
    largest = np.sort(np.partition(beyond, -count - 1)[-count - 1 :])
    shape, _ = generalized_pareto(largest[1:] - largest[0])
    return Tail(shape, count, off, kept)


def _before(step: Univariate, values: NDArray[np.floating]) -> NDArray[np.floating]:
    """The numbers from which a step makes values, by what it measures of them."""
    measured = step.measure(values[None])
    fields = {name: float(value[0]) for name, value in measured.items()}
    bound = bound_to_reference(type(step)(**fields))
    return np.asarray(bound.inverse(REFERENCE, values))


def _misfit(values: NDArray[np.floating]) -> float:
    """The mean distance of extreme quantiles from those of normal numbers, in deviations."""
    z = (values - values.mean()) / values.std()
    lower, upper = np.quantile(z, SHARES), -np.quantile(z, 1 - SHARES)
    return float(np.mean([_off(lower), _off(upper)]))


def _off(found: Sequence[float] | NDArray[np.floating]) -> float:
    return float(np.mean(np.abs(np.asarray(found) - QUANTILES)))
