"""Outputs by name, where settings ask for some of them."""

from __future__ import annotations

from flowspec.diagnostics.diagnostic import suggest
from flowspec.language import call_mistakes as mistakes
from flowspec.language import syntax
from flowspec.language.scope import Scope, Unknown


def named_columns(node: syntax.Node, scope: Scope) -> tuple[str, ...] | Unknown:
    """Outputs that are named, alone or in brackets."""
    names = scope.event.names if scope.event else ()
    columns = []
    for item in node.items if isinstance(node, syntax.Vector) else (node,):
        name = syntax.bare_name(item)
        places = scope.event.places(name) if scope.event and name is not None else None
        if places is None:
            near = suggest(name, names) if name else ""
            advice = f"did you mean `{near}`?" if near else "name outputs that `event` declares"
            return scope.report(
                mistakes.UnknownCoordinate(
                    span=item.span, found=f"`{item.span.text}`", advice=advice, suggestion=near
                )
            )
        columns += [names[place] for place in places]
    return tuple(columns)
