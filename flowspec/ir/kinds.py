"""Flows and their parts as kinds of arguments, with what to do where another thing is given."""

from __future__ import annotations

import os
from typing import Any

from flowspec.diagnostics.kinds import Kind, one_of
from flowspec.ir.flow import Flow
from flowspec.ir.pipeline import Declaration


def instead_of_a_flow(value: Any) -> str:
    """What to do with a thing that stands in the place of a flow."""
    if isinstance(value, str):
        return "make one with `flowspec.parse(text)`"
    if isinstance(value, os.PathLike):
        return "make one with `flowspec.read(path)`"
    if isinstance(value, dict):
        return "make one with `flowspec.from_json(data)`"
    if type(value).__name__ == "Bundle":
        return "make one with `flowspec.from_json(bundle.about['flow'])`"
    if type(value).__name__ == "FlowDistribution":
        return "give the module itself, which is not called"
    if hasattr(value, "log_prob") and hasattr(value, "sample"):
        return "a distribution says nothing of how it was made: write it as a flow"
    if type(value).__module__.startswith("zuko"):
        return "make a model of it with `flowspec.importers.from_zuko`"
    return ""


FLOW = Kind("a flow", lambda value: isinstance(value, Flow), instead_of_a_flow)
DECLARATION = one_of("a declaration", Declaration)
