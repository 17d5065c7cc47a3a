"""Parts put together and checked: the one way to a `Flow`.

Walks from the base to the data, derives the support at every point, and raises one `FlowError` with
every independent mistake. A mistake in a part's fields leaves its image unknown: behind it only
fields are checked. A domain mismatch does not: the walk goes on with what the step would give.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flowspec.bases.base import Base, Coordinatewise
from flowspec.diagnostics.collector import Mistakes
from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.diagnostics.source import Place
from flowspec.ir.causes import MOST_EXPLAINED, check_domain, check_event
from flowspec.ir.derivation import follow
from flowspec.ir.flow import Declaration, Flow, Step
from flowspec.networks.context import StandardContext
from flowspec.networks.layers import Layer
from flowspec.parts import mistakes
from flowspec.parts.checks import canonical, field_problems
from flowspec.parts.limits import LARGEST_EVENT, LARGEST_FLOW, MOST_WEIGHTS
from flowspec.parts.origin import origin_of, placed
from flowspec.parts.trees import children, values, with_children
from flowspec.parts.values import (
    WholeContext,
)
from flowspec.support.space import Space
from flowspec.transforms.transform import Transform


@dataclass(frozen=True, eq=False)
class Deferred:
    """Steps that depend on what comes in: `Onto(event)`."""

    expand: Callable[[Space], Iterable[Transform] | Diagnostic]


def assemble(
    base: Base | None,
    transforms: Iterable[Transform | Deferred | None] = (),
    context: Declaration | None = None,
    event: Declaration | None = None,
    *,
    already: Mistakes | None = None,
) -> Flow:
    """The checked flow, or a `FlowError` with everything that is wrong with it.

    A part that is None was written wrongly: its mistake is among `already`, and the rest is still checked.

    already   mistakes found before, to be reported together
    """
    walk = _Walk(already or Mistakes(), len(context.names) if context else 0)
    checked = walk.base(base) if base else None
    steps = walk.steps(checked, base, transforms)
    if event and checked and not walk.mistakes:
        walk.mistakes.report(*check_event(event, checked, steps))
    if walk.mistakes or checked is None:
        raise walk.mistakes.error()
    seen = context and any(
        _sees_context(part) for part in (checked, *(step.transform for step in steps))
    )
    standard = StandardContext.of(len(context.names)) if context and seen else None
    return Flow(checked, tuple(steps), context, event, standard)


def _sees_context(part: Any) -> bool:
    """Does a network in it take the context?"""
    return any(isinstance(value, WholeContext) for _, _, _, value in values(part, ""))


class _Walk:
    """From the base to the data, collecting mistakes."""

    def __init__(self, mistakes: Mistakes, columns: int):
        self.mistakes = mistakes
        self.columns = columns
        self.explained = 0
        """Domain mismatches whose cause was looked for."""
        self.settled: dict[int, Base] = {}
        """Bases that were checked: copies are one base, many times."""
        self.trusted = True
        """Is the support that the walk has derived the true one?"""

    def report(self, part, problems: Iterable[Diagnostic], blame=None, giver=None) -> bool:
        """Collect mistakes, each with its place; True if there were any. `blame` holds the spans, if not `part`."""
        origin = origin_of(part if blame is None else blame)
        against = origin_of(giver).span
        placed_problems = []
        for problem in problems:
            span = problem.span or origin.fields.get(getattr(problem, "field", "")) or origin.span
            named = (
                {"part": getattr(part, "title", "")} if getattr(problem, "part", None) == "" else {}
            )
            related = problem.related
            if not related and problem.contrast and against and against != span:
                related = (Place(against),)
            placed_problems.append(
                problem.replaced(
                    span=span, related=related, where=problem.where or origin.path, **named
                )
            )
        return self.mistakes.report(*placed_problems)

    # --- the base ---------------------------------------------------------------------------------

    def base(self, base: Base) -> Base:
        if id(base) in self.settled:
            return self.settled[id(base)]
        inner = {
            name: self.base(child) if isinstance(child, Base) else child
            for name, child in children(base)
        }
        settled = settle(with_children(base, inner))
        problems = _unequal_sizes(settled) or field_problems(settled, settled.event_shape)
        wrong_fields = self.report(settled, problems, blame=base)
        if (
            wrong_fields
            or not self.trusted
            or self.report(settled, settled.check_consistency(), blame=base)
        ):
            self.trusted = False
        else:
            settled = settled.grow(self.columns)
        self.settled[id(base)] = settled
        return settled

    # --- the steps --------------------------------------------------------------------------------

    def steps(
        self,
        base: Base | None,
        written: Base | None,
        transforms: Iterable[Transform | Deferred | None],
    ) -> list[Step]:
        steps: list[Step] = []
        space = base.space if base and self.trusted else None
        if space and space.size > LARGEST_EVENT:
            self.report(
                base, [mistakes.EventTooLarge(size=space.size, limit=LARGEST_EVENT)], blame=written
            )
            space = None
        giver: Base | Transform | None = written
        waiting = deque(transforms)
        work, weights, last = 0, 0, None
        while waiting:
            transform = waiting.popleft()
            if isinstance(transform, Deferred):
                waiting.extendleft(reversed(self.expanded(transform, space)))
                continue
            work += space.size if space else 0
            if space and work > LARGEST_FLOW:
                self.report(transform, [mistakes.FlowTooLarge(size=space.size, limit=LARGEST_FLOW)])
                break
            space = self.step(transform, space, giver, base, steps) if transform else None
            giver = transform
            if steps:
                weights += weight_count(steps[-1].transform) if steps[-1] is not last else 0
                last = steps[-1]
            if weights > MOST_WEIGHTS:
                self.report(
                    transform,
                    [mistakes.NetworkTooLarge(field="hidden", weights=weights, limit=MOST_WEIGHTS)],
                )
                break
        return steps

    def expanded(self, deferred: Deferred, space: Space | None) -> list[Transform | None]:
        found = deferred.expand(space) if space and self.trusted else [None]
        if not isinstance(found, Diagnostic):
            return [step and placed(step, origin_of(deferred)) for step in found]
        self.report(deferred, [found])
        return [None]

    def step(self, transform, space: Space | None, giver, base, steps: list[Step]) -> Space | None:
        """Check one transform behind `space` and append it; what comes out, None if that is unknown."""
        settled = self.settle(transform, space)
        if space is None or not self.trusted or settled is None:
            return None
        if self.report(
            settled, settled.check_shape(space, giver.title), blame=transform, giver=giver
        ):
            if any(children(settled)):
                # The fields of what is inside could not be checked against this space.
                self.trusted = False
                return None
            return self._recovered(settled, space)
        explained = self.explained < MOST_EXPLAINED
        if problem := check_domain(settled, giver.title, base, steps, explained=explained):
            self.explained += 1
            self.report(settled, [problem], blame=transform, giver=giver)
            return self._recovered(settled, space)
        if self.report(settled, settled.check_consistency(space), blame=transform):
            self.trusted = False
            return None
        made = replace(follow(settled, space), span=origin_of(transform).span)
        if steps:
            steps[-1] = replace(steps[-1], output=made.input)
        steps.append(made)
        return made.output

    def settle(self, transform: Transform, space: Space | None) -> Transform | None:
        """The transform with canonical fields, those of its children too; None if they hold mistakes."""
        inner = {}
        for name, child in children(transform):
            if not isinstance(child, Transform):
                inner[name] = child  # a layer of a network, which has grown already
                continue
            known = space is not None and not list(transform.check_shape(space, ""))
            inner[name] = self.settle(
                child, transform.inner_space(space) if space and known else None
            )
        if any(child is None for child in inner.values()):
            return None
        event = space.shape if space else None
        settled = canonical(with_children(transform, inner), event)
        if self.report(settled, field_problems(settled, event), blame=transform):
            self.trusted = False
            return None
        if (
            space is None
            or list(settled.check_shape(space, ""))
            or list(settled.check_consistency(space))
        ):
            return settled
        return settled.grow(space, self.columns)

    def _recovered(self, transform: Transform, space: Space) -> Space | None:
        domain = transform.domain_for(space)
        if not list(transform.check_shape(domain, "")):
            return transform.image(domain).space
        self.trusted = False
        return None


def weight_count(transform: Transform) -> int:
    """How many numbers the networks of a step hold."""
    held: list[Any] = [
        getattr(value, "init", value)
        for _, owner, _, value in values(transform, "")
        if isinstance(owner, Layer)
    ]
    return sum(int(np.size(value)) for value in held)


def settle(base: Base) -> Base:
    """The base with canonical fields; a coordinatewise one takes its size from its vectors."""
    if isinstance(base, Coordinatewise) and base.size is None:
        lengths = base.lengths()
        if lengths:
            base = replace(base, size=max(lengths.values()))
    return canonical(base, base.event_shape)


def _unequal_sizes(base: Base) -> list[Diagnostic]:
    lengths = base.lengths() if isinstance(base, Coordinatewise) else {}
    if len(set(lengths.values())) < 2:
        return []
    told = ", ".join(f"`{name}` has {count}" for name, count in lengths.items())
    return [mistakes.UnequalSizes(part=base.title, field=min(lengths), lengths=told)]
