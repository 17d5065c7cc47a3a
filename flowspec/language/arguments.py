"""Arguments of a call, matched to the fields of a base or a transform."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from flowspec.diagnostics.diagnostic import Diagnostic, suggest
from flowspec.diagnostics.quantities import amount
from flowspec.diagnostics.source import Place
from flowspec.language import call_mistakes as mistakes
from flowspec.language import syntax
from flowspec.language.scope import UNKNOWN, Scope, Unknown
from flowspec.parts.fields import ComponentSpec, specs
from flowspec.parts.writing import signature


def match_arguments(
    kind: type, node: syntax.Call, scope: Scope, given: bool = False
) -> dict[str, list[syntax.Argument]] | Unknown:
    """The arguments of each field; UNKNOWN, with the mistakes noted, if they do not fit."""
    names = list(specs(kind))
    variadic = next(
        (n for n, s in specs(kind).items() if isinstance(s, ComponentSpec) and s.many), None
    )
    found: dict[str, list[syntax.Argument]] = {}
    position, wrong = 0, False
    for argument in node.arguments or ():
        mistake = None
        if argument.name is not None:
            name = argument.name.text
            if name not in names:
                mistake = _unknown_argument(kind, argument.name)
            elif name in found:
                mistake = mistakes.RepeatedArgument(
                    span=argument.span,
                    related=(Place(found[name][0].span),),
                    name=kind.__name__,
                    argument=name,
                )
        elif any(each.name for arguments in found.values() for each in arguments):
            mistake = mistakes.PositionAfterName(span=argument.span)
        elif position >= len(names):
            mistake = _too_many(kind, node, argument)
        else:
            name = names[position]
            position += name != variadic
        if mistake:
            scope.report(mistake)
            wrong = True
            if isinstance(mistake, mistakes.TooManyArguments):
                break
            continue
        found.setdefault(name, []).append(argument)
    missing = None if given else _missing(kind, found, node)
    if missing and not wrong:
        scope.report(missing)
    return UNKNOWN if wrong or missing else found


def _unknown_argument(kind: type, name: syntax.Name) -> Diagnostic:
    near = suggest(name.text, specs(kind))
    known = ", ".join(f"`{field}`" for field in specs(kind))
    advice = (
        f"did you mean `{near}`?"
        if near
        else (f"it takes {known}" if known else "it takes no arguments")
    )
    return mistakes.UnknownArgument(
        span=name.span, name=kind.__name__, argument=name.text, advice=advice, suggestion=near
    )


def _too_many(kind: type, node: syntax.Call, first: syntax.Argument) -> Diagnostic:
    count = len(specs(kind))
    most = "no arguments" if count == 0 else amount(count, "argument")
    found = len(node.arguments or ())
    return mistakes.TooManyArguments(
        span=first.span, name=kind.__name__, most=most, found=found, signature=signature(kind)
    )


def _missing(kind: type, written: Mapping[str, Any], node: syntax.Call) -> Diagnostic | None:
    for field in dataclasses.fields(kind):
        spec = field.metadata.get("spec")
        required = (
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        if spec and required and field.name not in written:
            what = f"`{field.name}`: {spec.doc}" if spec.doc else f"`{field.name}`"
            return mistakes.MissingArgument(
                span=node.span, name=kind.__name__, what=what, signature=signature(kind)
            )
    return None


def is_required(kind: type, name: str) -> bool:
    """True for a field without a default."""
    field = next(f for f in dataclasses.fields(kind) if f.name == name)
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
