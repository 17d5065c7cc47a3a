"""Pictures of a judgement: levels of each column, and data beside samples."""

from __future__ import annotations

import matplotlib
import numpy as np

from flowspec.judge.columns import levels
from flowspec.judge.evidence import Evidence
from flowspec.plots.panels import label_edges, panels
from flowspec.plots.samples import compared
from flowspec.plots.style import DATA, STYLE, literal, png

BINS = 20
SHOWN = 3000
"""Rows in the picture of data beside samples."""


def beside(evidence: Evidence) -> bytes:
    """Data and samples, as PNG."""
    rows = evidence.rows[:SHOWN]
    return compared(rows, evidence.draws[: len(rows)], evidence.columns)


def levels_of_columns(evidence: Evidence) -> bytes:
    """Histograms of the levels of the data among the samples, with the band of a perfect model, as
    PNG.
    """
    with matplotlib.rc_context(STYLE):
        figure, axes = panels([literal(name) for name in evidence.columns], 2.6, 1.8)
        expected = len(evidence.rows) / BINS
        spread = 1.96 * np.sqrt(expected * (1 - 1 / BINS))
        columns = zip(evidence.columns, evidence.rows.T, evidence.draws.T, strict=True)
        for axis, (name, data, drawn) in zip(axes, columns, strict=False):
            axis.set_title(literal(name))
            axis.hist(levels(data, drawn), BINS, range=(0, 1), color=DATA, alpha=0.5)
            axis.axhspan(expected - spread, expected + spread, color=DATA, alpha=0.15, lw=0)
            axis.set_xlim(0, 1)
        label_edges(axes, "level among the samples", "rows")
        return png(figure)
