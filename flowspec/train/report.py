"""What a training leaves beside the weights: figures, the course of the losses, pictures."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

import numpy as np

from flowspec.model import Model
from flowspec.tables import csv_text, whole
from flowspec.train.rows import Rows
from flowspec.train.training import Epoch, Training
from flowspec.version import VERSION

DRAWN_ROWS = 5000
"""Rows of the data, and samples, that a picture shows at most."""
JUDGED_ROWS, JUDGED_DRAWS = 500, 100
"""Rows on which calibration is judged at most, and samples for each."""
GRID, GRID_DRAWS = 40, 500
"""Contexts at which quantiles are drawn, and samples for each."""


def log(history: Sequence[Epoch]) -> str:
    """The epochs as CSV, with their times: for a training that is running."""
    names = [field.name for field in dataclasses.fields(Epoch)]
    return csv_text(names, [[getattr(epoch, name) for epoch in history] for name in names])


def report(training: Training, model: Model) -> dict[str, bytes]:
    """The files that a bundle gets from its training, by name. Same training, same bytes: no times in them.

    Pictures are left out where matplotlib is not installed.
    """
    columns = ("number", "loss", "validation", "rate")
    course = csv_text(columns, [[getattr(epoch, name) for epoch in training.history] for name in columns])
    files = {"metrics.json": _metrics(training), "training.csv": course.encode()}
    try:
        import matplotlib  # noqa: F401  # an extra
    except ModuleNotFoundError:
        return files
    return {**files, **_pictures(training, model)}


def _pictures(training: Training, model: Model) -> dict[str, bytes]:
    from flowspec import plots

    course = [(epoch.number, epoch.loss, epoch.validation) for epoch in training.history]
    drawn = {"training.png": plots.course(course), "samples.png": _samples(training, model)}
    return drawn | (_of_context(training, model) if model.flow.context else {})


def _samples(training: Training, model: Model) -> bytes:
    """Data against samples; with a context, for the contexts of the data, each as often as it takes."""
    from flowspec import plots

    rows = training.batches.shown(DRAWN_ROWS)
    assert rows is not None
    context = None if rows.context is None else np.resize(rows.context.double().numpy(), (DRAWN_ROWS, rows.context.shape[1]))
    samples = _drawn(model, DRAWN_ROWS, context)
    scalar = model.flow.space.scalar

    def density(points: np.ndarray) -> np.ndarray:
        return model.log_prob(points[:, 0] if scalar else points)

    return plots.compared(_numbers(rows, model), samples, model.flow.columns, density if context is None else None)


def _of_context(training: Training, model: Model) -> dict[str, bytes]:
    """Calibration on rows that were held out, and the flow's quantiles along the first variable of the context."""
    from flowspec import conditional_plots as plots

    rows = training.batches.judged(JUDGED_ROWS)
    assert rows is not None and rows.context is not None and model.flow.context
    values, context = _numbers(rows, model), rows.context.double().numpy()

    def sample(given: np.ndarray, first: int) -> np.ndarray:
        return _drawn(model, len(given), given, first)

    levels = plots.levels_of(sample, values, context, JUDGED_DRAWS)
    drawn = {"calibration.png": plots.calibration(levels, model.flow.columns)}
    if np.ptp(context[:, 0]):
        grid, samples = plots.along(sample, context, 0, GRID, GRID_DRAWS)
        names, middle = model.flow.context.names, np.median(context, axis=0)
        held = dict(zip(names[1:], middle[1:].tolist(), strict=True))
        drawn["conditional.png"] = plots.conditional(grid, samples, context[:, 0], values, names[0], model.flow.columns, held)
    return drawn


def _numbers(rows: Rows, model: Model) -> np.ndarray:
    """The values (N, D) of some rows; whole numbers where they were so before the training moved them."""
    return _whole(rows.values.double().numpy().reshape(len(rows), -1), model)


def _whole(values: np.ndarray, model: Model) -> np.ndarray:
    return whole(values, model.flow.columns, model.flow.train.get("dequantize", ()))


def _drawn(model: Model, count: int, context: np.ndarray | None, first: int = 0) -> np.ndarray:
    """Samples, one for each row of the context; whole numbers where the training data has them."""
    random = np.random.default_rng(first)
    noise = [random.normal(size=count) if kind == "normal" else random.random(count) for kind in model.flow.noise]
    samples, _ = model.from_noise(np.stack(noise, axis=1), context)
    return _whole(samples, model)


def _metrics(training: Training) -> bytes:
    best = min(training.history, key=lambda epoch: epoch.validation, default=None)
    found = {
        "flowspec": VERSION,
        "rows": dict(zip(("training", "validation"), training.batches.rows, strict=True)),
        "epochs": len(training.history),
        "best_epoch": best.number if best else 0,
        "loss": best.loss if best else None,
        "validation": best.validation if best else None,
        "settings": dataclasses.asdict(training.settings),
    }
    return (json.dumps(found, indent=1, allow_nan=False) + "\n").encode()
