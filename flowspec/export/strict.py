"""The strict check of a bundle: its vectors are worked out anew from its flow and its weights.

Graphs and vectors that were replaced together agree with each other; with the flow they do not.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from flowspec.diagnostics.diagnostic import FlowError
from flowspec.export.targets import Target
from flowspec.export.vectors import allowed_difference, outputs
from flowspec.ir.from_json import from_json
from flowspec.model.model import Model
from flowspec.model.weights import as_weights
from flowspec.runtime.bundle import Bundle, load
from flowspec.runtime.formats import BrokenBundle
from flowspec.runtime.verification import (
    Case,
    Comparison,
    cases,
    difference,
    replayed_cases,
    vectors_of,
)


def verify_strictly(directory: str | Path, runtime: str = "onnxruntime") -> list[Comparison]:
    """Compare every output of every graph with `vectors.json`, and that with the flow.

    Errors:  FlowError, where the bundle is broken, or says of its flow what is not so.
    """
    bundle = load(directory)
    model = model_of(bundle)
    _check_words(bundle, model)
    held: list[Case] = []
    recomputed: list[Comparison] = []
    for case in cases(bundle, vectors_of(bundle)):
        target = Target(bundle.dtype.name, batch=bundle.about["batch"])
        exact = replace(target, dtype="float64", data=target.dtype)
        parity, accurate = (outputs(case.graph, model, t, case.feeds) for t in (target, exact))
        # What a file allows is worth nothing where the file itself is in doubt.
        allowed = allowed_difference(model.flow, case.feeds, parity, accurate, target.dtype)
        held.append(replace(case, allowed=allowed))
        recomputed += [
            Comparison(f"vectors of {case.graph}", name, difference(values, parity[name]), allowed)
            for name, values in case.outputs.items()
        ]
    return [*replayed_cases(bundle, held, runtime), *recomputed]


def model_of(bundle: Bundle) -> Model:
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
