"""`Onto(event)`: the standard bijectors from what comes in to what is declared."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from flowspec.diagnostics.diagnostic import Diagnostic, suggest
from flowspec.ir.adapters import between, keeping_ends
from flowspec.ir.registry import transforms
from flowspec.ir.written import Deferred
from flowspec.language import onto_mistakes as mistakes
from flowspec.language import syntax
from flowspec.language.call_mistakes import UnknownArgument
from flowspec.language.columns import named_columns
from flowspec.language.scope import Scope, Unknown
from flowspec.support.space import Space
from flowspec.support.support import NAMED_INTERVALS, REAL, Interval, Support
from flowspec.transforms.elementwise.affine import Affine
from flowspec.transforms.forms.inverse import Inverse
from flowspec.transforms.forms.on import On
from flowspec.transforms.transform import Transform


def onto(node: syntax.Call, scope: Scope) -> Deferred | None:
    """Steps that are made when the incoming support is known; None if the call is wrong."""
    arguments = node.arguments or ()
    target = arguments[0].value if arguments and not arguments[0].name else None
    name = target.name.text if isinstance(target, syntax.Call) and target.arguments is None else ""
    if name == "event" and scope.event is not None:
        declared = scope.event.space
        kept = _with_kept_ends(arguments[1:], declared, scope)
        return None if kept is None else Deferred(lambda space: _steps(space, declared, kept))
    if name in NAMED_INTERVALS and len(arguments) == 1:
        part = NAMED_INTERVALS[name]
        return Deferred(lambda space: _steps(space, space.with_supports([part] * space.size)))
    if name == "event":
        scope.report(mistakes.OntoWithoutEvent(span=node.span))
    else:
        fixes = None if scope.event else ()  # without an event there is nothing to go onto
        scope.report(mistakes.OntoTarget(span=node.span, repairs=fixes))
    return None


def _with_kept_ends(
    options: Sequence[syntax.Argument], declared: Space, scope: Scope
) -> frozenset[int] | None:
    """The coordinates whose edges or tails are kept; None if an option is wrong."""
    kept: set[int] = set()
    before = len(scope.mistakes)
    for option in options:
        name = option.name.text if option.name else ""
        if name not in OPTIONS:
            scope.report(_unknown_option(option, name))
            continue
        items = option.value.items if isinstance(option.value, syntax.Vector) else (option.value,)
        for item in items:
            columns = named_columns(item, scope)
            if isinstance(columns, Unknown) or scope.event is None:
                continue
            places = [scope.event.names.index(column) for column in columns]
            if wrong := _without_end(name, item, places, declared):
                scope.report(wrong)
            kept.update(_coordinates(places, declared))
    return None if len(scope.mistakes) > before else frozenset(kept)


def _unknown_option(option: syntax.Argument, name: str) -> Diagnostic:
    near = suggest(name, OPTIONS)
    words = " and ".join(f"`{each}`" for each in OPTIONS)
    return UnknownArgument(
        span=option.name.span if option.name else option.span,
        name="Onto",
        argument=name or option.span.text,
        advice=f"did you mean `{near}`?" if near else f"it has {words}, behind `event`",
        suggestion=near,
    )


def _without_end(
    option: str, item: syntax.Node, places: Sequence[int], declared: Space
) -> Diagnostic | None:
    """The mistake if a column among those at the places has no such end."""
    for block, support in declared.blocks:
        is_named = any(block.start <= place < block.stop for place in places)
        if is_named and not OPTIONS[option](support):
            return mistakes.NoSuchEnd(
                span=item.span, name=item.span.text.strip('"'), support=support.words,
                option=option, what=option.removesuffix("s"),
            )  # fmt: skip
    return None


def _coordinates(places: Sequence[int], declared: Space) -> Iterator[int]:
    """The coordinates that become the columns at places of the event."""
    coordinate = 0
    for block, support in declared.blocks:
        if block.start in places:
            yield coordinate
        coordinate += support.free_size


def _has_edge(support: Support) -> bool:
    return isinstance(support, Interval) and support.opened() != REAL


def _has_tail(support: Support) -> bool:
    return isinstance(support, Interval) and not support.is_bounded


OPTIONS: dict[str, Callable[[Support], bool]] = {"edges": _has_edge, "tails": _has_tail}
"""Options of `Onto(event)`, each with whether a column of a support can be named in it."""


def _steps(
    space: Space, declared: Space, kept: Collection[int] = ()
) -> list[Transform] | Diagnostic:
    needed = sum(support.free_size for support in declared.supports)
    if space.intervals is None:
        return mistakes.OntoTied()
    if space.size != needed:
        return mistakes.OntoSize(needed=needed, size=space.size)
    if space.scalar and len(declared.supports) == 1:
        return _single(space.supports[0], declared.supports[0], bool(kept))
    return _vector(space, declared, kept)


def _single(source: Support, target: Support, keeps: bool) -> list[Transform] | Diagnostic:
    """The steps between the supports of one coordinate.

    keeps   True if its edges and tails are kept
    """
    steps = keeping_ends(source, target) if keeps else between(source, target)
    if steps is None:
        return _no_way(source, target)
    return list(steps)


def _no_way(source: Support, target: Support) -> Diagnostic:
    told = mistakes.NoWayOnto(gives=source.words, takes=target.words)
    if not target.period or source.period:
        return told
    example = "`NSF(event) |> Standardize |> Onto(event)`"
    return told.replaced(advice=f"begin with angles, and keep them angles: {example}")


def _vector(space: Space, declared: Space, kept: Collection[int]) -> list[Transform] | Diagnostic:
    """Coordinates that take the same kinds of step share them, each with its own numbers."""
    groups: dict[tuple[tuple[type[Transform], ...], ...], list[tuple[int, list[Transform]]]] = {}
    for coordinate, (source, target) in enumerate(
        zip(space.supports, _targets(declared), strict=True)
    ):
        steps = _single(source, target, coordinate in kept)
        if isinstance(steps, Diagnostic):
            return steps
        groups.setdefault(tuple(map(_kind, steps)), []).append((coordinate, steps))
    found: list[Transform] = []
    for members in groups.values():
        coordinates = tuple(coordinate for coordinate, _ in members)
        for likes in zip(*(steps for _, steps in members), strict=True):
            step = _shared(likes)
            found.append(step if len(coordinates) == space.size else On(coordinates, step))
    return found + _tied(declared)


def _kind(step: Transform) -> tuple[type[Transform], ...]:
    return (Inverse, *_kind(step.transform)) if isinstance(step, Inverse) else (type(step),)


def _shared(steps: Sequence[Transform]) -> Transform:
    """One step for all coordinates: only an Affine differs in its numbers between them."""
    numbers = {(step.shift, step.scale): None for step in steps if isinstance(step, Affine)}
    if len(numbers) <= 1:
        return steps[0]
    return Affine(
        *map(
            list,
            zip(
                *((step.shift, step.scale) for step in steps if isinstance(step, Affine)),
                strict=True,
            ),
        )
    )


def _targets(declared: Space) -> list[Support]:
    """The support that each incoming coordinate needs before groups are tied together."""
    targets: list[Support] = []
    for part in declared.supports:
        targets += [REAL] * part.free_size if part.joint else [part]
    return targets


def _tied(declared: Space) -> list[Transform]:
    """The steps that tie groups together, from left to right: a simplex gains one coordinate."""
    found: list[Transform] = []
    for block, part in declared.blocks:
        if part.joint:
            step = transforms()[part.maker]()
            made_of = tuple(range(block.start, block.start + part.free_size))
            found.append(step if part.free_size == declared.size else On(made_of, step))
    return found
