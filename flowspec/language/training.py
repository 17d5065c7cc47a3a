"""The statement `train { ... }`: hyper-parameters that a file asks to be trained with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from flowspec.diagnostics.diagnostic import suggest
from flowspec.diagnostics.repairs import Edit, Fix, inserted, lines_removed
from flowspec.diagnostics.source import Place, Span
from flowspec.ir.settings import Range, mistake_of, ranges
from flowspec.language import call_mistakes as mistakes
from flowspec.language import syntax
from flowspec.language.columns import named_columns
from flowspec.language.components import ComponentMaker
from flowspec.language.scope import Scope, Unknown
from flowspec.language.values import evaluate, in_words

KINDS = {
    int: "a whole number",
    float: "a number",
    str: "a word in quotes",
    tuple: "the names of outputs, `[a, b]`",
}


def training(
    statements: Iterable[syntax.Node], scope: Scope, maker: ComponentMaker
) -> dict[str, Any]:
    """The hyper-parameters of a file, by name, in the scope of all its other statements."""
    written = [statement for statement in statements if isinstance(statement, syntax.Train)]
    for again in written[1:]:
        mistake = mistakes.RepeatedTrain(span=again.span, related=(Place(written[0].span),))
        fix = Fix(mistake.help, _merged(written[0].span, again.span))
        scope.report(mistake.replaced(repairs=(fix,)))
    settings: dict[str, Any] = {}
    for name, node in _named(written[0].settings if written else (), scope):
        value = _value(name, ranges()[name], node, scope, maker)
        if not isinstance(value, Unknown):
            settings[name] = value
    return settings


def _merged(first: Span, again: Span) -> tuple[Edit, ...]:
    """The settings of a second block in the first."""
    settings = again.text[again.text.index("{") + 1 : -1].strip()
    return (*inserted(first.source, first.end - 1, f" {settings} "), *lines_removed(again))


def _named(settings: Iterable[syntax.Argument], scope: Scope) -> Iterator[tuple[str, syntax.Node]]:
    """The settings that there are, each once."""
    seen: dict[str, syntax.Argument] = {}
    for setting in settings:
        assert setting.name
        name = setting.name.text
        if name not in ranges():
            near = suggest(name, ranges())
            advice = (
                f"did you mean `{near}`?"
                if near
                else f"it has {', '.join(f'`{name}`' for name in ranges())}"
            )
            scope.report(
                mistakes.UnknownArgument(
                    span=setting.name.span,
                    name="`train`",
                    argument=name,
                    advice=advice,
                    suggestion=near,
                )
            )
        elif name in seen:
            related = (Place(seen[name].span),)
            scope.report(
                mistakes.RepeatedArgument(
                    span=setting.span, related=related, name="`train`", argument=name
                )
            )
        else:
            seen[name] = setting
            yield name, setting.value


def _value(name: str, limits: Range, node: syntax.Node, scope: Scope, maker: ComponentMaker) -> Any:
    if limits.kind is tuple:
        return named_columns(node, scope)
    if limits.choices and isinstance(node, syntax.Call) and node.name.text in limits.choices:
        return _wrong_kind(name, limits, node, f"`{node.name.text}`", scope)
    value = evaluate(node, scope, maker.value_component)
    if isinstance(value, Unknown):
        return value
    if isinstance(value, bool) or not isinstance(value, str if limits.kind is str else int | float):
        return _wrong_kind(name, limits, node, in_words(value), scope)
    if mistake := mistake_of(name, value, node.span):
        return scope.report(mistake)
    return limits.kind(value)


def _wrong_kind(name: str, limits: Range, node: syntax.Node, found: str, scope: Scope) -> Unknown:
    advice = limits.advice if limits.choices else ""
    near = f'"{node.span.text}"' if node.span.text in limits.choices else ""
    expected = KINDS[limits.kind]
    return scope.report(
        mistakes.WrongKind(
            span=node.span, name="`train`", argument=name, expected=expected, found=found,
            advice=advice, suggestion=near,
        )
    )  # fmt: skip
