"""Pictures of samples against data, as PNG. (The extra `plot` installs matplotlib.)"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from flowspec.plots.histogram import bins, histogram, panes
from flowspec.plots.scales import Scale, scale_of, scaled
from flowspec.plots.style import (
    CONTOURS,
    DATA,
    SAMPLES,
    STYLE,
    Density,
    dot_size,
    literal,
    png,
)

Rows = NDArray[Any]

MOST_PAIRS = 6
"""Coordinates up to which every pair is drawn."""

MOST_PANES = 24
"""Coordinates that are drawn; where there are more, those that differ most."""

ON_TOP = 1000
"""Rows of data up to which their dots lie on those of the samples; more would hide them."""

SPREAD = 0.35
"""How far dots may be from their whole numbers."""

MOST_DOTS = 4000
"""Dots of the data, and of the samples, where none of them lies on top."""


def compared(
    data: Rows | None,
    samples: Rows,
    names: Sequence[str],
    density: Density | None = None,
) -> bytes:
    """Data against samples: histograms with the ratio of both, and the points of each pair where
    coordinates are few. Axes of positive numbers that are skewed are logarithmic. Of more than
    `MOST_PANES` coordinates those are drawn whose samples differ most from the data.

    data, samples   (rows, D), or (rows,) for one coordinate; data may be None
    density         points (N, D) to log-densities (N,): drawn as a curve or as contours, for one
                    or two coordinates
    """
    names = [literal(name) for name in names]
    samples = samples.reshape(len(samples), -1)
    data = np.empty((0, samples.shape[1])) if data is None else data.reshape(len(data), -1)
    count = len(names)
    if count > MOST_PANES:
        chosen = _most_different(data, samples)
        names, data, samples = [names[i] for i in chosen], data[:, chosen], samples[:, chosen]
    pairs = 1 < len(names) <= MOST_PAIRS
    scales = [scale_of(data[:, i], samples[:, i]) for i in range(len(names))]
    with matplotlib.rc_context(STYLE):
        figure = (_pairs if pairs else _histograms)(data, samples, names, scales, density)
        if count > len(names):
            which = "that differ most" if len(data) else "that come first"
            figure.suptitle(f"The {len(names)} of {count} columns {which}", fontsize=10)
        return png(figure)


def _most_different(data: Rows, samples: Rows) -> list[int]:
    """The coordinates whose two distributions lie farthest apart (Kolmogorov and Smirnov), in the
    order of the table.
    """
    if not len(data):
        return list(range(MOST_PANES))
    distances = [_distance(a, b) for a, b in zip(data.T, samples.T, strict=True)]
    return sorted(int(i) for i in np.argsort(distances, kind="stable")[-MOST_PANES:])


def _distance(one: Rows, other: Rows) -> float:
    places = np.concatenate([one, other])
    shares = [np.searchsorted(np.sort(each), places, "right") / len(each) for each in (one, other)]
    return float(np.abs(shares[0] - shares[1]).max())


def _histograms(
    data: Rows,
    samples: Rows,
    names: Sequence[str],
    scales: Sequence[Scale],
    density: Density | None,
) -> Figure:
    columns = min(len(names), 4)
    lines = -(-len(names) // columns)
    size = max(5.0, 2.6 * columns), max(4.0, 2.8 * lines) + 0.3
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.add_gridspec(lines, columns)
    first: Axes | None = None
    for i, name in enumerate(names):
        shown = panes(figure, grid[i // columns, i % columns], bool(len(data)))
        histogram(shown, data[:, i], samples[:, i], scales[i])
        shown[-1].set_xlabel(name)
        _name_ratio(shown, i % columns == 0)
        first = first or shown[0]
    assert first is not None  # a flow has a coordinate
    if len(names) == 1 and density:
        _curve(first, density, scales[0], len(data))
    _legend(figure, first)
    return figure


def _name_ratio(shown: Sequence[Axes], is_first: bool) -> None:
    """The words beside the pane of the ratio, in the first column."""
    if len(shown) > 1 and is_first:
        shown[1].set_ylabel("data /\nsamples", fontsize=7)


def _legend(figure: Figure, axis: Axes) -> None:
    handles, labels = axis.get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, loc="outside upper right", ncols=len(labels))


def _curve(axis: Axes, density: Density, scale: Scale, rows: int) -> None:
    """The density, as the share of a bin."""
    x = scale.grid(400)
    width = scale.width(bins(scale, rows))
    y = np.exp(density(x[:, None])) * scale.stretch(x) * width
    axis.plot(x, y, color=SAMPLES, linewidth=1.2, label="density")


def _pairs(
    data: Rows,
    samples: Rows,
    names: Sequence[str],
    scales: Sequence[Scale],
    density: Density | None,
) -> Figure:
    size = len(names)
    figure = Figure(figsize=(2.2 * size + 1, 2.2 * size + 0.8), layout="constrained")
    grid = figure.add_gridspec(size, size)
    for row in range(size):
        for column in range(row):
            axis = figure.add_subplot(grid[row, column])
            pair = scales[column], scales[row]
            shown = (spread(rows[:, [column, row]], pair) for rows in (data, samples))
            _dots(axis, *shown)
            scaled(axis, *pair)
            axis.tick_params(labelbottom=row == size - 1, labelleft=column == 0)
            if row == size - 1:
                axis.set_xlabel(names[column])
            if column == 0:
                axis.set_ylabel(names[row])
            if size == 2 and density:
                _contours(axis, scales, density)
        both = panes(figure, grid[row, row], bool(len(data)))
        histogram(both, data[:, row], samples[:, row], scales[row])
        both[-1].tick_params(labelbottom=row == size - 1)
        _name_ratio(both, row == 0)
        if row == size - 1:
            both[-1].set_xlabel(names[row])
        if row == 0:
            first = both[0]
    _legend(figure, first)
    return figure


def spread(rows: Rows, scales: Sequence[Scale]) -> Rows:
    """Points whose whole numbers are anywhere near them: dots on lines hide each other."""
    random = np.random.default_rng(1)
    apart = [SPREAD * scale.is_whole for scale in scales]
    return rows + apart * random.uniform(-1, 1, rows.shape)


def _dots(axis: Axes, data: Rows, samples: Rows) -> None:
    """The points of a pair: few of the data above those of the samples, many among them."""
    if len(data) <= ON_TOP:
        _scatter(axis, samples, SAMPLES, 0.35)
        _scatter(axis, data, DATA, 0.5)
        return
    random = np.random.default_rng(0)
    parts = [random.permutation(rows)[:MOST_DOTS] for rows in (samples, data)]
    colors = np.repeat([SAMPLES, DATA], [len(rows) for rows in parts])
    order = random.permutation(len(colors))
    _scatter(axis, np.concatenate(parts)[order], colors[order].tolist(), 0.6)


def _scatter(axis: Axes, points: Rows, color: str | list[str], alpha: float) -> None:
    x, y = points.T
    size = dot_size(len(points))
    axis.scatter(x, y, s=size, c=color, alpha=alpha, linewidths=0, rasterized=True)


def _contours(axis: Axes, scales: Sequence[Scale], density: Density) -> None:
    """Lines within which a half, nine tenths and 99 of 100 samples lie."""
    x, y = (scale.grid(160) for scale in scales)
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    stretch = scales[0].stretch(x) * scales[1].stretch(y)[:, None]
    height = np.exp(density(grid.reshape(-1, 2))).reshape(len(y), len(x)) * stretch
    falling = np.sort(height, axis=None)[::-1]
    share = np.cumsum(falling) / max(falling.sum(), 1e-300)
    places = np.searchsorted(share, (0.5, 0.9, 0.99)).clip(0, len(falling) - 1)
    levels = sorted({float(level) for level in falling[places]})
    if levels[0] > 0:
        axis.contour(x, y, height, levels, colors=[CONTOURS], linewidths=1.0)
