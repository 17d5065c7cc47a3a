"""Warm starts: the weights of a bundle, for a flow that goes on from them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.ir.flow import Flow
from flowspec.model.model import Model
from flowspec.model.weights import as_weights
from flowspec.runtime.formats import read


@mistake
class OtherFlowToStartFrom(Diagnostic):
    message = "{directory} is the bundle of another flow: {reason}"
    help = "start from a bundle of the same flow, or leave `start-from` out"
    directory: str
    reason: str


def bundle_model(flow: Flow, directory: Path) -> Model:
    """The flow with the weights of a bundle.

    Errors:  FlowError, where it is no bundle, or one of a flow that learns something else.
    """
    about, files = read(directory)
    if reason := _other_order(flow, about["columns"], about["context"]):
        raise FlowError(OtherFlowToStartFrom(directory=str(directory), reason=reason))
    if "weights.safetensors" not in files:
        reason = "it has learned nothing"
        raise FlowError(OtherFlowToStartFrom(directory=str(directory), reason=reason))
    try:
        weights = as_weights(flow, directory / "weights.safetensors")
    except FlowError as error:
        parts = about["flow"]["base"].get("bases", ())
        is_ensemble = about["flow"]["base"]["name"] == "Mixture" and flow.base.title != "Mixture"
        reason = (
            f"it mixes {len(parts)} flows, as `--ensemble` does, and one is trained on alone"
            if is_ensemble
            else _summary(error.diagnostics)
        )
        raise FlowError(OtherFlowToStartFrom(directory=str(directory), reason=reason)) from None
    return Model(flow, weights, dtype=about["dtype"])


def _other_order(flow: Flow, columns: Sequence[str], context: Sequence[str]) -> str:
    """The reason why weights would serve other columns; "" if they do not.

    Columns may have been renamed, but the same names in another order are a mistake.
    """
    names = flow.context.names if flow.context else ()
    for ours, theirs in ((flow.columns, columns), (names, context)):
        if tuple(ours) != tuple(theirs) and {*ours} == {*theirs}:
            return f"its columns are {', '.join(theirs)}, in this order"
    return ""


def _summary(mistakes: Sequence[Diagnostic]) -> str:
    more = len(mistakes) - 1
    return mistakes[0].message + (f", and {more} more" if more else "")
