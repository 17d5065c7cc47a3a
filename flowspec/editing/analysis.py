"""What is known of a text: its mistakes, its flow, and the supports along its pipeline.

A text may be half written: then as much is known as can be read. Nothing here raises for a text.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError
from flowspec.diagnostics.source import Source, Span
from flowspec.editing.recovery import readable_tree
from flowspec.ir.flow import Flow
from flowspec.language import syntax
from flowspec.language.checker import Examined, examine
from flowspec.language.parser import parse_text
from flowspec.language.scope import Scope
from flowspec.parts.origin import Origin, origin_of
from flowspec.support.space import Space


class Stale(Exception):
    """An analysis that is wanted no more: the text has changed."""


class Point(NamedTuple):
    """An element of a pipeline, and the supports before and behind it, as far as they are known.

    An element that is repeated has those of its first turn.
    """

    start: int
    end: int
    before: Space | None
    behind: Space | None


@dataclass(frozen=True)
class Analysis:
    """The mistakes of a text, its scope, its flow if it writes one, and its points in order."""

    source: Source
    mistakes: tuple[Diagnostic, ...] = ()
    scope: Scope | None = None
    flow: Flow | None = None
    points: tuple[Point, ...] = ()

    @cached_property
    def by_start(self) -> dict[int, Point]:
        """The points by where they start."""
        return {point.start: point for point in self.points}

    @cached_property
    def by_end(self) -> dict[int, Point]:
        """The points by where they end."""
        return {point.end: point for point in self.points}


def analyze(source: Source, is_stale: Callable[[], bool] = lambda: False) -> Analysis:
    """What is known of a text.

    Errors:  Stale, between two parts of the work, once it is wanted no more.
    """
    broken: tuple[Diagnostic, ...] = ()
    tree: syntax.File | None
    try:
        tree = parse_text(source)
    except FlowError as error:
        broken, tree = error.diagnostics, readable_tree(source)
    if is_stale():
        raise Stale
    if tree is None:
        return Analysis(source, broken)
    watcher = _Watcher(is_stale)
    try:
        examined = examine(tree, watcher.see)
    except FlowError as error:  # more mistakes than are reported
        return Analysis(source, broken or error.diagnostics)
    mistakes = broken or examined.mistakes
    flow = None if broken else examined.flow
    return Analysis(source, mistakes, examined.scope, flow, watcher.points(source, examined))


class _Seen(NamedTuple):
    origin: Origin
    before: Space | None
    behind: Space | None


class _Watcher:
    """The supports before and behind each component, as the checker comes by."""

    def __init__(self, is_stale: Callable[[], bool]) -> None:
        self._is_stale = is_stale
        self._seen: list[_Seen] = []
        self._by_origin: dict[int, _Seen] = {}

    def see(self, written: Any, before: Space | None, behind: Space | None) -> None:
        if self._is_stale():
            raise Stale
        origin = origin_of(written)
        first = self._by_origin.get(id(origin))
        seen = _Seen(origin, first.before if first else before, behind)
        self._by_origin[id(origin)] = seen
        self._seen.append(seen)

    def points(self, source: Source, examined: Examined) -> tuple[Point, ...]:
        """The points of a text: of the elements of its pipeline, and of all that is inside them."""
        found: dict[tuple[int, int], Point] = {}
        self._add_inner(found, source)
        if examined.pipeline:
            head, *rest = examined.pipeline.elements
            written = {id(element) for element in rest}
            own = [steps for element, steps in examined.elements if id(element) not in written]
            for element, steps in examined.elements:
                if id(element) in written:
                    self._add(found, element.span, steps)
            self._add(found, head.span, [examined.base, *(step for steps in own for step in steps)])
        return tuple(found[place] for place in sorted(found))

    def _add_inner(self, found: dict[tuple[int, int], Point], source: Source) -> None:
        """The points of components, and of the calls of macros that stand for several."""
        call: Span | None = None
        for seen in self._seen:
            span, is_new = seen.origin.span, True
            if span is None or span.source is not source:
                call = None
                continue
            last = self._by_origin[id(seen.origin)]
            place = (span.start, span.end)
            if seen.origin.behind and span == call:
                is_new = False
                found[place] = found[place]._replace(behind=last.behind)
            if is_new:
                found.setdefault(place, Point(*place, last.before, last.behind))
            call = span if seen.origin.behind else None

    def _add(self, found: dict[tuple[int, int], Point], span: Span, made: list[Any]) -> None:
        """The point of an element: from before its first component to behind its last."""
        seen = [self._by_origin.get(id(origin_of(each))) for each in made if each is not None]
        known = [each for each in seen if each]
        if known:
            behind = known[-1].behind if len(known) == len(made) else None
            found[span.start, span.end] = Point(span.start, span.end, known[0].before, behind)
