"""The course of a training as a picture."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from flowspec.plots.style import CONTOURS, DATA, SAMPLES, STYLE, png

Losses = NDArray[np.floating]

JUMP = 1.0
"""Nats a row by which a loss may rise from one epoch to the next without a mark."""


def course(epochs: Sequence[tuple[int, float, float | None]]) -> bytes:
    """The losses of a training, as PNG, with its best epoch and the epochs in which they jumped.

    epochs   (epoch, loss, validation loss), the latter None where no row is held out
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(6, 3.8), layout="constrained")
        axis = figure.subplots()
        if epochs:
            _draw(axis, epochs)
        axis.set(xlabel="epoch", ylabel="nats per row")
        handles, labels = axis.get_legend_handles_labels()
        figure.legend(
            handles, labels, frameon=False, loc="outside upper right", ncols=4, fontsize=8,
            columnspacing=1.2, handlelength=1.4,
        )  # fmt: skip
        return png(figure)


def _draw(axis: Axes, epochs: Sequence[tuple[int, float, float | None]]) -> None:
    numbers, losses = (np.array([epoch[i] for epoch in epochs]) for i in (0, 1))
    held_out = [validation for _, _, validation in epochs if validation is not None]
    axis.plot(numbers, losses, color=SAMPLES, label="training rows", linewidth=1)
    decisive = np.array(held_out) if len(held_out) == len(losses) else losses
    if decisive is not losses:
        axis.plot(numbers, decisive, color=DATA, label="rows held out", linewidth=1)
    low, high = _limits(losses, decisive)
    axis.set_ylim(low, high)
    _mark_best(axis, numbers, decisive)
    _mark_jumps(axis, numbers, decisive, high)


def _limits(losses: Losses, decisive: Losses) -> tuple[float, float]:
    """The first steps can be so much worse than the others that nothing else would be seen."""
    finite = np.concatenate([losses, decisive])
    low, high = float(finite.min()), float(np.quantile(finite, 0.98))
    least = 1e-6 * max(1.0, abs(high))
    return low - 0.05 * (high - low) - least, high + 0.15 * (high - low) + least


def _mark_best(axis: Axes, numbers: Losses, decisive: Losses) -> None:
    best = int(np.argmin(decisive))
    words = f"best: epoch {numbers[best]}, {decisive[best]:.3f}"
    axis.axvline(numbers[best], color=DATA, linewidth=0.6, linestyle=":")
    axis.plot(numbers[best], decisive[best], "o", color=DATA, markersize=5, label=words)


def _mark_jumps(axis: Axes, numbers: Losses, decisive: Losses, high: float) -> None:
    """Mark the epochs whose loss is far above the one before, at the edge where it is beyond."""
    rises = np.diff(decisive)
    jumps = np.flatnonzero(rises > JUMP) + 1
    if not len(jumps):
        return
    first = numbers[jumps[np.argmax(rises[jumps - 1])]]
    words = f"jump: epoch {first}" if len(jumps) == 1 else f"{len(jumps)} jumps, largest in {first}"
    places = np.minimum(decisive[jumps], high)
    axis.plot(numbers[jumps], places, "v", color=CONTOURS, markersize=6, label=words, clip_on=False)
