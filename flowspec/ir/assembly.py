"""Parts put together and checked: the one way to a `Flow`.

Walks from the base to the data, derives the support at every point, and raises one `FlowError` with
every independent mistake. A mistake in a part's fields leaves its image unknown: behind it only
fields are checked. A domain mismatch does not: the walk goes on with what the step would give.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from flowspec.bases.base import Base, Coordinatewise
from flowspec.diagnostics.collector import Mistakes
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError
from flowspec.diagnostics.source import Place
from flowspec.ir.adapters import advice, between
from flowspec.ir.flow import Declaration, Flow, Step
from flowspec.networks.context import StandardContext
from flowspec.networks.layers import Layer
from flowspec.parts import mistakes
from flowspec.parts.checks import canonical, coordinates, field_problems
from flowspec.parts.fields import parameters
from flowspec.parts.origin import origin_of, placed
from flowspec.parts.trees import children, rebuild, values, with_children
from flowspec.parts.values import (
    FromContext,
    Learn,
    Predicted,
    Value,
    WholeContext,
    value_range,
    varies,
)
from flowspec.support.interval import REAL
from flowspec.support.space import Space
from flowspec.support.support import Support
from flowspec.transforms.forms.on import On
from flowspec.transforms.transform import Transform

LARGEST_EVENT = 4096
MOST_WEIGHTS = 8_000_000
"""Of all networks together, masks counted as weights."""
LARGEST_FLOW = 100_000
"""Coordinates of all steps together: what can be checked in about a second."""


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
        walk.mistakes.report(*event_problems(event, checked, steps))
    if walk.mistakes or checked is None:
        raise walk.mistakes.error()
    seen = context and any(
        _sees_context(part) for part in (checked, *(step.transform for step in steps))
    )
    standard = StandardContext.of(len(context.names)) if context and seen else None
    return Flow(
        checked, tuple(steps), context, event, retests_base=checked.varies, standard=standard
    )


def _sees_context(part: Any) -> bool:
    """Does a network in it take the context?"""
    return any(isinstance(value, WholeContext) for _, _, _, value in values(part, ""))


def resolve(flow: Flow, weights: Mapping[str, np.ndarray]) -> Flow:
    """The flow with fixed numbers in place of what is learned, its supports derived anew.

    weights   path -> value, as `Flow.learned` names them; what is missing keeps its start
    """

    def fix(path: str, owner, name: str, value: Value) -> Value:
        return weights.get(path, value.start(path)) if isinstance(value, Learn) else value

    base = rebuild(flow.base, "base", fix)
    transforms = [rebuild(step.transform, f"steps.{i}", fix) for i, step in enumerate(flow.steps)]
    standard = rebuild(flow.standard, "context", fix) if flow.standard else None
    # Fixed parameters may make the support narrower than what `event` declares: only its names stay.
    return replace(
        assemble(base, transforms, flow.context),
        event=flow.event,
        train=flow.train,
        standard=standard,
    )


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
        if wrong_fields or not self.trusted or self.report(settled, settled.problems(), blame=base):
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
        if self.report(settled, misfits(settled, space, giver.title), blame=transform, giver=giver):
            if any(children(settled)):
                # The fields of what is inside could not be checked against this space.
                self.trusted = False
                return None
            return self._recovered(settled, space)
        explained = self.explained < MOST_EXPLAINED
        if problem := domain_problem(settled, space, giver, base, steps, explained):
            self.explained += 1
            self.report(settled, [problem], blame=transform, giver=giver)
            return self._recovered(settled, space)
        if self.report(settled, settled.problems(space), blame=transform):
            self.trusted = False
            return None
        space = space.narrowed(settled.domain_for(space))
        if steps:
            steps[-1] = replace(steps[-1], output=space)
        output = settled.image(space)
        retests = (settled.varies or settled.image_is_hull) and (
            settled.image_varies or not space.is_real
        )
        steps.append(Step(settled, space, output, retests, origin_of(transform).span))
        return output

    def settle(self, transform: Transform, space: Space | None) -> Transform | None:
        """The transform with canonical fields, those of its children too; None if they hold mistakes."""
        inner = {}
        for name, child in children(transform):
            if not isinstance(child, Transform):
                inner[name] = child  # a layer of a network, which has grown already
                continue
            known = space is not None and not misfits(transform, space, "")
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
        if space is None or misfits(settled, space, "") or list(settled.problems(space)):
            return settled
        return settled.grow(space, self.columns)

    def _recovered(self, transform: Transform, space: Space) -> Space | None:
        domain = transform.domain_for(space)
        if not misfits(transform, domain, ""):
            return transform.image(domain)
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


def misfits(transform: Transform, space: Space, giver: str) -> list[Diagnostic]:
    """Why a transform cannot act on a point of this shape."""
    if space.scalar and not transform.scalar_too:
        return [mistakes.NeedsVector(giver=giver, part="`on`" if isinstance(transform, On) else "")]
    return list(transform.misfits(space, giver))


def domain_problem(
    transform: Transform, space: Space, giver, base: Base, steps: list[Step], explained: bool = True
) -> Diagnostic | None:
    """The first coordinate whose support does not fit into the domain, as a mistake; with its cause, if `explained`."""
    domain = transform.domain_for(space)
    # Sets over groups of unlike size meet at the first pair that differs.
    fitting = None
    for index, (takes, gives) in enumerate(zip(domain.supports, space.supports, strict=False)):
        if takes is gives or (fitting and takes is fitting[0] and gives is fitting[1]):
            continue  # as the coordinate before
        if takes.contains(gives.narrowed(takes)):
            fitting = takes, gives
            continue
        cause = _trained_cause(base, steps, index) if explained else ""
        told = "single real numbers" if takes == REAL else takes.words
        return mistakes.DomainMismatch(
            giver=giver.title,
            takes=told,
            gives=gives.words,
            cause=cause,
            adapter=advice(gives, takes),
        )
    return None


def _trained_cause(base: Base, steps: list[Step], index: int) -> str:
    """If training or the context widened a support: which parameters, and how to bound them."""
    varying = [
        found
        for found in _all_values(base, steps)
        if varies(found[3]) and not isinstance(found[1], Layer)
    ]
    if not varying:
        return ""
    derived = (steps[-1].output if steps else base.space).supports
    fixed = _support_with(base, steps, index)
    if fixed is None or index >= len(derived) or fixed.same(derived[index]):
        return ""
    found = []
    for path, owner, name, value in reversed(varying[-MOST_CAUSES:]):
        widened = _support_with(base, steps, index, vary=path)
        if widened is None or not widened.same(fixed):
            found.append((owner, name, value))
    return _told_cause(found or [varying[-1][1:]])


MOST_EXPLAINED, MOST_CAUSES = 5, 8
"""Mistakes whose cause is looked for, and parameters that may be it: each is tried by itself, which derives all supports anew."""


def _told_cause(found: list[tuple]) -> str:
    owner, name, value = found[0]
    if isinstance(value, FromContext):
        return (
            f"`{name}` of {owner.title} comes from the context, which can be {value.support.words}"
        )
    others = [f"`{n}` of {o.title}" for o, n, _ in found[1:3]]
    words = value_range(value, parameters(owner)[name].within).words
    told = f"`{name}` of {owner.title} is trained and can become {words.replace('every', 'any')}"
    bound = (
        f"bounds narrow that, and so what comes out: `learn({_start(value)}, low=..., high=...)`"
    )
    return f"{told}; {bound}" + (f"; so is {' and '.join(others)}" if others else "")


def _support_with(base: Base, steps: list[Step], index: int, vary: str = ""):
    """The set of a coordinate if only one varying parameter varies; None if that flow is wrong."""
    try:
        fixed = assemble(
            _at_start(base, "base", vary),
            [_at_start(s.transform, f"steps.{i}", vary) for i, s in enumerate(steps)],
        )
    except FlowError:
        return None
    return fixed.space.supports[index] if index < len(fixed.space.supports) else None


def _start(value: Learn | Predicted) -> str:
    init = value.start.init if isinstance(value, Predicted) else value.init
    return f"{np.asarray(init, float).flat[0]:g}"


def _all_values(base: Base, steps: list[Step]) -> list[tuple]:
    found = list(values(base, "base"))
    for index, step in enumerate(steps):
        found += values(step.transform, f"steps.{index}")
    return found


def _at_start(part, prefix: str, vary: str):
    """The part with every varying parameter but one fixed at its start (a context variable: inside its support)."""

    def fix(path, owner, name, value):
        if path == vary:
            return value
        if isinstance(value, Learn):
            return value.init
        return value.support.inner_point if isinstance(value, FromContext) else value

    return rebuild(part, prefix, fix)


def event_problems(event: Declaration, base: Base, steps: list[Step]) -> list[Diagnostic]:
    """Where the declared event and the derived support differ."""
    space = steps[-1].output if steps else base.space
    if event.space.size != space.size:
        found = "a single number" if space.scalar else coordinates(space.size)
        names = f"{event.space.size} variable{'s' if event.space.size > 1 else ''}"
        return [
            mistakes.EventCount(
                span=event.span, found=found, names=names,
                advice="name as many variables as the flow has coordinates",
            )
        ]  # fmt: skip
    derived = {block.start: (index, part) for index, (block, part) in enumerate(space.blocks)}
    problems: list[Diagnostic] = []
    for block, part in event.space.blocks:
        index, given = (
            derived.get(block.start)
            or derived[max(start for start in derived if start <= block.start)]
        )
        if block.start not in derived or not part.same(given, ignore_ends=True):
            problems.append(
                _event_mismatch(event, block.start, part, given, _trained_cause(base, steps, index))
            )
    return problems


def _event_mismatch(
    event: Declaration, start: int, declared: Support, given: Support, cause: str
) -> Diagnostic:
    span, name = event.spans[start] if event.spans else event.span, event.names[start]
    declare = (
        f"declare what the flow gives: `{name}: {given}`"
        if given.size == 1
        else "declare what the flow gives"
    )
    standard = given.size == 1 and between(given, declared) is None
    return mistakes.EventMismatch(
        span=span, name=name, declared=str(declared), gives=given.words, cause=cause,
        advice=declare if standard else f"end the pipeline with `Onto(event)`, or {declare}",
    )  # fmt: skip
