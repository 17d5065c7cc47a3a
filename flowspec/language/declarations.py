"""The statements: `context` and `event` to declarations, `let` to values, `def` to macros."""

from __future__ import annotations

import math
from dataclasses import replace

from flowspec.diagnostics.diagnostic import suggest
from flowspec.diagnostics.repairs import Edit, Fix, inserted, lines_removed, swapped
from flowspec.diagnostics.source import Place, Span
from flowspec.ir import registry
from flowspec.ir.pipeline import Declaration, Vector
from flowspec.language import call_mistakes as mistakes
from flowspec.language import syntax
from flowspec.language.components import ComponentMaker
from flowspec.language.forms import forms
from flowspec.language.scope import Scope, Unknown
from flowspec.language.values import CONSTANTS, FUNCTIONS, evaluate
from flowspec.parts.limits import LARGEST_EVENT
from flowspec.support.circle import Circle
from flowspec.support.joint import Joint
from flowspec.support.registry import kinds
from flowspec.support.space import Space
from flowspec.support.support import NAMED_INTERVALS, REAL, Interval, Support

JOINT = {name: kind for name, kind in kinds().items() if issubclass(kind, Joint)}


def declare(statement: syntax.Variables, scope: Scope, maker: ComponentMaker) -> Scope:
    """The scope with the variables of a `context` or `event` statement."""
    before = scope.context if statement.kind == "context" else scope.event
    if before is not None:
        related = (Place(before.span),) if before.span else ()
        again = mistakes.RepeatedStatement(
            span=statement.span, related=related, kind=statement.kind
        )
        fixes = (Fix(again.help, _merged(before, statement)),) if before.span else ()
        scope.report(again.replaced(repairs=fixes))
        return scope
    names: dict[str, syntax.Name] = {}
    parts: list[Support] = []
    written: list[syntax.Name] = []
    vectors: list[Vector] = []
    waiting: list[syntax.Name] = []
    for variable in statement.variables:
        own = _names(variable, scope, maker)
        for name in own if variable.copies is None else [variable.name, *own]:
            _check_name(name, names.get(name.text), scope)
            names.setdefault(name.text, name)
        if variable.copies is not None:
            vectors.append(Vector(variable.name.text, len(written), len(own)))
        written += own
        waiting += own
        if variable.support is not None:
            parts += _supports(waiting, variable.support, scope, maker)
            waiting = []
    parts += [REAL] * len(waiting)
    if statement.kind == "context" and any(part.interval is None for part in parts):
        scope.report(mistakes.TiedContext(span=statement.span))
        parts = [REAL] * len(written)
    spans = tuple(name.span for name in written)
    made = Declaration(
        tuple(name.text for name in written),
        Space(tuple(parts)),
        statement.span,
        spans,
        tuple(vectors),
    )
    return (
        replace(scope, context=made) if statement.kind == "context" else replace(scope, event=made)
    )


def _merged(first: Declaration, again: syntax.Variables) -> tuple[Edit, ...]:
    """The variables of a second statement at the end of the first."""
    assert first.span
    more = again.span.text.removeprefix(again.kind).strip()
    bare = first.space.supports[-1] is REAL and not first.span.text.endswith("real")
    joint = f"{': real' if bare else ''}, "
    return (*inserted(first.span.source, first.span.end, joint + more), *lines_removed(again.span))


def _names(variable: syntax.Variable, scope: Scope, maker: ComponentMaker) -> list[syntax.Name]:
    """The names of the variables that one declaration makes: t0, t1 and t2 of `t[3]`."""
    if variable.copies is None:
        return [variable.name]
    count = maker.count(variable.copies, "the number of variables", 1, LARGEST_EVENT, 3, scope)
    stem, size = variable.name, 1 if isinstance(count, Unknown) else count
    return [syntax.Name(stem.span, f"{stem.text}{index}") for index in range(size)]


def _check_name(name: syntax.Name, first: syntax.Name | None, scope: Scope) -> None:
    if not name.text or name.text != name.text.strip() or not name.text.isprintable():
        plain = name.text.strip()
        fixes = None if plain.isprintable() else ()
        scope.report(mistakes.BadName(span=name.span, plain=plain, repairs=fixes))
    elif first:
        scope.report(
            mistakes.RepeatedName(span=name.span, related=(Place(first.span),), name=name.text)
        )
    elif meaning := _meaning(name.text, scope):
        scope.report(mistakes.ReservedName(span=name.span, name=name.text, meaning=meaning))


def _meaning(name: str, scope: Scope) -> str:
    """The meaning that a name has already; "" if it is free."""
    if name in registry.named_bases():
        return "a base"
    if name in registry.named_transforms() or name in (*forms(), "learn"):
        return "a step"
    if name in CONSTANTS:
        return "a constant"
    if name in FUNCTIONS:
        return "a function"
    if scope.context and scope.context.places(name):
        return "a context variable"
    if scope.event and scope.event.places(name):
        return "an output"
    return "a `let`" if name in scope.values else ""


