"""Parts put together and checked: the one way to a `Flow`.

Walks from the base to the data, derives the support at every point, and raises one `FlowError` with
every independent mistake. A mistake in a part's fields leaves its image unknown: behind it only
fields are checked. A domain mismatch does not: the walk goes on with what the step would give.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from flowspec import mistakes
from flowspec.adapters import advice
from flowspec.bases.base import Base, Coordinatewise
from flowspec.checks import canonical, coordinates, field_problems
from flowspec.diagnostics import Diagnostic, FlowError, Span
from flowspec.flow import Declaration, Flow, Step
from flowspec.parameter import (
    FromContext,
    Learn,
    Value,
    children,
    parameters,
    rebuild,
    value_range,
    values,
    varies,
    with_children,
)
from flowspec.support import REAL, Space, narrowed
from flowspec.transforms.transform import Transform

LARGEST_EVENT = 4096


@dataclass(frozen=True)
class Origin:
    """Where a part was written: the whole call and each of its arguments, or a path in a JSON file."""

    span: Span | None = None
    fields: Mapping[str, Span] = field(default_factory=dict)
    path: str = ""


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
    origin: Callable[[object], Origin] = lambda part: Origin(),
    already: Iterable[Diagnostic] = (),
) -> Flow:
    """The checked flow, or a `FlowError` with everything that is wrong with it.

    A part that is None was written wrongly: its mistake is among `already`, and the rest is still checked.

    origin    where a part was written, for the places of the mistakes
    already   mistakes found before, to be reported together
    """
    walk = _Walk(origin, list(already))
    checked = walk.base(base) if base else None
    steps = walk.steps(checked, base, transforms)
    if event and checked and not walk.found:
        walk.found += event_problems(event, checked, steps)
    if walk.found or checked is None:
        raise FlowError(walk.found)
    return Flow(checked, tuple(steps), context, event, retests_base=checked.varies)


def resolve(flow: Flow, weights: Mapping[str, np.ndarray]) -> Flow:
    """The flow with fixed numbers in place of what is learned, its supports derived anew.

    weights   path -> value, as `Flow.learned` names them; what is missing keeps its start
    """

    def fix(path: str, owner, name: str, value: Value) -> Value:
        return weights.get(path, value.init) if isinstance(value, Learn) else value

    base = rebuild(flow.base, "base", fix)
    transforms = [rebuild(step.transform, f"steps.{i}", fix) for i, step in enumerate(flow.steps)]
    # Fixed parameters may make the support narrower than what `event` declares: only its names stay.
    return replace(assemble(base, transforms, flow.context), event=flow.event)


class _Walk:
    """From the base to the data, collecting mistakes."""

    def __init__(self, origin: Callable[[object], Origin], found: list[Diagnostic]):
        self.origin = origin
        self.found = found
        self.trusted = True
        """Is the support that the walk has derived the true one?"""

    def report(self, part, problems: Iterable[Diagnostic], blame=None, giver=None) -> bool:
        """Collect mistakes, each with its place; True if there were any. `blame` holds the spans, if not `part`."""
        origin = self.origin(part if blame is None else blame)
        problems = list(problems)
        for problem in problems:
            span = problem.span or origin.fields.get(getattr(problem, "field", "")) or origin.span
            named = {"part": getattr(part, "title", "")} if getattr(problem, "part", None) == "" else {}
            other = problem.other or (self.origin(giver).span if giver is not None else None)
            self.found.append(replace(problem, span=span, other=other, where=problem.where or origin.path, **named))
        return bool(problems)

    # --- the base ---------------------------------------------------------------------------------

    def base(self, base: Base) -> Base:
        inner = {name: self.base(child) for name, child in children(base)}
        settled = settle(with_children(base, inner))
        wrong_fields = self.report(settled, field_problems(settled, settled.event_shape), blame=base)
        if wrong_fields or not self.trusted or self.report(settled, settled.problems(), blame=base):
            self.trusted = False
        return settled

    # --- the steps --------------------------------------------------------------------------------

    def steps(self, base: Base | None, written: Base | None, transforms: Iterable[Transform | Deferred | None]) -> list[Step]:
        steps: list[Step] = []
        space = base.space if base and self.trusted else None
        if space and space.size > LARGEST_EVENT:
            self.report(base, [mistakes.EventTooLarge(size=space.size, limit=LARGEST_EVENT)])
            space = None
        giver: Base | Transform | None = written
        waiting = deque(transforms)
        while waiting:
            transform = waiting.popleft()
            if isinstance(transform, Deferred):
                waiting.extendleft(reversed(self.expanded(transform, space)))
                continue
            space = self.step(transform, space, giver, base, steps) if transform else None
            giver = transform
        return steps

    def expanded(self, deferred: Deferred, space: Space | None) -> list[Transform | None]:
        found = deferred.expand(space) if space and self.trusted else [None]
        if not isinstance(found, Diagnostic):
            return list(found)
        self.report(deferred, [found])
        return [None]

    def step(self, transform, space: Space | None, giver, base, steps: list[Step]) -> Space | None:
        """Check one transform behind `space` and append it; what comes out, None if that is unknown."""
        settled = self.settle(transform, space)
        if space is None or not self.trusted or settled is None:
            return None
        if self.report(settled, misfits(settled, space, giver.title), blame=transform, giver=giver):
            return self._recovered(settled, space)
        if problem := domain_problem(settled, space, giver, base, steps):
            self.report(settled, [problem], blame=transform, giver=giver)
            return self._recovered(settled, space)
        if self.report(settled, settled.problems(space), blame=transform):
            self.trusted = False
            return None
        space = space.with_parts(narrowed(*pair) for pair in zip(space.parts, settled.domain_for(space).parts, strict=True))
        if steps:
            steps[-1] = replace(steps[-1], output=space)
        output = settled.image(space)
        retests = (settled.varies or settled.image_is_hull) and any(part != REAL for part in space.parts)
        steps.append(Step(settled, space, output, retests, self.origin(transform).span))
        return output

    def settle(self, transform: Transform, space: Space | None) -> Transform | None:
        """The transform with canonical fields, those of its children too; None if they hold mistakes."""
        inner = {}
        for name, child in children(transform):
            inner[name] = self.settle(child, transform.inner_space(space) if space else None)
        if any(child is None for child in inner.values()):
            return None
        event = space.shape if space else None
        settled = canonical(with_children(transform, inner), event)
        if self.report(settled, field_problems(settled, event), blame=transform):
            self.trusted = False
            return None
        return settled

    def _recovered(self, transform: Transform, space: Space) -> Space | None:
        domain = transform.domain_for(space)
        if not misfits(transform, domain, ""):
            return transform.image(domain)
        self.trusted = False
        return None


def settle(base: Base) -> Base:
    """The base with canonical fields; a coordinatewise one takes its size from its vectors."""
    if isinstance(base, Coordinatewise) and base.size is None:
        lengths = base.lengths()
        if lengths:
            base = replace(base, size=max(lengths.values()))
    return canonical(base, base.event_shape)


def misfits(transform: Transform, space: Space, giver: str) -> list[Diagnostic]:
    """Why a transform cannot act on a point of this shape."""
    if space.scalar and not transform.scalar_too:
        return [mistakes.NeedsVector(giver=giver)]
    return list(transform.misfits(space, giver))


def domain_problem(transform: Transform, space: Space, giver, base: Base, steps: list[Step]) -> Diagnostic | None:
    """The first coordinate whose support does not fit into the domain, as a mistake."""
    domain = transform.domain_for(space)
    # Sets over groups of unlike size meet at the first pair that differs.
    for index, (takes, gives) in enumerate(zip(domain.parts, space.parts, strict=False)):
        if takes.contains(narrowed(gives, takes)):
            continue
        cause = _trained_cause(base, steps, domain, index)
        return mistakes.DomainMismatch(
            giver=giver.title, takes=takes.words, gives=gives.words, cause=cause, adapter=advice(gives, takes)
        )
    return None


def _trained_cause(base: Base, steps: list[Step], domain: Space, index: int) -> str:
    """If training or the context widened the support that does not fit: which parameter, and how to bound it."""
    varying = [(owner, name, value) for _, owner, name, value in _all_values(base, steps) if varies(value)]
    if not varying:
        return ""
    try:
        fixed = assemble(_at_start(base), [_at_start(step.transform) for step in steps]).space.parts
    except FlowError:
        return ""
    derived = (steps[-1].output if steps else base.space).parts
    if len(fixed) <= index or fixed[index].same(derived[index]):
        return ""
    owner, name, value = varying[-1]
    if isinstance(value, FromContext):
        return f"`{name}` of {owner.title} comes from the context, so it can be any of the {value.support.words}"
    return (
        f"`{name}` of {owner.title} is trained, so it can become any of the {value_range(value, parameters(owner)[name].within).words}; "
        f"bounds for what is trained narrow what comes out: `learn({_start(value)}, low=..., high=...)`"
    )


def _start(value: Learn) -> str:
    return f"{np.asarray(value.init, float).flat[0]:g}"


def _all_values(base: Base, steps: list[Step]) -> list[tuple]:
    found = list(values(base, "base"))
    for index, step in enumerate(steps):
        found += values(step.transform, f"steps.{index}")
    return found


def _at_start(part):
    """The part with every varying parameter fixed at its start (a context variable: inside its support)."""

    def fix(path, owner, name, value):
        if isinstance(value, Learn):
            return value.init
        return value.support.safe_point if isinstance(value, FromContext) else value

    return rebuild(part, "", fix)


def event_problems(event: Declaration, base: Base, steps: list[Step]) -> list[Diagnostic]:
    """Where the declared event and the derived support differ."""
    space = steps[-1].output if steps else base.space
    if event.space.size != space.size:
        found = "a single number" if space.scalar else coordinates(space.size)
        return [
            mistakes.EventCount(
                span=event.span, found=found, names=event.space.size,
                advice="name as many variables as the flow has coordinates",
            )
        ]  # fmt: skip
    declared, derived = dict_of_blocks(event.space), dict_of_blocks(space)
    problems: list[Diagnostic] = []
    for start, part in declared.items():
        given = derived.get(start)
        if given is None or not part.same(given, ignore_ends=True):
            problems.append(_event_mismatch(event, start, part, given or derived[max(s for s in derived if s <= start)]))
    return problems


def dict_of_blocks(space: Space) -> dict[int, object]:
    """First coordinate -> set."""
    return {block.start: part for block, part in space.blocks}


def _event_mismatch(event: Declaration, start: int, declared, given) -> Diagnostic:
    span = event.spans[start] if event.spans else event.span
    return mistakes.EventMismatch(
        span=span, name=event.names[start], declared=str(declared), gives=given.words,
        advice="end the pipeline with `Onto(event)`, or declare what the flow gives",
    )  # fmt: skip
