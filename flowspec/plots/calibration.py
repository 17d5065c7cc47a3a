"""Calibration of a flow that has a context: predicted quantile levels against observed shares."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from flowspec.diagnostics.quantities import amount
from flowspec.plots.panels import finished, label_edges, left_out, panels
from flowspec.plots.style import CONTOURS, DATA, SAMPLES, STYLE, literal

BAND = "#dcdcdc"
TICKS = (0, 0.25, 0.5, 0.75, 1)
CONFIDENCE = 0.95
"""Share of calibrated flows whose curve lies within the band, from end to end."""
NUMBERS_AT_ONCE = 4_000_000
"""Samples that are in memory together, counted in numbers."""

Sampler = Callable[[NDArray[Any], int], NDArray[Any]]
"""(context (N, C), first) -> samples (N, D) or (N,).

Row i gets the random numbers of row `first` + i.
"""


# --- levels ---------------------------------------------------------------------------------------


def levels_of(
    sample: Sampler, values: NDArray[Any], context: NDArray[Any], draws: int
) -> NDArray[Any]:
    """`levels` of data (rows, D) among so many samples for the context (rows, C) of each row.

    It draws for a block of rows at a time; the numbers that a row gets do not depend on the blocks.
    """
    at_once = max(1, NUMBERS_AT_ONCE // (draws * values.shape[1]))
    blocks = []
    for start in range(0, len(values), at_once):
        block = values[start : start + at_once]
        contexts = np.repeat(context[start : start + at_once], draws, axis=0)
        samples = sample(contexts, start * draws)
        blocks.append(levels(block, samples.reshape(len(block), draws, -1)))
    return np.concatenate(blocks)


def levels(data: NDArray[Any], samples: NDArray[Any]) -> NDArray[Any]:
    """(samples below + half of the ties + 0.5) / (draws + 1).

    The place of each number among the samples for its row. These probability integral transforms
    are uniform, for each coordinate, where the flow is calibrated.

    Shapes:  data (rows, D) or (rows,), samples (rows, draws, D) or (rows, draws)  ->  (rows, D)
    Values:  strictly between 0 and 1.
    """
    data, samples = data.reshape(len(data), 1, -1), samples.reshape(*samples.shape[:2], -1)
    below, ties = (samples < data).sum(axis=1), (samples == data).sum(axis=1)
    return np.asarray((below + 0.5 * ties + 0.5) / (samples.shape[1] + 1))


def departures(levels: NDArray[Any]) -> NDArray[Any]:
    """max |observed share - predicted level| of each coordinate, with its sign.

    The statistic of Kolmogorov and Smirnov. Above 0, rows lie below a quantile of the flow more
    often than it says.

    Shapes:  levels (rows, D) or (rows,)  ->  (D,)
    """
    return np.array([_largest_gap(column)[1] for column in levels.reshape(len(levels), -1).T])


def half_width(rows: int) -> float:
    """sqrt(log(2 / 0.05) / (2 rows)).

    95 of 100 calibrated flows depart by no more, whatever the level.

    Source:  The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality, P. Massart, 1990,
             doi:10.1214/aop/1176990746
    """
    return math.sqrt(math.log(2 / (1 - CONFIDENCE)) / (2 * rows))


def _largest_gap(levels: NDArray[Any]) -> tuple[float, float]:
    """The level at which the observed share departs most, and by how much.

    The share jumps at each level: both sides count.
    """
    predicted, count = np.sort(levels), len(levels)
    above = np.arange(1, count + 1) / count - predicted
    below = np.arange(count) / count - predicted
    gaps = np.where(above > -below, above, below)
    most = int(np.abs(gaps).argmax())
    return float(predicted[most]), float(gaps[most])


# --- picture --------------------------------------------------------------------------------------


def calibration(levels: NDArray[Any], names: Sequence[str], origin: str = "") -> bytes:
    """For each coordinate the share of rows below each predicted quantile, as PNG.

    It lies on the diagonal, if the flow is calibrated.

    levels   (rows, D) as `levels` gives them
    origin   words behind the number of rows: `that were trained on`
    """
    levels, names = levels.reshape(len(levels), -1), [literal(name) for name in names]
    with matplotlib.rc_context(STYLE):
        figure, axes = panels(names, 3.0, 2.75)
        for axis, column, name in zip(axes, levels.T, names, strict=False):
            _curve(axis, column)
            axis.set_title(name, fontsize=10)
        label_edges(axes, "predicted quantile level", "observed share of rows below")
        rows = amount(len(levels), "row")
        return finished(figure, axes, [f"calibration on {rows} {origin}".rstrip(), left_out(names)])


def _curve(axis: Axes, levels: NDArray[Any]) -> None:
    width = half_width(len(levels))
    _band(axis, width)
    observed = np.arange(len(levels) + 1) / len(levels)
    axis.step(
        [0, *np.sort(levels), 1],
        [*observed, 1],
        where="post",
        color=CONTOURS,
        linewidth=1.4,
        label="this flow",
    )
    _departure(axis, levels, width)
    axis.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=TICKS, yticks=TICKS)


def _band(axis: Axes, width: float) -> None:
    """The diagonal, and the band around it."""
    predicted = np.linspace(0, 1, 201)
    low, high = (np.clip(predicted + shift, 0, 1) for shift in (-width, width))
    label = f"holds {100 * CONFIDENCE:g} of 100 calibrated flows"
    axis.fill_between(predicted, low, high, color=BAND, linewidth=0, label=label)
    axis.plot(
        [0, 1],
        [0, 1],
        color=DATA,
        linewidth=0.8,
        linestyle=(0, (4, 3)),
        label="perfectly calibrated",
    )


def _departure(axis: Axes, levels: NDArray[Any], width: float) -> None:
    """The largest departure from the diagonal, drawn and in words."""
    place, gap = _largest_gap(levels)
    axis.plot(
        [place, place],
        [place, place + gap],
        color=SAMPLES,
        linewidth=1.4,
        label="largest departure",
    )
    # The corner that the curve turns away from.
    x, y, side = (0.97, 0.04, "right") if gap > 0 else (0.03, 0.96, "left")
    axis.text(
        x,
        y,
        f"departs by {abs(gap):.3f}\nband \u00b1{width:.3f}",
        color=SAMPLES if abs(gap) > width else DATA,
        ha=side,
        va="bottom" if gap > 0 else "top",
        fontsize=8,
        transform=axis.transAxes,
    )
