"""The picture of a flow: samples and density."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flowspec.ir.flow import Flow
from flowspec.ir.from_json import from_json
from flowspec.model.contexts import example_context
from flowspec.model.model import Model
from flowspec.ops.numpy import NumpyOps
from flowspec.ops.philox import noise
from flowspec.plots.bundle import Shown
from flowspec.plots.bundle import samples as samples_of_bundle
from flowspec.plots.samples import compared
from flowspec.runtime.bundle import Bundle

SAMPLES = 5000


def picture_of(flow: Flow | Model | Bundle, count: int = SAMPLES, seed: int = 0) -> bytes:
    """A PNG of samples and density: of a flow with what it learns at its start, of a model or of a
    bundle. A conditional flow is drawn at contexts from all over their supports.
    """
    if isinstance(flow, Bundle):
        return samples_of_bundle(flow, _contexts_of(flow, count), count, seed)
    model = flow if isinstance(flow, Model) else Model(flow, {})

    def density(points: NDArray[np.floating]) -> NDArray[np.floating]:
        return model.log_prob(points[:, 0] if model.flow.space.scalar else points)

    drawn = drawn_from(model, count, seed)
    return compared(None, drawn, model.flow.columns, None if model.flow.context else density)


def drawn_from(model: Model, count: int, seed: int) -> NDArray[np.floating]:
    """Samples of a model by the formulas themselves, those that its graphs give."""
    kinds = list(model.flow.noise)
    standard = noise(NumpyOps(np.float64), np.asarray(seed), np.arange(count), kinds)
    context = example_context(model.flow, count, "float64")
    return model.from_noise(np.asarray(standard).T, context)[0]


def _contexts_of(bundle: Bundle, count: int) -> Shown:
    context = None
    if bundle.context:
        context = example_context(from_json(bundle.about["flow"]), count, "float32")
    nothing = np.empty((0, 0))
    if context is None:
        return Shown(nothing, nothing)
    return Shown(np.empty((len(context), 0)), context)
