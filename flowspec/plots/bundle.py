"""Pictures of a bundle: samples against data, calibration, quantiles along the context. As PNG; same input, same bytes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from flowspec.data.tables.whole_numbers import whole
from flowspec.plots import conditional as conditional_plots
from flowspec.plots.samples import compared
from flowspec.runtime.bundle import Bundle


@dataclass(frozen=True, eq=False)
class Rows:
    """What a picture shows of a table: values (N, D) and context (N, C), each empty (N, 0) if there is none."""

    values: np.ndarray
    context: np.ndarray

    def some(self, count: int, seed: int) -> Rows:
        """At most `count` of the rows, drawn by lot."""
        shown = np.random.default_rng(seed).permutation(len(self.values))[:count]
        return Rows(self.values[shown], self.context[shown])


def samples(bundle: Bundle, rows: Rows, count: int, seed: int) -> bytes:
    """So many samples, against the data if there is any. A conditional flow draws for the contexts of the rows."""

    def density(points: np.ndarray) -> np.ndarray:
        return bundle.log_prob(points[:, 0] if bundle.about["scalar"] else points)

    values = rows.values if rows.values.size else None
    if bundle.context:
        # The contexts of the data, each as often as it takes.
        context = np.resize(rows.some(count, seed).context, (count, len(bundle.context)))
        return compared(values, _sampler(bundle, seed)(context, 0), bundle.columns)
    drawn = whole(bundle.sample(count, seed=seed), bundle.columns, bundle.dequantized)
    return compared(values, drawn, bundle.columns, density)


def calibration(bundle: Bundle, rows: Rows, draws: int, seed: int) -> bytes:
    """How often rows lie below the quantiles that the flow gives for their contexts, found from so many draws for each."""
    levels = conditional_plots.levels_of(_sampler(bundle, seed), rows.values, rows.context, draws)
    return conditional_plots.calibration(levels, bundle.columns)


def conditional(bundle: Bundle, rows: Rows, name: str, size: tuple[int, int], seed: int) -> bytes:
    """The data against one variable of the context, with the flow's quantiles.

    size   how many values of the variable, and how many draws for each; the other variables stay at their medians
    """
    place = bundle.context.index(name)
    grid, drawn = conditional_plots.along(_sampler(bundle, seed), rows.context, place, *size)
    middle = np.median(rows.context, axis=0)
    held = {
        each: float(value)
        for each, value in zip(bundle.context, middle, strict=True)
        if each != name
    }
    return conditional_plots.conditional(
        grid, drawn, rows.context[:, place], rows.values, name, bundle.columns, held
    )


def _sampler(bundle: Bundle, seed: int) -> conditional_plots.Sampler:
    """Draws for some contexts, in whole numbers where the data has them."""

    def sample(context: np.ndarray, first: int) -> np.ndarray:
        return whole(
            bundle.sample(seed=seed, context=context, first_row=first),
            bundle.columns,
            bundle.dequantized,
        )

    return sample
