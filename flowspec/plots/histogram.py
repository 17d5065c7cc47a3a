"""The histogram of one coordinate: samples, data with its errors, and the ratio of both below."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from numpy.typing import NDArray

from flowspec.plots.scales import MOST_BINS, Scale, scaled
from flowspec.plots.style import DATA, SAMPLES

Counts = NDArray[Any]

HIGHEST = 2.0
"""The ratio at the upper end of its pane; larger ones are triangles there."""
ROUNDING = 1e-6
"""Share of a bin by which a number may lie beside it."""

FEW = 3.0
"""Rows that should lie in a bin, below which none of them there says nothing."""


def panes(figure: Figure, cell: SubplotSpec, ratio: bool) -> list[Axes]:
    """The panes of a cell of a figure: that of the histogram, and below it that of the ratio."""
    if not ratio:
        return [figure.add_subplot(cell)]
    rows = cell.subgridspec(2, 1, height_ratios=(3, 1), hspace=0)
    upper = figure.add_subplot(rows[0])
    lower = figure.add_subplot(rows[1], sharex=upper)
    upper.tick_params(labelbottom=False, bottom=False)
    return [upper, lower]


def bins(scale: Scale, rows: int) -> Counts:
    """The edges of bins for so many rows of data; 0 for samples alone."""
    return scale.edges(int(np.clip(1.5 * rows**0.5, 10, MOST_BINS)) if rows else MOST_BINS)


def histogram(shown: list[Axes], data: Counts, samples: Counts, scale: Scale) -> None:
    """Draw data and samples into panes, as shares of a bin."""
    edges = bins(scale, len(data))
    drawn = _counts(samples, edges)
    upper = shown[0]
    share = drawn / max(len(samples), 1)
    upper.stairs(share, edges, fill=True, color=SAMPLES, alpha=0.5, label="samples")
    if len(data):
        known = _counts(data, edges)
        _data(upper, known / len(data), np.sqrt(known) / len(data), edges, scale)
        _ratio(shown[1], known, drawn, len(data) / max(len(samples), 1), edges, scale)
    upper.set_yticks([])
    upper.set_ylim(bottom=0)
    scaled(upper, scale)


def _counts(values: Counts, edges: Counts) -> Counts:
    """Values of each bin; what rounding puts beside the first or the last one belongs to it."""
    wide = edges.copy()
    wide[0] -= ROUNDING * (edges[1] - edges[0])
    wide[-1] += ROUNDING * (edges[-1] - edges[-2])
    return np.histogram(values, wide)[0].astype(float)


def _middles(edges: Counts, scale: Scale) -> Counts:
    return np.sqrt(edges[:-1] * edges[1:]) if scale.is_log else (edges[:-1] + edges[1:]) / 2


def _data(axis: Axes, share: Counts, error: Counts, edges: Counts, scale: Scale) -> None:
    axis.stairs(share, edges, color=DATA, linewidth=1.2, label="data")
    x, some = _middles(edges, scale), share > 0
    axis.errorbar(x[some], share[some], error[some], fmt="none", ecolor=DATA, elinewidth=0.8)


def _ratio(
    axis: Axes, data: Counts, drawn: Counts, per_sample: float, edges: Counts, scale: Scale
) -> None:
    """Draw the rows of each bin for each that the samples have there, with the errors of both.

    Triangles are ratios out of sight: rows where hardly a sample is, none where some should be.
    """
    x, expected = _middles(edges, scale), drawn * per_sample
    both = (data > 0) & (drawn > 0)
    ratio = np.full(len(x), np.inf)
    ratio[both] = data[both] / expected[both]
    error = ratio[both] * np.sqrt(1 / data[both] + 1 / drawn[both])
    axis.axhline(1, color=SAMPLES, linewidth=1)
    axis.errorbar(x[both], ratio[both], error, fmt=".", color=DATA, markersize=3, elinewidth=0.8)
    high = (data > 0) & (ratio > HIGHEST)
    low = (data == 0) & (expected >= FEW)
    for chosen, place, mark in ((high, 0.97 * HIGHEST, "^"), (low, 0.03 * HIGHEST, "v")):
        axis.plot(x[chosen], np.full(chosen.sum(), place), mark, color=DATA, markersize=3.5)
    axis.set_ylim(0, HIGHEST)
    axis.set_yticks([1])
    axis.tick_params(axis="y", labelsize=7)
