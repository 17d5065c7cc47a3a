"""The error of float32 in the log-density of an example, measured by the build."""

from __future__ import annotations

import numpy as np

from flowspec.language.catalogue import Entry
from flowspec.plots.example import example_of, model_of, samples

ROWS = 500


def rounding(entry: Entry) -> str:
    """A sentence about the largest error over samples of the example."""
    model = model_of(entry)
    x = samples(model, ROWS).astype(np.float32)
    x = x[:, 0] if model.flow.space.scalar else x
    single, double = model.log_prob(x, dtype=np.float32), model.log_prob(x)
    finite = np.isfinite(double)
    error = np.abs(single - double)[finite] / (1 + np.abs(double[finite]))
    return f"float32: the log-density of `{example_of(entry)}` {_in_words(error.max())}"


def _in_words(error: float) -> str:
    over = f"over {ROWS} samples"
    if error == 0:
        return f"is exact, {over}"
    return f"is off by at most {error:.0e} of 1 + \\|its value\\|, {over}"
