"""The picture of a flow that is no bundle yet."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from flowspec.export.bundle import compile
from flowspec.export.vectors import example_context
from flowspec.ir.flow import Flow
from flowspec.ir.from_json import from_json
from flowspec.model.model import Model
from flowspec.plots.bundle import Shown, samples
from flowspec.runtime.bundle import Bundle, load

SAMPLES = 5000


def picture_of(flow: Flow | Model | Bundle, count: int = SAMPLES, seed: int = 0) -> bytes:
    """A PNG of samples and density: of a flow with what it learns at its start, of a model or of a
    bundle. A conditional flow is drawn at contexts from all over their supports.
    """
    if isinstance(flow, Bundle):
        return _drawn(flow, count, seed)
    with tempfile.TemporaryDirectory() as folder:
        return _drawn(load(compile(flow, Path(folder) / "flow")), count, seed)


def _drawn(bundle: Bundle, count: int, seed: int) -> bytes:
    nothing = np.empty((0, 0))
    context = nothing
    if bundle.context:
        found = example_context(from_json(bundle.about["flow"]), count, "float32")
        context = nothing if found is None else found
    return samples(bundle, Shown(np.empty((len(context), 0)), context), count, seed)
