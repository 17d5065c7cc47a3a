"""Quantiles of a flow along one variable of its context, against data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from flowspec.plots.calibration import Sampler
from flowspec.plots.panels import MOST_PANELS, finished, label_edges, left_out, panels
from flowspec.plots.style import DATA, SAMPLES, STYLE, dot_size, limits_of, literal

MOST_SAMPLES, HALF_SAMPLES = "#f6e0d5", "#ebbca5"
MOST_NAMED = 8
"""Conditioning variables that a title names."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Quantiles that are drawn of a distribution: two bands and the median."""


def along(
    sample: Sampler, context: NDArray[Any], place: int, size: int, draws: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """A grid over one variable of the context, and samples (size, draws, D) for its values.

    The other variables stay at their medians. Each value gets the same random numbers: what the
    flow does shows, not what chance does.
    """
    varied, medians = context[:, place], np.median(context, axis=0)
    grid = np.linspace(varied.min(), varied.max(), size)
    samples = []
    for value in grid:
        point = np.where(np.arange(len(medians)) == place, value, medians)
        drawn = sample(np.tile(point, (draws, 1)), 0)
        samples.append(drawn.reshape(draws, -1)[:, :MOST_PANELS])
    return grid, np.stack(samples)


def conditional(
    grid: NDArray[Any],
    samples: NDArray[Any],
    context: NDArray[Any],
    data: NDArray[Any],
    context_name: str,
    names: Sequence[str],
    others: Mapping[str, float] | None = None,
) -> bytes:
    """Data against one conditioning variable, with the flow's quantiles for each of its values.

    grid      (G,) values of the conditioning variable, increasing
    samples   (G, draws, D) or (G, draws), drawn for these values
    context   (rows,) the conditioning variable of the data
    data      (rows, D) or (rows,)
    others    the other conditioning variables, and their values for the samples
    """
    data, samples = data.reshape(len(data), -1), samples.reshape(*samples.shape[:2], -1)
    names, context_name = [literal(name) for name in names], literal(context_name)
    with matplotlib.rc_context(STYLE):
        figure, axes = panels(names, 3.3, 2.7)
        for i, axis in enumerate(axes):
            _quantile_bands(axis, grid, samples[..., i], context, data[:, i])
            axis.set_ylabel(names[i])
        label_edges(axes, context_name)
        return finished(figure, axes, [_written_place(others or {}), left_out(names)])


def _quantile_bands(
    axis: Axes,
    grid: NDArray[Any],
    samples: NDArray[Any],
    context: NDArray[Any],
    data: NDArray[Any],
) -> None:
    bands = np.quantile(samples, QUANTILES, axis=1, method="inverted_cdf")
    lowest, low, middle, high, highest = bands
    axis.fill_between(
        grid, lowest, highest, color=MOST_SAMPLES, linewidth=0, label="flow: 5 to 95 %"
    )
    axis.fill_between(grid, low, high, color=HALF_SAMPLES, linewidth=0, label="flow: 25 to 75 %")
    axis.plot(grid, middle, color=SAMPLES, linewidth=1.6, label="flow: median")
    axis.scatter(
        context,
        data,
        s=dot_size(len(data)),
        color=DATA,
        alpha=0.5,
        linewidths=0,
        rasterized=True,
        label="data",
    )
    axis.set_xlim(*limits_of(context, grid))
    # Where data are few, a flow may spread so far that they would not be seen.
    room = np.ptp(data) or np.inf
    shown = bands[np.isfinite(bands)].clip(data.min() - room, data.max() + room)
    axis.set_ylim(*limits_of(np.append(data, shown), data))


def _written_place(others: Mapping[str, float]) -> str:
    """The point at which the samples are drawn. An equation is not broken over two lines."""
    equations = [
        f"{literal(name)}\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{value:.4g}"
        for name, value in others.items()
    ]
    if not equations:
        return ""
    more = len(equations) - MOST_NAMED
    listed = equations[:MOST_NAMED] + ([f"and {more} more"] if more > 0 else [])
    return f"flow at {', '.join(listed)}; data at all values"
