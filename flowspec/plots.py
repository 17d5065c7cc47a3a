"""Pictures of data, samples and trainings, as PNG. (The extra `plot` installs matplotlib.)"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

DATA, SAMPLES, CONTOURS = "#222222", "#d1602b", "#1f5f8b"
Density = Callable[[np.ndarray], np.ndarray]
Limits = list[tuple[float, float]]
MOST_PAIRS = 6
"""Coordinates up to which every pair is drawn."""
STYLE: dict[Any, Any] = {
    "axes.grid": True,
    "grid.alpha": 0.25,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 9,
}


def course(epochs: Sequence[tuple[int, float, float | None]]) -> bytes:
    """The losses of a training: (epoch, loss, validation loss), the latter None where no row is held out."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(6, 3.5), layout="constrained")
        axis = figure.subplots()
        numbers, losses, validations = zip(*epochs, strict=True) if epochs else ((), (), ())
        axis.plot(numbers, losses, color=SAMPLES, label="training rows", linewidth=1)
        held_out = None not in validations
        if held_out:
            axis.plot(numbers, validations, color=DATA, label="rows held out", linewidth=1)
        if epochs:
            decisive = validations if held_out else losses
            best = int(np.argmin(decisive))
            axis.plot(numbers[best], decisive[best], "o", color=DATA, markersize=5, label=f"best: {decisive[best]:.3f}")
            # The first steps can be so much worse than the others that nothing else would be seen.
            finite = np.array(losses + decisive)
            low, high = finite.min(), np.quantile(finite, 0.98)
            axis.set_ylim(low - 0.05 * (high - low) - 1e-6, high + 0.15 * (high - low) + 1e-6)
        axis.set(xlabel="epoch", ylabel="nats per row")
        axis.legend(frameon=False)
        return png(figure)


def compared(data: np.ndarray | None, samples: np.ndarray, names: Sequence[str], density: Density | None = None) -> bytes:
    """Data against samples: a histogram of each coordinate, and the points of each pair where these are few.

    data, samples   (rows, D), or (rows,) for one coordinate; data may be None
    density         points (N, D) to log-densities (N,): drawn as a curve or as contours, for one or two coordinates
    """
    names = [literal(name) for name in names]
    samples = samples.reshape(len(samples), -1)
    data = np.empty((0, samples.shape[1])) if data is None else data.reshape(len(data), -1)
    pairs = 1 < len(names) <= MOST_PAIRS
    limits = [limits_of(data[:, i], samples[:, i]) for i in range(len(names))]
    with matplotlib.rc_context(STYLE):
        figure = (_pairs if pairs else _histograms)(data, samples, names, limits, density)
        return png(figure)


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
                axis.scatter(samples[:, column], samples[:, row], s=dot_size(len(samples)), color=SAMPLES, alpha=0.35, **dots)
                axis.scatter(data[:, column], data[:, row], s=dot_size(len(data)), color=DATA, alpha=0.5, **dots)
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


def literal(name: str) -> str:
    """A name as matplotlib writes it out: between dollars it would read formulas."""
    return name.replace("$", r"\$")


def limits_of(data: np.ndarray, samples: np.ndarray) -> tuple[float, float]:
    """What the data covers, and nearly all samples."""
    low = min(data.min(initial=np.inf), np.quantile(samples, 0.002))
    high = max(data.max(initial=-np.inf), np.quantile(samples, 0.998))
    margin = 0.04 * (high - low) or 0.5
    return float(low - margin), float(high + margin)


def dot_size(count: int) -> float:
    return float(np.clip(4000 / max(count, 1), 1.0, 8.0))


def png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110, metadata={"Software": None})
    return stream.getvalue()
