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


Epochs = Sequence[tuple[int, float, float | None]]
"""(epoch, loss, validation loss), the latter None where no row is held out."""


def course(members: Sequence[Epochs]) -> bytes:
    """The losses of a training, as PNG, with its best epoch and the epochs in which they jumped; of
    several members their losses alone.
    """
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(6, 3.8), layout="constrained")
        axis = figure.subplots()
        if len(members) > 1:
            _draw_all(axis, [epochs for epochs in members if epochs])
        elif members[0]:
            _draw(axis, members[0])
        axis.set(xlabel="epoch", ylabel="nats per row")
        handles, labels = axis.get_legend_handles_labels()
        figure.legend(
            handles, labels, frameon=False, loc="outside upper right", ncols=4, fontsize=8,
            columnspacing=1.2, handlelength=1.4,
        )  # fmt: skip
        return png(figure)


def _draw_all(axis: Axes, members: Sequence[Epochs]) -> None:
    ends = [_limits(*_lines(axis, epochs, is_first=not i)[1:]) for i, epochs in enumerate(members)]
    if ends:
        axis.set_ylim(min(low for low, _ in ends), max(high for _, high in ends))
    axis.set_title(f"{len(members)} members", fontsize=9)


def _lines(axis: Axes, epochs: Epochs, is_first: bool = True) -> tuple[Losses, Losses, Losses]:
    """Draw the losses, and give the epochs, the losses, and those that decide which is best."""
    numbers, losses = (np.array([epoch[i] for epoch in epochs]) for i in (0, 1))
    held_out = [validation for _, _, validation in epochs if validation is not None]
    of_training, of_held_out = ("training rows", "rows held out") if is_first else ("", "")
    axis.plot(numbers, losses, color=SAMPLES, label=of_training, linewidth=1)
    decisive = np.array(held_out) if len(held_out) == len(losses) else losses
    if decisive is not losses:
        axis.plot(numbers, decisive, color=DATA, label=of_held_out, linewidth=1)
    return numbers, losses, decisive


def _draw(axis: Axes, epochs: Epochs) -> None:
    numbers, losses, decisive = _lines(axis, epochs)
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
