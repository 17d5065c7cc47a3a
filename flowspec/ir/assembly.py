"""Components put together and checked: the one way to a `Flow`.

Walks from the base to the data, derives the support at every point, and raises one
`FlowError` with every independent mistake. A mistake in a component's fields leaves its
image unknown: behind it only fields are checked. A domain mismatch does not: the walk
goes on with what the transform would give.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from flowspec.bases.base import Base, Coordinatewise
from flowspec.bases.transformed import Transformed
from flowspec.diagnostics.collector import Mistakes
from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.diagnostics.kinds import one_of, require
from flowspec.diagnostics.repairs import Edit, Fix, is_number, swapped, value_of
from flowspec.diagnostics.source import Place
from flowspec.ir.bounds import bounded, start_of
from flowspec.ir.causes import MOST_EXPLAINED, check_domain, check_event
from flowspec.ir.flow import Flow
from flowspec.ir.kinds import DECLARATION
from flowspec.ir.pipeline import Declaration
from flowspec.ir.written import WRITTEN, Deferred, Written
from flowspec.networks.context import StandardContext
from flowspec.networks.inputs import angular_rates
from flowspec.networks.layers import Layer
from flowspec.parts import mistakes
from flowspec.parts.canonical import canonical
from flowspec.parts.checks import check_fields
from flowspec.parts.limits import LARGEST_EVENT, LARGEST_FLOW, MOST_WEIGHTS
from flowspec.parts.origin import Origin, origin_of, placed
from flowspec.parts.trees import children, values, with_children, with_fields
from flowspec.parts.values import WholeContext
from flowspec.support.space import Space
from flowspec.transforms.chain import Step, follow
from flowspec.transforms.forms.on import On
from flowspec.transforms.transform import Transform

Watch = Callable[[Any, Space | None, Space | None], None]
"""(a component as written, the supports before and behind it): called for a base and each step."""


def assemble(
    base: Base | None,
    transforms: Iterable[Written] = (),
    context: Declaration | None = None,
    event: Declaration | None = None,
    *,
    already: Mistakes | None = None,
    watch: Watch | None = None,
) -> Flow:
    """The checked flow.

    A component that is None was written wrongly: its mistake is among `already`, and the
    rest is still checked.

    already   mistakes found before, to be reported together
    watch     called on the way, also where there are mistakes
    Errors:   FlowError, with everything that is wrong.
    """
    transforms = _listed(transforms)
    require(
        "assemble",
        base=(base, one_of("a base", Base).or_none() if already else one_of("a base", Base)),
        transforms=(transforms, WRITTEN),
        context=(context, DECLARATION.or_none()),
        event=(event, DECLARATION.or_none()),
    )
    context_rates = angular_rates(context.space) if context else ()
    walk = _Walk(already or Mistakes(), context_rates, watch)
    checked = walk.base(base) if base else None
    steps = walk.steps(checked, base, transforms)
    if event and checked and not walk.mistakes:
        walk.mistakes.report(*check_event(event, checked, steps))
    if walk.mistakes or checked is None:
        raise walk.mistakes.error()
    is_seen = any(map(_sees_context, (checked, *(step.transform for step in steps))))
    standard = StandardContext.of(context_rates) if context and is_seen else None
    return Flow(checked, tuple(steps), context, event, standard)


def _listed(transforms: Any) -> Any:
    """What can be gone through, as a list; anything else as it is."""
    is_plain = isinstance(transforms, str | bytes | Mapping) or not isinstance(transforms, Iterable)
    return transforms if is_plain else list(transforms)


def angles(space: Space) -> tuple[bool, ...]:
    """True for each coordinate that is an angle."""
    return tuple(bool(s.period) for s in space.supports for _ in range(s.size))


def beside_angles(transform: Transform, space: Space) -> list[Transform]:
    """The transform on the coordinates that are no angles; none where all are."""
    numbers = tuple(i for i, is_angle in enumerate(angles(space)) if not is_angle)
    return [placed(On(numbers, transform), origin_of(transform))] if numbers else []


def _sees_context(component: Any) -> bool:
    """True if a network in the component takes the context."""
    return any(isinstance(value, WholeContext) for _, _, _, value in values(component, ""))


class _Walk:
    """The walk from the base to the data, collecting mistakes."""

    def __init__(
        self, mistakes: Mistakes, context_rates: Sequence[float], watch: Watch | None = None
    ):
        self.mistakes = mistakes
        self.context_rates = context_rates
        self._watch = watch
        self.trusted = True
        """False if the support that the walk has derived may not be the true one."""
        self._reports = 0
        """Reports with mistakes in them; one that was known already is no new mistake."""
        self._explained = 0
        """Domain mismatches whose cause was looked for."""
        self._cost = _Cost()
        self._settled: dict[int, Base] = {}
        """Bases that were checked: copies are one base, many times."""

    def report(
        self, written: Any, wrong: Iterable[Diagnostic], title: str = "", giver: Any = None
    ) -> bool:
        """Collect mistakes, each with its place; True if there were any.

        written   the component that is to blame, as it was written
        title     its name in messages
        giver     the component before it, which a mistake may contrast with
        """
        origin, against = origin_of(written), origin_of(giver).span
        placed_mistakes = []
        for mistake in wrong:
            field = getattr(mistake, "field", "")
            changed: dict[str, Any] = {
                "span": mistake.span or origin.place(field),
                "where": mistake.where or origin.path,
            }
            if getattr(mistake, "part", None) == "":
                changed["part"] = title
            contrasts = mistake.contrast and against and against != changed["span"]
            related = mistake.related
            if contrasts and against and not related:
                related = (Place(against),)
            changed["related"] = (*related, *origin.definition(field))
            if isinstance(mistake, mistakes.UnsortedInterval):
                changed["repairs"] = _sorted(mistake, origin)
            if origin.behind:
                changed["repairs"] = ()  # its place is not that of the call
            placed_mistakes.append(mistake.replaced(**changed))
        self._reports += bool(placed_mistakes)
        return self.mistakes.report(*placed_mistakes)

    # --- the base ---------------------------------------------------------------------------------

    def base(self, written: Base) -> Base:
        """The checked base, grown where nothing is wrong with it."""
        if id(written) not in self._settled:
            self._settled[id(written)] = self._checked_base(written)
        return self._settled[id(written)]

    def _checked_base(self, written: Base) -> Base:
        if isinstance(written, Transformed):
            return self._checked_flow(written)
        inner = {
            name: self.base(child) if isinstance(child, Base) else child
            for name, child in children(written)
        }
        base = settle(with_children(written, inner))
        wrong = _check_lengths(base) or check_fields(base, base.event_shape)
        sound = not self.report(written, wrong, base.title) and self.trusted
        if sound and not self.report(written, base.check_consistency(), base.title):
            return base.grow(self.context_rates)
        self.trusted = False
        return base

    def _checked_flow(self, written: Transformed) -> Base:
        """A base with steps behind it. Its mistakes leave those of other flows to be found."""
        trusted, self.trusted = self.trusted, True
        reports = self._reports
        base = self.base(written.base)
        steps = tuple(step.transform for step in self.steps(base, written.base, written.steps))
        self.trusted = trusted and self._reports == reports
        return with_fields(written, {"base": base, "steps": steps})

    # --- the steps --------------------------------------------------------------------------------

    def steps(
        self, base: Base | None, written: Base | None, transforms: Iterable[Written]
    ) -> list[Step]:
        """The steps behind a base, as far as their supports are known."""
        steps: list[Step] = []
        space = self._start(base, written)
        giver: Base | Transform | None = written
        waiting = deque(transforms)
        self._see(written, None, space)
        while waiting:
            transform = waiting.popleft()
            if isinstance(transform, Deferred):
                waiting.extendleft(reversed(self._expanded(transform, space)))
                continue
            if transform and space and transform.passes_angles and any(angles(space)):
                waiting.extendleft(beside_angles(transform, space))
                continue
            count = len(steps)
            if mistake := self._cost.check_event(space):
                self.report(transform, [mistake], getattr(transform, "title", ""))
                break
            before = space
            space = self._step(transform, space, giver, base, steps) if transform else None
            self._see(transform, before, space)
            giver = transform
            made = steps[-1].transform if len(steps) > count else None
            if transform and (mistake := self._cost.check_weights(made)):
                self.report(transform, [mistake], transform.title)
                break
        return steps

    def _see(self, written: Any, before: Space | None, behind: Space | None) -> None:
        if self._watch and written is not None:
            self._watch(written, before, behind)

    def _start(self, base: Base | None, written: Base | None) -> Space | None:
        """The support of the base; None if it is not known, or too large."""
        if base is None or not self.trusted:
            return None
        if (size := base.space.size) > LARGEST_EVENT:
            too_large = mistakes.EventTooLarge(size=size, limit=LARGEST_EVENT)
            self.report(written, [too_large], base.title)
            return None
        return base.space

    def _expanded(self, deferred: Deferred, space: Space | None) -> list[Written]:
        if space is None or not self.trusted:
            return [None]
        transforms = deferred.expand(space)
        if isinstance(transforms, Diagnostic):
            self.report(deferred, [transforms])
            return [None]
        return [placed(transform, origin_of(deferred)) for transform in transforms]

    def _step(
        self,
        written: Transform,
        space: Space | None,
        giver: Base | Transform | None,
        base: Base | None,
        steps: list[Step],
    ) -> Space | None:
        """Check one transform behind `space` and append its step.

        Gives the support that comes out, None if that is unknown.
        """
        transform = self.settle(written, space)
        if space is None or transform is None or giver is None or base is None:
            return None
        if not self.trusted:
            return None
        wrong = transform.check_shape(space, giver.title)
        if self.report(written, wrong, transform.title, giver):
            # The fields of inner transforms could not be checked against this space.
            self.trusted = not any(children(transform))
            return self._recovered(transform, space) if self.trusted else None
        explained = self._explained < MOST_EXPLAINED
        if mistake := check_domain(transform, giver.title, base, steps, explained=explained):
            self._explained += 1
            self.report(written, [mistake], transform.title, giver)
            return self._recovered(transform, space)
        if self.report(written, transform.check_consistency(space), transform.title):
            self.trusted = False
            return None
        step = replace(follow(transform, space), span=origin_of(written).span)
        if steps:
            steps[-1] = replace(steps[-1], output=step.input)
        steps.append(step)
        return step.output

    def settle(self, written: Transform, space: Space | None) -> Transform | None:
        """The transform with canonical fields, grown; None if they hold mistakes."""
        inner = self._settled_children(written, space)
        if any(child is None for child in inner.values()):
            return None
        event = space.shape if space else None
        transform = canonical(with_children(written, inner), event)
        if self.report(written, check_fields(transform, event), transform.title):
            self.trusted = False
            return None
        fits = space and not list(transform.check_shape(space, ""))
        if space is None or not fits or list(transform.check_consistency(space)):
            return transform
        wrong = transform.check_context(space, self.context_rates)
        if self.report(written, wrong, transform.title):
            self.trusted = False
            return None
        return transform.grow(space, self.context_rates)

    def _settled_children(self, written: Transform, space: Space | None) -> dict[str, Any]:
        """The inner transforms, settled; the layers of networks, which have grown
        already.
        """
        fits = space is not None and not list(written.check_shape(space, ""))
        inner = written.inner_space(space) if space and fits else None
        return {
            name: self._settled_child(child, inner) if isinstance(child, Transform) else child
            for name, child in children(written)
        }

    def _settled_child(self, written: Transform, space: Space | None) -> Transform | None:
        """A transform inside another one, settled; None if it does not fit its coordinates."""
        transform = self.settle(written, space)
        if space is None or transform is None or list(transform.check_shape(space, "")):
            return transform
        if self.report(written, transform.check_consistency(space), transform.title):
            self.trusted = False
            return None
        return transform

    def _recovered(self, transform: Transform, space: Space) -> Space | None:
        """The image of the whole domain, to go on with behind a mistake."""
        domain = transform.domain_for(space)
        if not list(transform.check_shape(domain, "")):
            return transform.grow(domain, self.context_rates).image(domain).space
        self.trusted = False
        return None


class _Cost:
    """The size of the steps so far, against the limits."""

    def __init__(self) -> None:
        self._coordinates = 0
        self._weights = 0

    def check_event(self, space: Space | None) -> Diagnostic | None:
        """Count the coordinates of one more step."""
        size = space.size if space else 0
        self._coordinates += size
        if size and self._coordinates > LARGEST_FLOW:
            return mistakes.FlowTooLarge(size=size, limit=LARGEST_FLOW)
        return None

    def check_weights(self, transform: Transform | None) -> Diagnostic | None:
        """Count the weights of one more step."""
        self._weights += weight_count(transform) if transform else 0
        if self._weights > MOST_WEIGHTS:
            return mistakes.NetworkTooLarge(
                field="hidden", weights=self._weights, limit=MOST_WEIGHTS
            )
        return None


def _sorted(mistake: mistakes.UnsortedInterval, origin: Origin) -> tuple[Fix, ...]:
    """The ends of an interval exchanged, if both are numbers; one that is trained, bounded."""
    ends = [origin.fields.get(name) for name in (mistake.low_field, mistake.field)]
    low, high = (span and value_of(span) for span in ends)
    if not low or not high:
        return ()
    edits: tuple[Edit, ...] = ()
    if is_number(low.text) and is_number(high.text) and low.text != high.text:
        return (Fix("swap them", swapped(low, high)),)
    if is_number(high.text) and (start := start_of(low.text)) is not None:
        edits = bounded(low, f"high={high.text}") if start < float(high.text) else ()
    if is_number(low.text) and (start := start_of(high.text)) is not None:
        edits = bounded(high, f"low={low.text}") if start > float(low.text) else ()
    return tuple(Fix(f"bound it: `{edit.replacement}`", (edit,)) for edit in edits)


def weight_count(transform: Transform) -> int:
    """The number of weights of the networks of a transform, masks counted as weights."""
    weights = [v for _, owner, _, v in values(transform, "") if isinstance(owner, Layer)]
    return sum(int(np.size(getattr(value, "init", value))) for value in weights)


def settle(base: Base) -> Base:
    """The base with canonical fields; a coordinatewise one takes its size from its
    vectors.
    """
    if isinstance(base, Coordinatewise) and base.size is None and (lengths := base.lengths()):
        base = replace(base, size=max(lengths.values()))
    return canonical(base, base.event_shape)


def _check_lengths(base: Base) -> list[Diagnostic]:
    """The mistake if the vectors of a base have different lengths."""
    lengths = base.lengths() if isinstance(base, Coordinatewise) else {}
    if len(set(lengths.values())) < 2:
        return []
    written = ", ".join(f"`{name}` has {count}" for name, count in lengths.items())
    return [mistakes.UnequalSizes(part=base.title, field=min(lengths), lengths=written)]
