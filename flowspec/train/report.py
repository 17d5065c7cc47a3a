"""Files that a training leaves beside the weights: metrics, the course of the losses, pictures."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from flowspec.data.tables.csv import csv_text
from flowspec.data.tables.whole_numbers import cell_middles, rounded_down
from flowspec.runtime.bundle import Bundle
from flowspec.runtime.ranks import FILE as RANKS
from flowspec.runtime.ranks import Ranks, ranks_of
from flowspec.train.course import Epoch
from flowspec.train.ensemble import Ensemble, members_of
from flowspec.train.feed.rows import Rows
from flowspec.train.metrics import metrics
from flowspec.train.training import Training

if TYPE_CHECKING:
    from flowspec.plots.bundle import Shown

DRAWN_ROWS = 5000
"""Rows of the data, and samples, that a picture shows at most."""
RANKED_ROWS = 2**18
"""Rows of the training at most, among whose densities those of others are ranked."""
JUDGED_ROWS, JUDGED_DRAWS = 500, 100
"""Rows on which calibration is judged at most, and samples for each."""
GRID = 40, 500
"""Contexts at which quantiles are drawn, and samples for each."""


def log(history: Sequence[Epoch]) -> str:
    """The epochs as CSV, with their times: for a training that is running."""
    names = [field.name for field in dataclasses.fields(Epoch)]
    return csv_text(names, [[getattr(epoch, name) for epoch in history] for name in names])


def report(
    training: Training | Ensemble, judge: bool, longer: str, bundle: Bundle
) -> dict[str, bytes]:
    """The files that a bundle gets from its training, by name.

    judge    whether the fit is judged by rows held out
    longer   the option that would train on, in words

    Same training, same bytes: no times are in them. Pictures are left out where matplotlib is not
    installed.
    """
    files = {
        "metrics.json": metrics(training, bundle, judge, longer),
        "training.csv": _course(training).encode(),
    }
    if ranks := _ranks(training, bundle):
        files[RANKS] = ranks.to_bytes()
    try:
        import matplotlib  # noqa: F401  # an extra
    except ModuleNotFoundError:
        return files
    return {**files, **_pictures(training, bundle)}


def _course(training: Training | Ensemble) -> str:
    """The losses of the epochs as CSV, of an ensemble with the number of the member before them."""
    names = ["number", "loss", "validation", "rate"]
    members = members_of(training)
    history = [epoch for member in members for epoch in member.course.history]
    columns = [[getattr(epoch, name) for epoch in history] for name in names]
    if isinstance(training, Ensemble):
        numbers = [n for n, each in enumerate(members, 1) for _ in each.course.history]
        names, columns = ["member", *names], [numbers, *columns]
    return csv_text(names, columns)


def _pictures(training: Training | Ensemble, bundle: Bundle) -> dict[str, bytes]:
    from flowspec.plots import bundle as pictures
    from flowspec.plots import course as courses

    rows = _shown(training.batches.shown(DRAWN_ROWS), bundle)
    members = [
        [
            (epoch.number, epoch.loss, epoch.validation)
            for epoch in member.course.history
            if math.isfinite(epoch.loss) and math.isfinite(epoch.decisive)
        ]
        for member in members_of(training)
    ]
    drawn = {
        "training.png": courses.course(members),
        "samples.png": pictures.samples(bundle, rows, DRAWN_ROWS, seed=0),
    }
    if bundle.context:
        judged = _shown(training.batches.judged(JUDGED_ROWS), bundle)
        origin = "held out" if training.batches.rows[1] else "that were trained on"
        drawn["calibration.png"] = pictures.calibration(bundle, judged, JUDGED_DRAWS, 0, origin)
        if np.ptp(judged.context[:, 0]):
            drawn["conditional.png"] = pictures.conditional(
                bundle, judged, bundle.context[0], GRID, seed=0
            )
    return drawn


def _ranks(training: Training | Ensemble, bundle: Bundle) -> Ranks | None:
    """The densities of rows that were trained on, of which ranks are made."""
    rows = training.batches.trained(RANKED_ROWS)
    if rows is None or "log_prob" not in bundle.graphs:
        return None
    values = rows.values.double().numpy().reshape(len(rows), -1)
    points = cell_middles(values, bundle.columns, bundle.dequantized)
    x = points[:, 0] if bundle.description.scalar else points
    context = None if rows.context is None else rows.context.double().numpy()
    return ranks_of(bundle.log_prob(x, context))


def _shown(rows: Rows | None, bundle: Bundle) -> Shown:
    """Rows as pictures show them: dequantized numbers are whole again."""
    from flowspec.plots.bundle import Shown

    assert rows is not None
    values = rows.values.double().numpy().reshape(len(rows), -1)
    context = np.empty((len(rows), 0)) if rows.context is None else rows.context.double().numpy()
    return Shown(rounded_down(values, bundle.columns, bundle.dequantized), context)
