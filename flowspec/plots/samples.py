"""Pictures of samples against data, as PNG. (The extra `plot` installs matplotlib.)"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from flowspec.plots.style import (
    CONTOURS,
    DATA,
    SAMPLES,
    STYLE,
    Density,
    Limits,
    dot_size,
    limits_of,
    literal,
    png,
)

MOST_PAIRS = 6
"""Coordinates up to which every pair is drawn."""


def compared(
    data: NDArray[Any] | None,
    samples: NDArray[Any],
    names: Sequence[str],
    density: Density | None = None,
) -> bytes:
    """Data against samples: histograms, and the points of each pair where coordinates are few.

    data, samples   (rows, D), or (rows,) for one coordinate; data may be None
    density         points (N, D) to log-densities (N,): drawn as a curve or as contours, for one
                    or two coordinates
    """
    names = [literal(name) for name in names]
    samples = samples.reshape(len(samples), -1)
    data = np.empty((0, samples.shape[1])) if data is None else data.reshape(len(data), -1)
    pairs = 1 < len(names) <= MOST_PAIRS
    limits = [limits_of(data[:, i], samples[:, i]) for i in range(len(names))]
    with matplotlib.rc_context(STYLE):
        figure = (_pairs if pairs else _histograms)(data, samples, names, limits, density)
        return png(figure)


def _histograms(
    data: NDArray[Any],
    samples: NDArray[Any],
    names: Sequence[str],
    limits: Limits,
    density: Density | None,
) -> Figure:
    columns = min(len(names), 4)
    lines = -(-len(names) // columns)
    figure = Figure(figsize=(max(5.0, 2.6 * columns), max(3.2, 2.2 * lines)), layout="constrained")
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    for i, axis in enumerate(axes):
        if i >= len(names):
            axis.set_visible(False)
            continue
        _histogram(axis, data[:, i], samples[:, i], limits[i])
        axis.set_xlabel(names[i])
    if len(names) == 1 and density:
        x = np.linspace(limits[0][0], limits[0][1], 400)
        axes[0].plot(x, np.exp(density(x[:, None])), color=SAMPLES, linewidth=1.2, label="density")
    axes[0].legend(frameon=False, fontsize=8, loc="upper right")
    return figure


def _pairs(
    data: NDArray[Any],
    samples: NDArray[Any],
    names: Sequence[str],
    limits: Limits,
    density: Density | None,
) -> Figure:
    size = len(names)
    figure = Figure(figsize=(2.2 * size + 1, 2.2 * size + 0.6), layout="constrained")
    axes = figure.subplots(size, size, squeeze=False)
    for row in range(size):
        for column in range(size):
            axis = axes[row, column]
            if column > row:
                axis.set_visible(False)
                continue
            if column == row:
                _histogram(axis, data[:, row], samples[:, row], limits[row])
            else:
                _dots(axis, samples[:, [column, row]], SAMPLES, 0.35)
                _dots(axis, data[:, [column, row]], DATA, 0.5)
                axis.set_ylim(*limits[row])
            axis.set_xlim(*limits[column])
            axis.tick_params(labelbottom=row == size - 1, labelleft=column == 0)
            if row == size - 1:
                axis.set_xlabel(names[column])
            if column == 0 and row:
                axis.set_ylabel(names[row])
    if size == 2 and density:
        _contours(axes[1, 0], limits, density)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), frameon=False, loc="upper right")
    return figure


def _dots(axis: Axes, points: NDArray[Any], color: str, alpha: float) -> None:
    x, y = points.T
    size = dot_size(len(points))
    axis.scatter(x, y, s=size, color=color, alpha=alpha, linewidths=0, rasterized=True)


def _contours(axis: Axes, limits: Limits, density: Density) -> None:
    """Lines within which a half, nine tenths and 99 of 100 samples lie."""
    x, y = (np.linspace(low, high, 160) for low, high in limits)
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    height = np.exp(density(grid.reshape(-1, 2))).reshape(len(y), len(x))
    falling = np.sort(height, axis=None)[::-1]
    share = np.cumsum(falling) / max(falling.sum(), 1e-300)
    places = np.searchsorted(share, (0.5, 0.9, 0.99)).clip(0, len(falling) - 1)
    levels = sorted({float(level) for level in falling[places]})
    if levels[0] > 0:
        axis.contour(x, y, height, levels, colors=[CONTOURS], linewidths=1.0)


def _histogram(
    axis: Axes, data: NDArray[Any], samples: NDArray[Any], limits: tuple[float, float]
) -> None:
    count = int(np.clip(2 * len(data) ** 0.5 if len(data) else 60, 12, 60))
    bins = np.linspace(*limits, count + 1).tolist()
    axis.hist(samples, bins, density=True, color=SAMPLES, alpha=0.5, label="samples")
    if len(data):
        axis.hist(
            data, bins, density=True, histtype="step", color=DATA, linewidth=1.2, label="data"
        )
    axis.set_yticks([])
    axis.set_xlim(*limits)
