"""A flow with its weights put in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from flowspec.bases.base import every_base
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.ir.flow import Flow
from flowspec.ir.pipeline import Pipeline
from flowspec.parts.trees import with_values
from flowspec.transforms.chain import chained


@dataclass(frozen=True, eq=False, repr=False)
class FixedFlow(Pipeline):
    """A flow in which nothing is learned: only the context still varies.

    Its supports are those of its weights, which may be narrower than those of the `Flow`
    it comes from: of the `event` only the names hold.
    """


def fix(flow: Flow, weights: Mapping[str, np.ndarray]) -> FixedFlow:
    """The flow with fixed numbers in the place of what is learned, its supports derived
    anew.

    weights   path -> value, for every path of `flow.learned()`
    Errors:   FlowError, where the weights make a step that cannot be inverted.
    """
    # A number alone is a float, as everywhere in a checked flow: interpreters keep it in their
    # own type.
    values = {path: value if np.ndim(value) else float(value) for path, value in weights.items()}
    base = with_values(flow.base, "base", values)
    steps = chained(
        base.space,
        [with_values(s.transform, f"steps.{i}", values) for i, s in enumerate(flow.steps)],
    )
    standard = with_values(flow.standard, "context", values) if flow.standard else None
    wrong = [
        *(mistake for each in every_base(base) for mistake in each.check_consistency()),
        *(mistake for s in steps for mistake in s.transform.check_consistency(s.input)),
    ]
    if wrong:
        raise FlowError(wrong)
    return FixedFlow(base, steps, flow.context, flow.event, standard)
