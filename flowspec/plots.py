"""Pictures of data, samples and trainings, as PNG. (The extra `plot` installs matplotlib.)"""

from __future__ import annotations

import io
import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

DATA, SAMPLES, CONTOURS, BAND = "#222222", "#d1602b", "#1f5f8b", "#dcdcdc"
MOST_SAMPLES, HALF_SAMPLES = "#f6e0d5", "#ebbca5"
TICKS = (0, 0.25, 0.5, 0.75, 1)
Density = Callable[[np.ndarray], np.ndarray]
Limits = list[tuple[float, float]]
MOST_PAIRS = 6
"""Coordinates up to which every pair is drawn."""
MOST_PANELS = 12
"""Coordinates that get a panel of their own, where each needs one to be read."""
MOST_TOLD = 8
"""Conditioning variables that a title names."""
CONFIDENCE = 0.95
"""Share of calibrated flows whose curve lies within the band, from end to end."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""What is drawn of a distribution: two bands and the median."""

STYLE: dict[Any, Any] = {
    "axes.grid": True,
    "grid.alpha": 0.25,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 9,
}


def course(epochs: Sequence[tuple[int, float, float]]) -> bytes:
    """The losses of a training: (epoch, loss, validation loss)."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(6, 3.5), layout="constrained")
        axis = figure.subplots()
        numbers, losses, validations = zip(*epochs, strict=True) if epochs else ((), (), ())
        axis.plot(numbers, losses, color=SAMPLES, label="training rows", linewidth=1)
        axis.plot(numbers, validations, color=DATA, label="rows held out", linewidth=1)
        if epochs:
            best = int(np.argmin(validations))
            axis.plot(numbers[best], validations[best], "o", color=DATA, markersize=5, label=f"best: {validations[best]:.3f}")
            # The first steps can be so much worse than the others that nothing else would be seen.
            finite = np.array(losses + validations)
            low, high = finite.min(), np.quantile(finite, 0.98)
            axis.set_ylim(low - 0.05 * (high - low) - 1e-6, high + 0.15 * (high - low) + 1e-6)
        axis.set(xlabel="epoch", ylabel="nats per row")
        axis.legend(frameon=False)
        return _png(figure)


def compared(data: np.ndarray | None, samples: np.ndarray, names: Sequence[str], density: Density | None = None) -> bytes:
    """Data against samples: a histogram of each coordinate, and the points of each pair where these are few.

    data, samples   (rows, D), or (rows,) for one coordinate; data may be None
    density         points (N, D) to log-densities (N,): drawn as a curve or as contours, for one or two coordinates
    """
    samples = samples.reshape(len(samples), -1)
    data = np.empty((0, samples.shape[1])) if data is None else data.reshape(len(data), -1)
    pairs = 1 < len(names) <= MOST_PAIRS
    limits = [_limits(data[:, i], samples[:, i]) for i in range(len(names))]
    with matplotlib.rc_context(STYLE):
        figure = (_pairs if pairs else _histograms)(data, samples, names, limits, density)
        return _png(figure)


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
    levels = levels.reshape(len(levels), -1)
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
    axis.fill_between(predicted, low, high, color=BAND, linewidth=0, label=f"holds {share} calibrated flows")
    axis.plot([0, 1], [0, 1], color=DATA, linewidth=0.8, linestyle=(0, (4, 3)), label="perfectly calibrated")
    observed = np.arange(len(levels) + 1) / len(levels)
    axis.step([0, *np.sort(levels), 1], [*observed, 1], where="post", color=CONTOURS, linewidth=1.4, label="this flow")
    place, gap = _largest_gap(levels)
    axis.plot([place, place], [place, place + gap], color=SAMPLES, linewidth=1.4, label="largest departure")
    # The corner that the curve turns away from.
    x, y, side = (0.97, 0.04, "right") if gap > 0 else (0.03, 0.96, "left")
    told = f"departs by {abs(gap):.3f}\nband \u00b1{width:.3f}"
    colour = SAMPLES if abs(gap) > width else DATA
    axis.text(x, y, told, color=colour, ha=side, va="bottom" if gap > 0 else "top", fontsize=8, transform=axis.transAxes)
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
    lowest, low, middle, high, highest = bands = np.quantile(samples, QUANTILES, axis=1, method="inverted_cdf")
    axis.fill_between(grid, lowest, highest, color=MOST_SAMPLES, linewidth=0, label="flow: 5 to 95 %")
    axis.fill_between(grid, low, high, color=HALF_SAMPLES, linewidth=0, label="flow: 25 to 75 %")
    axis.plot(grid, middle, color=SAMPLES, linewidth=1.6, label="flow: median")
    axis.scatter(context, data, s=_dot(len(data)), color=DATA, alpha=0.5, linewidths=0, rasterized=True, label="data")
    axis.set_xlim(*_limits(context, grid))
    # Where data are few, a flow may spread so far that they would not be seen.
    room = np.ptp(data) or np.inf
    shown = bands[np.isfinite(bands)].clip(data.min() - room, data.max() + room)
    axis.set_ylim(*_limits(np.append(data, shown), data))


def _where_it_stands(held: Mapping[str, float]) -> str:
    """What else the quantiles depend on, and the data do not share. An equation is not broken over two lines."""
    told = [f"{name}\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{value:.4g}" for name, value in held.items()]
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
    return f"the first {MOST_PANELS} of {len(names)} coordinates" if len(names) > MOST_PANELS else ""


def _finished(figure: Figure, axes: list, title: Sequence[str]) -> bytes:
    """With the non-empty parts of a title, and a legend for all panels."""
    width = int(12 * figure.get_figwidth())
    figure.align_ylabels()
    figure.suptitle(textwrap.fill("; ".join(filter(None, title)), width), fontsize=9)
    columns = 4 if figure.get_figwidth() > 8 else 2
    figure.legend(*axes[0].get_legend_handles_labels(), frameon=False, loc="outside lower center", ncols=columns)
    return _png(figure)


def _histograms(data, samples, names, limits: Limits, density: Density | None) -> Figure:
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
    axes[0].legend(frameon=False, fontsize=8)
    return figure


def _pairs(data, samples, names, limits: Limits, density: Density | None) -> Figure:
    size = len(names)
    figure = Figure(figsize=(2.2 * size + 1, 2.2 * size + 0.6), layout="constrained")
    axes = figure.subplots(size, size, squeeze=False)
    dots = {"linewidths": 0, "rasterized": True}
    for row in range(size):
        for column in range(size):
            axis = axes[row, column]
            if column > row:
                axis.set_visible(False)
                continue
            if column == row:
                _histogram(axis, data[:, row], samples[:, row], limits[row])
            else:
                axis.scatter(samples[:, column], samples[:, row], s=_dot(len(samples)), color=SAMPLES, alpha=0.35, **dots)
                axis.scatter(data[:, column], data[:, row], s=_dot(len(data)), color=DATA, alpha=0.5, **dots)
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


def _contours(axis, limits: Limits, density: Density) -> None:
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


def _histogram(axis, data, samples, limits) -> None:
    bins = np.linspace(limits[0], limits[1], int(np.clip(2 * len(data) ** 0.5 if len(data) else 60, 12, 60)) + 1)
    axis.hist(samples, bins, density=True, color=SAMPLES, alpha=0.5, label="samples")
    if len(data):
        axis.hist(data, bins, density=True, histtype="step", color=DATA, linewidth=1.2, label="data")
    axis.set_yticks([])
    axis.set_xlim(*limits)


def _limits(data: np.ndarray, samples: np.ndarray) -> tuple[float, float]:
    """What the data covers, and nearly all samples."""
    low = min(data.min(initial=np.inf), np.quantile(samples, 0.002))
    high = max(data.max(initial=-np.inf), np.quantile(samples, 0.998))
    margin = 0.04 * (high - low) or 0.5
    return float(low - margin), float(high + margin)


def _dot(count: int) -> float:
    return float(np.clip(4000 / max(count, 1), 1.0, 8.0))


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110, metadata={"Software": None})
    return stream.getvalue()
