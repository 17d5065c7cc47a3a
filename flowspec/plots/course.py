"""The course of a training as a picture."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from flowspec.plots.style import DATA, SAMPLES, STYLE, png


def course(epochs: Sequence[tuple[int, float, float | None]]) -> bytes:
    """The losses of a training, as PNG.

    epochs   (epoch, loss, validation loss), the latter None where no row is held out
    """
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
            axis.plot(
                numbers[best],
                decisive[best],
                "o",
                color=DATA,
                markersize=5,
                label=f"best: {decisive[best]:.3f}",
            )
            # The first steps can be so much worse than the others that nothing else would be seen.
            finite = np.array(losses + decisive)
            low, high = finite.min(), np.quantile(finite, 0.98)
            least = 1e-6 * max(1.0, abs(high))
            axis.set_ylim(low - 0.05 * (high - low) - least, high + 0.15 * (high - low) + least)
        axis.set(xlabel="epoch", ylabel="nats per row")
        axis.legend(frameon=False, loc="upper right")
        return png(figure)