def _supports(
    variables: list[syntax.Name],
    written: syntax.NamedSupport | syntax.IntervalSupport,
    scope: Scope,
    maker: ComponentMaker,
) -> list[Support]:
    """The sets of neighboring variables that share a support."""
    if isinstance(written, syntax.NamedSupport) and written.name.text in JOINT:
        name = written.name.text
        if written.arguments:
            scope.report(mistakes.TiedSupportCalled(span=written.span, name=name))
        if len(variables) < 2:
            scope.report(mistakes.OneVariableTied(span=written.span, name=name))
            return [REAL]
        return [JOINT[name](len(variables))]
    return [support(written, scope, maker)] * len(variables)


def support(
    written: syntax.NamedSupport | syntax.IntervalSupport, scope: Scope, maker: ComponentMaker
) -> Support:
    """The set that a written support names; REAL, with the mistake noted, if it names none."""
    if isinstance(written, syntax.IntervalSupport):
        low, high = _end(written.low, scope, maker), _end(written.high, scope, maker)
        if (
            isinstance(low, Unknown)
            or isinstance(high, Unknown)
            or not _sorted(low, high, written, scope)
        ):
            return REAL
        return Interval(low, high, written.closed_low, written.closed_high)
    name = written.name.text
    if name == "circle":
        return _circle(written, scope, maker)
    if name in NAMED_INTERVALS and not written.arguments:
        return NAMED_INTERVALS[name]
    if name in NAMED_INTERVALS:
        scope.report(mistakes.SupportCalled(span=written.span, name=name))
        return REAL
    known = [*NAMED_INTERVALS, *JOINT, "circle"]
    near = suggest(name, known)
    advice = (
        f"did you mean `{near}`?"
        if near
        else f"there are {', '.join(f'`{k}`' for k in known)} and intervals like `(0, 1)`"
    )
    scope.report(
        mistakes.UnknownSupport(span=written.name.span, name=name, advice=advice, suggestion=near)
    )
    return REAL


def _circle(written: syntax.NamedSupport, scope: Scope, maker: ComponentMaker) -> Support:
    arguments = written.arguments or ()
    if not arguments:
        return Circle(-math.pi, math.pi)
    if len(arguments) != 2 or any(argument.name for argument in arguments):
        scope.report(mistakes.CircleEnds(span=written.span))
        return REAL
    low, high = (_end(argument.value, scope, maker) for argument in arguments)
    if (
        isinstance(low, Unknown)
        or isinstance(high, Unknown)
        or not _sorted(low, high, written, scope)
    ):
        return REAL
    if math.isinf(low) or math.isinf(high):
        scope.report(mistakes.InfiniteCircle(span=written.span))
        return REAL
    return Circle(low, high)


def _end(node: syntax.Node, scope: Scope, maker: ComponentMaker) -> float | Unknown:
    value = evaluate(node, scope, maker.value_component)
    if isinstance(value, Unknown):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return scope.report(mistakes.EndNotANumber(span=node.span))
    return float(value)


def _sorted(low: float, high: float, written: syntax.Node, scope: Scope) -> bool:
    if low < high:
        return True
    mistake = mistakes.EmptyInterval(span=written.span)
    fixes = () if low == high else (Fix(mistake.help, swapped(*_ends(written))),)
    scope.report(mistake.replaced(repairs=fixes))
    return False


def _ends(written: syntax.Node) -> tuple[Span, Span]:
    """The places of both ends of a support that has them."""
    if isinstance(written, syntax.IntervalSupport):
        return written.low.span, written.high.span
    assert isinstance(written, syntax.NamedSupport) and written.arguments
    low, high = written.arguments
    return low.span, high.span


def define(statement: syntax.Let | syntax.Def, scope: Scope, maker: ComponentMaker) -> Scope:
    """The scope with the name of a `let` or a `def`."""
    name = statement.name.text
    if isinstance(statement, syntax.Def):
        _check_parameters(statement, scope)
        _check_name(statement.name, _own_macro(statement, scope), scope)
        return replace(scope, macros=scope.macros.defining(statement))
    _check_name(statement.name, _own_macro(statement, scope), scope)
    value = evaluate(statement.value, scope, maker.value_component)
    return replace(scope, values={**scope.values, name: value})


def _own_macro(statement: syntax.Let | syntax.Def, scope: Scope) -> syntax.Name | None:
    """The macro of that name in this file; those of the prelude may be hidden."""
    before = scope.macros.get(statement.name.text)
    return before.name if before and before.span.source is statement.span.source else None


def _check_parameters(statement: syntax.Def, scope: Scope) -> None:
    seen: list[syntax.Name] = []
    for parameter in statement.parameters:
        first = next((other for other in seen if other.text == parameter.name.text), None)
        if first:
            scope.report(
                mistakes.RepeatedName(
                    span=parameter.name.span, related=(Place(first.span),), name=first.text
                )
            )
        seen.append(parameter.name)
