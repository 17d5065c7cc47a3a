"""The size of a flow, at a glance."""

from __future__ import annotations

import math

from flowspec.bases.base import Base, every_base
from flowspec.ir.flow import Flow
from flowspec.parts.trees import children
from flowspec.transforms.transform import Transform

FEW_NUMBERS = 100_000
FEW_STEPS = 50
FEW_SOLVER_STEPS = 100


def may_be_large(flow: Flow) -> bool:
    """False for flows that are sure to compile in seconds, which most are.

    Others are worth an estimate (`flowspec.export.cost`), which takes longer than a check.
    """
    shapes = (getattr(value.init, "shape", ()) for value in flow.learned().values())
    transforms = [*_transforms_in(flow.base), *(step.transform for step in flow.steps)]
    solver_steps = (getattr(transform, "steps", 0) for transform in transforms)
    return (
        len(transforms) > FEW_STEPS
        or sum(map(math.prod, shapes)) > FEW_NUMBERS
        or max(solver_steps, default=0) > FEW_SOLVER_STEPS
    )


def _transforms_in(base: Base) -> list[Transform]:
    """The transforms of the flows that stand in a base."""
    return [
        child
        for inner in every_base(base)
        for _, child in children(inner)
        if isinstance(child, Transform)
    ]
