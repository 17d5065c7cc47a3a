"""Pictures of a bundle: samples against data, calibration, quantiles along the context.

They are PNG; same input, same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowspec.data.tables.whole_numbers import rounded_down
from flowspec.plots import calibration as calibration_plots
from flowspec.plots import conditional as conditional_plots
from flowspec.plots.samples import compared
from flowspec.runtime.bundle import Bundle


@dataclass(frozen=True, eq=False)
class Shown:
    """Data that a picture shows: values (N, D) and context (N, C).

    Either is empty, (N, 0), if there is none.
    """

    values: NDArray[Any]
    context: NDArray[Any]

    def some(self, count: int, seed: int) -> Shown:
        """At most `count` of the rows, drawn by lot."""
        chosen = np.random.default_rng(seed).permutation(len(self.values))[:count]
        return Shown(self.values[chosen], self.context[chosen])


def samples(bundle: Bundle, data: Shown, count: int, seed: int) -> bytes:
    """So many samples, against the data if there is any.

    A conditional flow draws for the contexts of the data.
    """

    def density(points: NDArray[Any]) -> NDArray[Any]:
        return bundle.log_prob(points[:, 0] if bundle.about["scalar"] else points)

    values = data.values if data.values.size else None
    if bundle.context:
        # The contexts of the data, each as often as it takes.
        context = np.resize(data.some(count, seed).context, (count, len(bundle.context)))
        return compared(values, _sampler(bundle, seed)(context, 0), bundle.columns)
    drawn = rounded_down(bundle.sample(count, seed=seed), bundle.columns, bundle.dequantized)
    return compared(values, drawn, bundle.columns, density)


def calibration(bundle: Bundle, data: Shown, draws: int, seed: int, origin: str = "") -> bytes:
    """Calibration: how often data lie below the quantiles that the flow gives for their contexts.

    draws    samples for each row, from which its level is counted
    origin   words behind the number of rows: `that were trained on`
    """
    sample = _sampler(bundle, seed)
    levels = calibration_plots.levels_of(sample, data.values, data.context, draws)
    return calibration_plots.calibration(levels, bundle.columns, origin)


def conditional(bundle: Bundle, data: Shown, name: str, size: tuple[int, int], seed: int) -> bytes:
    """The data against one variable of the context, with the flow's quantiles.

    size   values of the variable, and draws for each; the other variables stay at their medians
    """
    place = bundle.context.index(name)
    grid, drawn = conditional_plots.along(_sampler(bundle, seed), data.context, place, *size)
    medians = zip(bundle.context, np.median(data.context, axis=0), strict=True)
    return conditional_plots.conditional(
        grid,
        drawn,
        data.context[:, place],
        data.values,
        name,
        bundle.columns,
        {other: float(value) for other, value in medians if other != name},
    )


def _sampler(bundle: Bundle, seed: int) -> calibration_plots.Sampler:
    """Draws for some contexts, in whole numbers where the data has them."""

    def sample(context: NDArray[Any], first: int) -> NDArray[Any]:
        drawn = bundle.sample(seed=seed, context=context, first_row=first)
        return rounded_down(drawn, bundle.columns, bundle.dequantized)

    return sample
