"""The size of a flow, at a glance."""

from __future__ import annotations

import math

from flowspec.ir.flow import Flow

FEW_NUMBERS = 100_000
FEW_STEPS = 50
FEW_SOLVER_STEPS = 100


def may_be_large(flow: Flow) -> bool:
    """False for flows that are sure to compile in seconds, which most are.

    Others are worth an estimate (`flowspec.export.cost`), which takes longer than a check.
    """
    shapes = (getattr(value.init, "shape", ()) for value in flow.learned().values())
    solver_steps = (getattr(step.transform, "steps", 0) for step in flow.steps)
    return (
        len(flow.steps) > FEW_STEPS
        or sum(map(math.prod, shapes)) > FEW_NUMBERS
        or max(solver_steps, default=0) > FEW_SOLVER_STEPS
    )
