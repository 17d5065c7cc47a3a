"""Pictures of a flow that has a context: is it calibrated, and what does it say at each context? As PNG."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Mapping, Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from flowspec.plots.style import CONTOURS, DATA, SAMPLES, STYLE, dot_size, limits_of, literal, png

BAND = "#dcdcdc"
MOST_SAMPLES, HALF_SAMPLES = "#f6e0d5", "#ebbca5"
TICKS = (0, 0.25, 0.5, 0.75, 1)
MOST_PANELS = 12
"""Coordinates that get a panel of their own, where each needs one to be read."""
MOST_TOLD = 8
"""Conditioning variables that a title names."""
CONFIDENCE = 0.95
"""Share of calibrated flows whose curve lies within the band, from end to end."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""What is drawn of a distribution: two bands and the median."""

NUMBERS_AT_ONCE = 4_000_000
"""Samples that are in memory together, counted in numbers."""

Sampler = Callable[[np.ndarray, int], np.ndarray]
"""(context (N, C), first) -> samples (N, D) or (N,): row i gets the random numbers of row `first` + i."""


def levels_of(sample: Sampler, values: np.ndarray, context: np.ndarray, draws: int) -> np.ndarray:
    """`levels` of data (rows, D) among so many samples for the context (rows, C) of each row.

    It draws for a block of rows at a time; which numbers a row gets does not depend on the blocks.
    """
    at_once = max(1, NUMBERS_AT_ONCE // (draws * values.shape[1]))
    found = []
    for start in range(0, len(values), at_once):
        here = slice(start, start + at_once)
        samples = sample(np.repeat(context[here], draws, axis=0), start * draws)
        found.append(levels(values[here], samples.reshape(len(values[here]), draws, -1)))
    return np.concatenate(found)


def along(
    sample: Sampler, context: np.ndarray, place: int, size: int, draws: int
) -> tuple[np.ndarray, np.ndarray]:
    """A grid over one variable of the context (rows, C), and samples (size, draws, D) for each of its values.

    The other variables stay at their medians. Each value gets the same random numbers: what the flow does shows, not what
    chance does.
    """
    varied, middle = context[:, place], np.median(context, axis=0)
    grid = np.linspace(varied.min(), varied.max(), size)
    samples = []
    for value in grid:
        here = np.where(np.arange(len(middle)) == place, value, middle)
        samples.append(sample(np.tile(here, (draws, 1)), 0).reshape(draws, -1)[:, :MOST_PANELS])
    return grid, np.stack(samples)


def levels(data: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """(samples below + half of the ties + 0.5) / (draws + 1): where each number lies among the samples for its row.

    These probability integral transforms are uniform, for each coordinate, where the flow is calibrated.

    Shapes:  data (rows, D) or (rows,), samples (rows, draws, D) or (rows, draws)  ->  (rows, D)
    Values:  strictly between 0 and 1.
    """
    data, samples = data.reshape(len(data), 1, -1), samples.reshape(*samples.shape[:2], -1)
    below, ties = (samples < data).sum(axis=1), (samples == data).sum(axis=1)
    return (below + 0.5 * ties + 0.5) / (samples.shape[1] + 1)


def departures(levels: np.ndarray) -> np.ndarray:
    """max |observed share - predicted level| of each coordinate, with its sign: the statistic of Kolmogorov and Smirnov.

    Above 0, rows lie below a quantile of the flow more often than it says.

    Shapes:  levels (rows, D) or (rows,)  ->  (D,)
    """
    return np.array([_largest_gap(column)[1] for column in levels.reshape(len(levels), -1).T])


def half_width(rows: int) -> float:
    """sqrt(log(2 / 0.05) / (2 rows)): 95 of 100 calibrated flows depart by no more, whatever the level.

    Source:  The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality, P. Massart, 1990, doi:10.1214/aop/1176990746
    """
    return math.sqrt(math.log(2 / (1 - CONFIDENCE)) / (2 * rows))


def calibration(levels: np.ndarray, names: Sequence[str]) -> bytes:
    """For each coordinate the share of rows below each predicted quantile: on the diagonal, if the flow is calibrated.

    levels   (rows, D) as `levels` gives them
    """
    levels, names = levels.reshape(len(levels), -1), [literal(name) for name in names]
    with matplotlib.rc_context(STYLE):
        figure, axes = _panels(names, 3.0, 2.75)
        for axis, column, name in zip(axes, levels.T, names, strict=False):
            _calibration_curve(axis, column)
            axis.set_title(name, fontsize=10)
        _label_edges(axes, "predicted quantile level", "observed share of rows below")
        rows = f"{len(levels):,} row{'s' * (len(levels) != 1)}"
        return _finished(figure, axes, [f"calibration on {rows}", _left_out(names)])


def conditional(
    grid: np.ndarray,
    samples: np.ndarray,
    context: np.ndarray,
    data: np.ndarray,
    context_name: str,
    names: Sequence[str],
    held: Mapping[str, float] | None = None,
) -> bytes:
    """Data against one conditioning variable, with the quantiles of the flow for each of its values.

    grid      (G,) values of the conditioning variable, increasing
    samples   (G, draws, D) or (G, draws), drawn for these values
    context   (rows,) the conditioning variable of the data
    data      (rows, D) or (rows,)
    held      the other conditioning variables, and where they stood for the samples
    """
    data, samples = data.reshape(len(data), -1), samples.reshape(*samples.shape[:2], -1)
    names, context_name = [literal(name) for name in names], literal(context_name)
    with matplotlib.rc_context(STYLE):
        figure, axes = _panels(names, 3.3, 2.7)
        for i, axis in enumerate(axes):
            _quantile_bands(axis, grid, samples[..., i], context, data[:, i])
            axis.set_ylabel(names[i])
        _label_edges(axes, context_name)
        return _finished(figure, axes, [_where_it_stands(held or {}), _left_out(names)])


def _calibration_curve(axis, levels: np.ndarray) -> None:
    width, predicted = half_width(len(levels)), np.linspace(0, 1, 201)
    low, high = (np.clip(predicted + shift, 0, 1) for shift in (-width, width))
    share = f"{100 * CONFIDENCE:g} of 100"
    axis.fill_between(
        predicted, low, high, color=BAND, linewidth=0, label=f"holds {share} calibrated flows"
    )
    axis.plot(
        [0, 1],
        [0, 1],
        color=DATA,
        linewidth=0.8,
        linestyle=(0, (4, 3)),
        label="perfectly calibrated",
    )
    observed = np.arange(len(levels) + 1) / len(levels)
    axis.step(
        [0, *np.sort(levels), 1],
        [*observed, 1],
        where="post",
        color=CONTOURS,
        linewidth=1.4,
        label="this flow",
    )
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
    told = f"departs by {abs(gap):.3f}\nband \u00b1{width:.3f}"
    colour = SAMPLES if abs(gap) > width else DATA
    axis.text(
        x,
        y,
        told,
        color=colour,
        ha=side,
        va="bottom" if gap > 0 else "top",
        fontsize=8,
        transform=axis.transAxes,
    )
    axis.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", xticks=TICKS, yticks=TICKS)


def _largest_gap(levels: np.ndarray) -> tuple[float, float]:
    """The level at which the observed share departs most, and by how much. It jumps at each level: both sides count."""
    predicted, count = np.sort(levels), len(levels)
    above = np.arange(1, count + 1) / count - predicted
    below = np.arange(count) / count - predicted
    gaps = np.where(above > -below, above, below)
    most = int(np.abs(gaps).argmax())
    return float(predicted[most]), float(gaps[most])


def _quantile_bands(axis, grid, samples, context, data) -> None:
    lowest, low, middle, high, highest = bands = np.quantile(
        samples, QUANTILES, axis=1, method="inverted_cdf"
    )
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


def _where_it_stands(held: Mapping[str, float]) -> str:
    """What else the quantiles depend on, and the data do not share. An equation is not broken over two lines."""
    told = [
        f"{literal(name)}\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{value:.4g}"
        for name, value in held.items()
    ]
    more = [f"and {len(told) - MOST_TOLD} more"] if len(told) > MOST_TOLD else []
    return f"flow at {', '.join(told[:MOST_TOLD] + more)}; data at all values" if told else ""


def _panels(names: Sequence[str], width: float, height: float) -> tuple[Figure, list]:
    """A figure with a panel for each name, up to `MOST_PANELS`."""
    count = min(len(names), MOST_PANELS)
    lines = -(-count // 4)
    columns = -(-count // lines)
    figure = Figure(figsize=(max(4.6, width * columns), height * lines + 1), layout="compressed")
    axes = figure.subplots(lines, columns, squeeze=False).ravel()
    for axis in axes[count:]:
        axis.set_visible(False)
    return figure, list(axes[:count])


def _label_edges(axes: list, below: str, left: str = "") -> None:
    """Labels at the edges of the figure alone: all panels share them."""
    for i, axis in enumerate(axes):
        columns = axis.get_subplotspec().get_gridspec().ncols
        if i + columns >= len(axes):
            axis.set_xlabel(below)
        if left and i % columns == 0:
            axis.set_ylabel(left)


def _left_out(names: Sequence[str]) -> str:
    return (
        f"the first {MOST_PANELS} of {len(names)} coordinates" if len(names) > MOST_PANELS else ""
    )


def _finished(figure: Figure, axes: list, title: Sequence[str]) -> bytes:
    """With the non-empty parts of a title, and a legend for all panels."""
    width = int(12 * figure.get_figwidth())
    figure.align_ylabels()
    figure.suptitle(textwrap.fill("; ".join(filter(None, title)), width), fontsize=9)
    columns = 4 if figure.get_figwidth() > 8 else 2
    figure.legend(
        *axes[0].get_legend_handles_labels(),
        frameon=False,
        loc="outside lower center",
        ncols=columns,
    )
    return png(figure)
