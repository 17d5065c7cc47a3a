"""Flows, models and modules as kinds of arguments."""

from __future__ import annotations

from typing import Any

from flowspec.diagnostics.kinds import Kind
from flowspec.ir.flow import Flow
from flowspec.ir.kinds import instead_of_a_flow
from flowspec.model.model import Model


def _is_module(value: Any) -> bool:
    """True for a module that `to_torch` made; torch is not loaded to see that."""
    is_flow = isinstance(getattr(value, "flow", None), Flow)
    return is_flow and hasattr(value, "to_model") and not isinstance(value, type)


FLOW_OR_MODEL = Kind(
    "a flow or a model", lambda value: isinstance(value, Flow | Model), instead_of_a_flow
)
COMPILABLE = Kind(
    "a flow, a model or a module of `to_torch`",
    lambda value: isinstance(value, Flow | Model) or _is_module(value),
    instead_of_a_flow,
)
