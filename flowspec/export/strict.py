"""The strict check of a bundle: its vectors are worked out anew from its flow and its weights.

Graphs and vectors that were replaced together agree with each other; with the flow they do not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowspec.diagnostics.diagnostic import FlowError
from flowspec.export.graphs import GRADIENTS
from flowspec.export.targets import Target
from flowspec.export.vectors import TOLERANCES
from flowspec.export.vectors import replayed as replayed_tape
from flowspec.ir.from_json import from_json
from flowspec.model.model import Model
from flowspec.model.weights import as_weights
from flowspec.ops.numpy import NumpyOps
from flowspec.ops.philox import noise
from flowspec.runtime.bundle import Bundle, load
from flowspec.runtime.formats import BrokenBundle
from flowspec.runtime.verification import (
    Case,
    Comparison,
    cases,
    difference,
    replayed,
    vectors_of,
)


def verify_strictly(directory: str | Path, runtime: str = "onnxruntime") -> list[Comparison]:
    """Compare every output of every graph with `vectors.json`, and that with the flow.

    Errors:  FlowError, where the bundle is broken, or says of its flow what is not so.
    """
    bundle = load(directory)
    # What a file allows is worth nothing where the file itself is in doubt.
    vectors = vectors_of(bundle) | {"tolerance": TOLERANCES[bundle.dtype.name]}
    model = _model(bundle)
    _check_words(bundle, model)
    allowed = vectors["tolerance"]["relative"]
    return [
        *replayed(bundle, vectors, runtime),
        *(
            Comparison(
                f"vectors of {case.graph}",
                output,
                difference(values, reference),
                allowed,
            )
            for case in cases(bundle, vectors)
            for (output, reference), values in zip(
                _recomputed(model, case, bundle.dtype).items(), case.outputs.values(), strict=True
            )
        ),
    ]


def _model(bundle: Bundle) -> Model:
    """The flow of a bundle with its weights."""
    flow, weights = from_json(bundle.about["flow"]), None
    if flow.learned():
        if "weights.safetensors" not in bundle.files:
            reason = "weights.safetensors is missing, without which nothing can be worked out anew"
            raise FlowError(BrokenBundle(directory=str(bundle.path), reason=reason))
        weights = bundle.path / "weights.safetensors"
    return Model(flow, as_weights(flow, weights))


def _check_words(bundle: Bundle, model: Model) -> None:
    """Raise a `FlowError` where `flow.json` says of its flow what is not so."""
    flow = model.flow
    facts = {
        "columns": list(flow.columns),
        "scalar": flow.space.scalar,
        "noise": list(flow.noise),
        "latent": list(model.fixed.base.latent),
        "support": str(model.fixed.space),
    }
    for name, fact in facts.items():
        if bundle.about.get(name, fact) != fact:
            reason = f"flow.json is damaged: `{name}` is not that of the flow"
            raise FlowError(BrokenBundle(directory=str(bundle.path), reason=reason))


def _recomputed(model: Model, case: Case, dtype: np.dtype[Any]) -> dict[str, NDArray[Any]]:
    """The outputs of a graph by the numpy reference, in the order of its vectors."""
    feeds = case.feeds
    context = feeds.get("context")
    if case.graph in ("log_prob_grad", "from_noise_grad"):
        record = GRADIENTS[f"{case.graph}.onnx"]
        return replayed_tape(record(model.fixed, Target(dtype.name)), feeds)
    if case.graph == "to_base":
        z, log_prob = model.to_base(feeds["x"], context, dtype)
        return {"z": z, "log_prob": log_prob}
    if case.graph == "log_prob":
        return {"log_prob": model.log_prob(feeds["x"], context, dtype)}
    standard = feeds["noise"] if case.graph == "from_noise" else _noise(model, case, dtype)
    x, log_prob = model.from_noise(standard, context, dtype)
    return {"x": x, "log_prob": log_prob}


def _noise(model: Model, case: Case, dtype: np.dtype[Any]) -> NDArray[Any]:
    """The standard noise that a seed stands for."""
    rows = case.feeds["first_row"] + np.arange(len(case.outputs["log_prob"]))
    kinds = list(model.flow.noise)
    return np.asarray(noise(NumpyOps(dtype.name), case.feeds["seed"], rows, kinds)).T
