"""The error of differential equations that a graph solves in fixed steps: measured, and
chosen at export.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.export.vectors import SEED
from flowspec.model.contexts import example_context
from flowspec.model.model import Model
from flowspec.ops.numpy import NumpyOps
from flowspec.ops.philox import noise
from flowspec.parts.trees import children, with_children, with_fields
from flowspec.runtime.verification import difference
from flowspec.transforms.learned.continuous import Continuous

ROWS = 256
MOST_STEPS = 4096


@mistake
class SolverErrorNotReached(Diagnostic):
    message = (
        "the solver of a continuous flow has an error of {found:.0e} in {steps:step}, "
        "more than {wanted:g}"
    )
    help = (
        "allow a larger error, or train with an activation whose curvature has no jump, "
        'such as "silu" or "tanh"'
    )
    found: float
    steps: int
    wanted: float


@mistake
class NoSolver(Diagnostic):
    message = (
        "the flow solves no differential equation, so it has no solver whose error could be chosen"
    )
    help = "leave the solver's error out; only `Continuous` has one"


def solver_error(model: Model) -> float | None:
    """The largest difference that twice as many solver steps make, of samples and
    log-densities, relative to 1 + |value|.

    None, if the flow solves no differential equation.
    """
    if not any(_solves(step.transform) for step in model.flow.steps):
        return None
    draws = np.asarray(
        noise(NumpyOps(), np.asarray(SEED), np.arange(ROWS), list(model.flow.noise))
    ).T
    context = example_context(model.flow, ROWS, "float64")
    coarse, fine = (
        solved.from_noise(draws, context)
        for solved in (model, with_steps(model, lambda steps: 2 * steps))
    )
    return max(difference(a, b) for a, b in zip(coarse, fine, strict=True))


def with_solver_error(model: Model, wanted: float) -> Model:
    """The model with as many solver steps as the error asks for, a power of two times
    those of the flow.

    Errors:  FlowError, where there is no solver, or no number of steps within reach has
    that error.
    """
    error = solver_error(model)
    if error is None:
        raise FlowError(NoSolver())
    while error > wanted:
        finer = with_steps(model, lambda steps: 2 * steps)
        most = max(_steps(step.transform) for step in finer.flow.steps)
        if most > MOST_STEPS:
            raise FlowError(SolverErrorNotReached(found=error, steps=most // 2, wanted=wanted))
        model, error = finer, solver_error(finer) or 0.0
    return model


def with_steps(model: Model, change: Callable[[int], int]) -> Model:
    """The model with another number of steps in every solver."""
    steps = tuple(
        replace(step, transform=_changed(step.transform, change)) for step in model.flow.steps
    )
    return replace(model, flow=replace(model.flow, steps=steps))


def _changed(part: Any, change: Callable[[int], int]) -> Any:
    if isinstance(part, Continuous):
        return with_fields(part, {"steps": change(part.steps)})
    inner = {path: _changed(child, change) for path, child in children(part)}
    return with_children(part, inner) if inner else part


def _steps(part: Any) -> int:
    """The most steps of any solver in a part; 0 if there is none."""
    own = part.steps if isinstance(part, Continuous) else 0
    return max([own, *(_steps(child) for _, child in children(part))])


def _solves(part: Any) -> bool:
    return _steps(part) > 0
