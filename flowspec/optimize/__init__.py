"""Passes over a flow without learned parameters: fewer steps, the same numbers.

A pass looks at two neighbouring steps and says what may stand in their place, or nothing. What a pass
made is kept only if the flow has the same support as before, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from flowspec.diagnostics.diagnostic import FlowError
from flowspec.ir.assembly import assemble
from flowspec.ir.flow import Flow
from flowspec.model.density import scope_place
from flowspec.optimize.cancelling import cancel, is_identity
from flowspec.optimize.merging import merge_affine, merge_linear
from flowspec.optimize.permuting import absorb_permutation, merge_permutations
from flowspec.transforms.transform import Transform


@dataclass(frozen=True)
class Placed:
    """A step, its place in the flow as written, and the number of coordinates that go in."""

    transform: Transform
    place: int
    size: int


Rule = Callable[[Transform, Transform, int], Sequence[Transform] | None]
"""Two neighbouring steps on so many coordinates, to what may stand in their place; None if nothing may."""


def optimize(flow: Flow, sampling: bool) -> Flow:
    """The same distribution in fewer steps; samples from the same noise are the same too.

    sampling   is the flow going to be run from base to data? Permutations are absorbed by networks only where
               these run in one pass.
    """
    for rules in PASSES:
        flow = _rewritten(flow, rules)
    return _rewritten(
        flow, (absorb_permutation(sampling), *(rule for rules in PASSES for rule in rules))
    )


PASSES: tuple[tuple[Rule, ...], ...] = (
    (cancel, merge_permutations),
    (merge_affine,),
    (merge_linear,),
)


def _rewritten(flow: Flow, rules: Sequence[Rule]) -> Flow:
    steps = [
        Placed(step.transform, scope_place(i, step), step.input.size)
        for i, step in enumerate(flow.steps)
    ]
    changed = _exhausted(steps, rules)
    if changed == steps:
        return flow
    try:
        made = assemble(flow.base, [each.transform for each in changed], flow.context)
    except FlowError:
        return flow  # a product that overflows, or is no longer well-conditioned
    if made.space != flow.space:
        return flow
    placed = tuple(
        replace(step, place=each.place) for step, each in zip(made.steps, changed, strict=True)
    )
    return replace(made, steps=placed, event=flow.event, standard=flow.standard)


def _exhausted(steps: Sequence[Placed], rules: Sequence[Rule]) -> list[Placed]:
    """Rules applied to neighbours until none applies. Each takes a step away, or moves a permutation towards the data."""
    done: list[Placed] = []
    waiting = list(reversed(steps))
    while waiting:
        step = waiting.pop()
        if is_identity(step.transform):
            continue
        found = _replacement(done[-1], step, rules) if done else None
        if found is None:
            done.append(step)
            continue
        before = done.pop()
        new = [
            Placed(each, place, before.size)
            for each, place in zip(found, (before.place, step.place), strict=False)
        ]
        # What is new may meet the step before it, too.
        waiting += [*reversed(new), *([done.pop()] if done else [])]
    return done


def _replacement(before: Placed, step: Placed, rules: Sequence[Rule]) -> Sequence[Transform] | None:
    found = (rule(before.transform, step.transform, before.size) for rule in rules)
    return next((each for each in found if each is not None), None)
