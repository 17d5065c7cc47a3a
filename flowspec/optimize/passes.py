"""The passes, in one list, and their run over a flow.

A rule looks at two neighboring steps and gives their replacement, or None. The result of
a pass is kept only if the flow has the same support as before, to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from flowspec.model.fixed import FixedFlow
from flowspec.optimize.canceling import cancel, is_identity
from flowspec.optimize.merging import merge_affine, merge_linear
from flowspec.optimize.permuting import (
    absorb_permutation_in_densities,
    absorb_permutation_in_samples,
    merge_permutations,
)
from flowspec.parts.checks import check_fields
from flowspec.transforms.chain import chained
from flowspec.transforms.transform import Transform

Rule = Callable[[Transform, Transform, int], Sequence[Transform] | None]
"""(first, second, size) -> replacement for both, or None if the rule does not apply."""


@dataclass(frozen=True)
class Pass:
    """Rules that are applied together until none applies."""

    name: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Fired:
    """A rule that was applied, and the places of the two steps in the flow as written."""

    rule: str
    first: tuple[int, ...]
    second: tuple[int, ...]


@dataclass(frozen=True)
class Placed:
    """A transform, its places in the flow as written, and the number of coordinates that
    go in.
    """

    transform: Transform
    places: tuple[int, ...]
    size: int


CANCEL = Pass("cancel", (cancel, merge_permutations))
MERGE_AFFINE = Pass("merge affine", (merge_affine,))
MERGE_LINEAR = Pass("merge linear", (merge_linear,))
EXACT_PASSES = (CANCEL, MERGE_AFFINE, MERGE_LINEAR)
_EXACT_RULES = tuple(rule for step in EXACT_PASSES for rule in step.rules)
DENSITY_PASSES = (
    *EXACT_PASSES,
    Pass("absorb permutations", (absorb_permutation_in_densities, *_EXACT_RULES)),
)
"""For runs from data to base."""
SAMPLING_PASSES = (
    *EXACT_PASSES,
    Pass("absorb permutations", (absorb_permutation_in_samples, *_EXACT_RULES)),
)
"""For runs from base to data.

Networks absorb permutations only where they run in one pass.
"""


def optimize(flow: FixedFlow, sampling: bool, log: list[Fired] | None = None) -> FixedFlow:
    """The same distribution in fewer steps; samples from the same noise are the same too.

    sampling   the flow is going to be run from base to data
    log        gets the rules that were applied, in order
    """
    for rules in SAMPLING_PASSES if sampling else DENSITY_PASSES:
        flow = _rewritten(flow, rules.rules, [] if log is None else log)
    return flow


def _rewritten(flow: FixedFlow, rules: Sequence[Rule], log: list[Fired]) -> FixedFlow:
    before = [
        Placed(step.transform, step.places or (i,), step.input.size)
        for i, step in enumerate(flow.steps)
    ]
    fired: list[Fired] = []
    after = _exhausted(before, rules, fired)
    known = {id(placed.transform) for placed in before}
    new = [i for i, placed in enumerate(after) if id(placed.transform) not in known]
    if after == before or any(_has_flaw(after[i]) for i in new):
        return flow
    steps = chained(flow.base.space, [placed.transform for placed in after])
    steps = tuple(replace(s, places=p.places) for s, p in zip(steps, after, strict=True))
    changed = replace(flow, steps=steps)
    ill = any(True for i in new for _ in steps[i].transform.check_consistency(steps[i].input))
    if ill or changed.space != flow.space:
        return flow
    log += fired
    return changed


def _has_flaw(placed: Placed) -> bool:
    """True for a product that overflows."""
    return any(True for _ in check_fields(placed.transform, (placed.size,)))


def _exhausted(steps: Sequence[Placed], rules: Sequence[Rule], fired: list[Fired]) -> list[Placed]:
    """The steps after the rules have been applied to neighbors until none applies.

    Each rule takes a step away, or moves a permutation towards the data.
    """
    done: list[Placed] = []
    waiting = list(reversed(steps))
    while waiting:
        step = waiting.pop()
        if is_identity(step.transform):
            continue
        replacement = _replacement(done[-1], step, rules, fired) if done else None
        if replacement is None:
            done.append(step)
            continue
        done.pop()
        # What is new may meet the step before it, too.
        waiting += [*reversed(replacement), *([done.pop()] if done else [])]
    return done


def _replacement(
    first: Placed, second: Placed, rules: Sequence[Rule], fired: list[Fired]
) -> list[Placed] | None:
    """The replacement of two neighbors by the first rule that applies; None if none does."""
    for rule in rules:
        new = rule(first.transform, second.transform, first.size)
        if new is not None:
            fired.append(Fired(rule.__name__, first.places, second.places))
            return [
                Placed(transform, places, first.size)
                for transform, places in zip(new, _places(first, second, len(new)), strict=True)
            ]
    return None


def _places(first: Placed, second: Placed, count: int) -> list[tuple[int, ...]]:
    """The places of what replaces two steps: one comes of both, two have changed places."""
    if count == 1:
        return [tuple(sorted({*first.places, *second.places}))]
    return [second.places, first.places][:count]
