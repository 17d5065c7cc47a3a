"""Supports that do not fit, and the trained parameters that are the cause.

A support that training or the context widens is derived again with the parameters at
their start, one varying at a time: what makes the difference is to blame, and the message
says how to bound it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from flowspec.bases.base import Base
from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.diagnostics.quantities import amount
from flowspec.diagnostics.repairs import Edit
from flowspec.ir.adapters import advice, between
from flowspec.ir.adapters import steps as written_steps
from flowspec.ir.bounds import bounds
from flowspec.ir.pipeline import Declaration
from flowspec.networks.layers import Layer
from flowspec.parts import domain_mistakes
from flowspec.parts.checks import coordinates
from flowspec.parts.fields import ParameterSpec, parameters
from flowspec.parts.trees import substitute, values
from flowspec.parts.values import FromContext, Learn, Predicted, Value, value_range, varies
from flowspec.support.support import REAL, Support
from flowspec.transforms.chain import Step, first_misfit, follow
from flowspec.transforms.transform import Transform

MOST_EXPLAINED = 5
"""Mistakes of a file whose cause is looked for: each derives all supports anew, several
times.
"""
MOST_CAUSES = 8
"""Parameters that are tried as the cause, the last ones first."""


def check_domain(
    transform: Transform, giver: str, base: Base, steps: Sequence[Step], *, explained: bool
) -> Diagnostic | None:
    """The mistake if the support behind `steps` does not fit into the domain of a
    transform.

    explained   look for the trained parameter that is the cause
    """
    misfit = first_misfit(transform, steps[-1].output if steps else base.space)
    if misfit is None:
        return None
    causes = _causes(base, steps, misfit.coordinate) if explained else []
    return domain_mistakes.DomainMismatch(
        giver=giver,
        takes="single real numbers" if misfit.takes == REAL else misfit.takes.words,
        gives=misfit.gives.words,
        cause=_cause_in_words(causes) if causes else "",
        bounds=_bounds(causes, misfit.takes, transform, base, steps),
        adapter=advice(misfit.gives, misfit.takes),
        steps=written_steps(misfit.gives, misfit.takes),
    )


def check_event(event: Declaration, base: Base, steps: Sequence[Step]) -> list[Diagnostic]:
    """The differences between the declared event and the derived support."""
    space = steps[-1].output if steps else base.space
    if event.space.size != space.size:
        return [_wrong_count(event, "a single number" if space.scalar else coordinates(space.size))]
    derived = {block.start: (i, support) for i, (block, support) in enumerate(space.blocks)}
    wrong: list[Diagnostic] = []
    for block, declared in event.space.blocks:
        start = max(start for start in derived if start <= block.start)
        index, support = derived[start]
        if start != block.start or not declared.same(support, ignore_ends=True):
            cause = trained_cause(base, steps, index)
            wrong.append(_event_mismatch(event, block.start, declared, support, cause))
    return wrong


def _wrong_count(event: Declaration, derived: str) -> Diagnostic:
    return domain_mistakes.EventCount(
        span=event.span,
        found=derived,
        names=amount(event.space.size, "variable"),
        advice="name as many variables as the flow has coordinates",
    )


def _event_mismatch(
    event: Declaration, start: int, declared: Support, derived: Support, cause: str
) -> Diagnostic:
    name, single = event.names[start], derived.size == 1
    declare = "declare what the flow gives" + (f": `{name}: {derived}`" if single else "")
    no_way = single and between(derived, declared) is None
    return domain_mistakes.EventMismatch(
        span=event.spans[start] if event.spans else event.span,
        name=name,
        declared=str(declared),
        gives=derived.words,
        cause=cause,
        derived=str(derived) if single else "",
        onto=not no_way,
        advice=declare if no_way else f"end the pipeline with `Onto(event)`, or {declare}",
    )


class _Varying(NamedTuple):
    """A parameter whose value training or the context decides."""

    path: str
    owner: Any
    name: str
    value: Value


def trained_cause(base: Base, steps: Sequence[Step], index: int) -> str:
    """The parameter that widened the support of a coordinate, and how to bound it; "" if
    none did.
    """
    causes = _causes(base, steps, index)
    return _cause_in_words(causes) if causes else ""


def _causes(base: Base, steps: Sequence[Step], index: int) -> list[_Varying]:
    """The parameters that widened the support of a coordinate."""
    varying = _varying(base, steps)
    if not varying:
        return []
    derived = (steps[-1].output if steps else base.space).supports
    fixed = _support_with(base, steps, index)
    if fixed is None or index >= len(derived) or fixed.same(derived[index]):
        return []
    causes = []
    for parameter in reversed(varying[-MOST_CAUSES:]):
        widened = _support_with(base, steps, index, vary=parameter.path)
        if widened is None or not widened.same(fixed):
            causes.append(parameter)
    return causes or [varying[-1]]


def _bounds(
    causes: Sequence[_Varying],
    takes: Support,
    transform: Transform,
    base: Base,
    steps: Sequence[Step],
) -> tuple[Edit, ...]:
    if len(causes) != 1:
        return ()
    (cause,) = causes
    return bounds(cause.path, cause.owner, cause.name, takes, transform, base, steps)


def _varying(base: Base, steps: Sequence[Step]) -> list[_Varying]:
    """The parameters that vary, in the order of the pipeline; not the weights of
    networks.
    """
    trees = [("base", base), *((f"steps.{i}", step.transform) for i, step in enumerate(steps))]
    parameters = [_Varying(*value) for prefix, tree in trees for value in values(tree, prefix)]
    return [p for p in parameters if varies(p.value) and not isinstance(p.owner, Layer)]


def _cause_in_words(causes: Sequence[_Varying]) -> str:
    _, owner, name, value = causes[0]
    if isinstance(value, FromContext):
        support = value.support.words
        return f"`{name}` of {owner.title} comes from the context, which can be {support}"
    words = value_range(value, parameters(owner)[name].within).words.replace("every", "any")
    bounds = f"`learn({_start(value)}, low=..., high=...)`"
    others = " and ".join(f"`{cause.name}` of {cause.owner.title}" for cause in causes[1:3])
    return (
        f"`{name}` of {owner.title} is trained and can become {words}; "
        f"bounds narrow that, and so what comes out: {bounds}"
        + (f"; so is {others}" if others else "")
    )


def _start(value: Learn | Predicted) -> str:
    learned = value.start if isinstance(value, Predicted) else value
    return f"{np.asarray(learned.init, float).flat[0]:g}"


def _support_with(base: Base, steps: Sequence[Step], index: int, vary: str = "") -> Support | None:
    """The support of a coordinate if only one parameter varies; None if that flow is
    unsound.
    """
    space = _at_start(base, "base", vary).space
    for i, step in enumerate(steps):
        transform = _at_start(step.transform, f"steps.{i}", vary)
        if first_misfit(transform, space):
            return None
        space = follow(transform, space).output
    supports: tuple[Support, ...] = space.supports
    return supports[index] if index < len(supports) else None


def _at_start(component: Any, prefix: str, vary: str) -> Any:
    """The component with every varying parameter but one fixed.

    What is learned stands at its start, a context variable inside its support.
    """

    def fix(path: str, value: Value, spec: ParameterSpec) -> Value:
        if path == vary:
            return value
        if isinstance(value, Learn):
            return value.init
        return value.support.inner_point if isinstance(value, FromContext) else value

    return substitute(component, prefix, fix)
