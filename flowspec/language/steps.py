"""Pipelines to transforms: macros unfolded, forms asked for the steps that they make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flowspec.diagnostics.diagnostic import Diagnostic, suggest
from flowspec.diagnostics.quantities import amount
from flowspec.diagnostics.repairs import Fix, removed
from flowspec.diagnostics.source import Place, Span
from flowspec.ir import registry
from flowspec.language import call_mistakes as mistakes
from flowspec.language import syntax
from flowspec.language.components import ComponentMaker
from flowspec.language.forms import Form, Made, block_forms, forms
from flowspec.language.scope import UNKNOWN, Scope, Unknown
from flowspec.language.values import evaluate
from flowspec.parts.limits import DEEPEST_MACROS, LONGEST_PIPELINE, MOST_ELEMENTS


class StepMaker:
    """The maker of transforms, from the elements behind the base."""

    def __init__(self, components: ComponentMaker, event_size: int | None = None) -> None:
        """`event_size`: the coordinates of the base, for advice."""
        self.components = components
        self.event_size = event_size

    def steps(self, elements: Iterable[syntax.Call], scope: Scope) -> Made:
        """The transforms that elements write, in order."""
        made: Made = []
        for element in elements:
            made += self.element(element, scope)
        return made

    def element(self, node: syntax.Call, scope: Scope) -> Made:
        name = node.name.text
        scope.tally.elements += 1
        if self.is_exhausted(node, scope):
            return []
        form = forms().get(name)
        if not self._has_block(node, form, scope):
            return [None]
        if form:
            return form.make(node, scope, self)
        if node.copies is not None and (
            name in registry.named_transforms() or name in scope.macros
        ):
            scope.report(_copied_step(node))
            return [None]
        if name in scope.macros:
            if starts_with_base(scope.macros[name], scope):
                scope.report(self._whole_flow(node, scope))
                return [None]
            return self.macro(node, scope)
        if name in registry.named_transforms():
            self.count_step(node, scope)
            made = self.components.make(registry.named_transforms()[name], node, scope)
            return [None if isinstance(made, Unknown) else made]
        scope.report(self._not_a_step(node, scope))
        return [None]

    def count_step(self, node: syntax.Call, scope: Scope) -> None:
        """Count a step of the flow, and report the first that is too many."""
        scope.tally.steps += 1
        if scope.tally.steps == LONGEST_PIPELINE + 1:
            scope.report(mistakes.TooManySteps(span=node.span, limit=LONGEST_PIPELINE))

    def is_exhausted(self, node: syntax.Call, scope: Scope) -> bool:
        """True if the file has used up its steps; macros without any are counted too."""
        if scope.tally.elements == MOST_ELEMENTS:
            scope.report(mistakes.TooManySteps(span=node.span, limit=LONGEST_PIPELINE))
        return scope.tally.steps > LONGEST_PIPELINE or scope.tally.elements >= MOST_ELEMENTS

    def _whole_flow(self, node: syntax.Call, scope: Scope) -> Diagnostic:
        """That a macro has a base of its own, with the call that would take this one's place."""
        macro = scope.macros[node.name.text]
        written = [argument.span.text for argument in node.arguments or ()]
        first = macro.parameters[0].name.text if macro.parameters else ""
        has_first = any(a.name is None or a.name.text == first for a in node.arguments or ())
        if first == "features" and not has_first:
            written = [str(self.event_size or 1), *written]
        call = macro.name.text + (f"({', '.join(written)})" if written else "")
        return mistakes.WholeFlow(span=node.span, name=macro.name.text, call=call)

    def _not_a_step(self, node: syntax.Call, scope: Scope) -> Diagnostic:
        name = node.name.text
        if name in registry.named_bases():
            advice = "a pipeline has one base, at its start; `Join` and `Mixture` combine several"
            return mistakes.NotAStep(span=node.span, name=name, what="a base", advice=advice)
        if scope.lookup(name) is not None:
            advice = "give it to a step as an argument"
            return mistakes.NotAStep(span=node.span, name=name, what="a value", advice=advice)
        near = suggest(name, [*registry.named_transforms(), *scope.macros, *forms()])
        advice = f"did you mean `{near}`?" if near else "`flowspec list` shows all of them"
        return mistakes.UnknownName(
            span=node.name.span, kind="step", name=name, advice=advice, suggestion=near
        )

    def _has_block(self, node: syntax.Call, form: Form | None, scope: Scope) -> bool:
        """True if an element has a block with something in it, or none where none belongs."""
        name = node.name.text
        if form is None or not form.shortest:
            if node.block is not None:
                scope.report(mistakes.TakesNoBlock(span=node.name.span, name=name, forms=_forms()))
            return node.block is None
        if node.block is None:
            scope.report(mistakes.NeedsBlock(span=node.span, name=name, example=form.shortest))
        elif not node.block.elements:
            scope.report(mistakes.EmptyBlock(span=node.block.span, name=name))
        return node.block is not None and bool(node.block.elements)

    # --- macros -----------------------------------------------------------------------------------

    def macro(self, node: syntax.Call, scope: Scope) -> Made:
        unfolded = self.unfold(node, scope)
        if isinstance(unfolded, Unknown):
            return [None]
        body, inner = unfolded
        return self.steps(body.elements, inner)

    def unfold(self, node: syntax.Call, scope: Scope) -> tuple[syntax.Pipeline, Scope] | Unknown:
        """The body of a macro, and the scope in which its arguments have their values."""
        macro = scope.macros[node.name.text]
        if macro.name.text in scope.calls:
            return scope.report(mistakes.Recursion(span=node.span, name=macro.name.text))
        if len(scope.calls) >= DEEPEST_MACROS:
            too_deep = mistakes.TooDeep(span=node.span, name=macro.name.text, limit=DEEPEST_MACROS)
            return scope.report(too_deep)
        arguments = self._arguments(macro, node, scope)
        return (
            UNKNOWN
            if isinstance(arguments, Unknown)
            else (macro.body, scope.inside(macro, node.span, arguments))
        )

    def _arguments(
        self, macro: syntax.Def, node: syntax.Call, scope: Scope
    ) -> dict[str, Any] | Unknown:
        names = [parameter.name.text for parameter in macro.parameters]
        written = f"{macro.name.text}({', '.join(names)})"
        given: dict[str, syntax.Node] = {}
        for position, argument in enumerate(node.arguments or ()):
            if argument.name is None and position >= len(names):
                most = amount(len(names), "argument")
                return scope.report(
                    mistakes.TooManyArguments(
                        span=argument.span,
                        name=macro.name.text,
                        most=most,
                        found=len(node.arguments or ()),
                        signature=written,
                    )
                )
            name = argument.name.text if argument.name else names[position]
            if argument.name is None and any(
                each.name for each in (node.arguments or ())[:position]
            ):
                return scope.report(mistakes.PositionAfterName(span=argument.span))
            if argument.name and name in given:
                related = (Place(given[name].span),)
                return scope.report(
                    mistakes.RepeatedArgument(
                        span=argument.span, related=related, name=macro.name.text, argument=name
                    )
                )
            if name not in names:
                near = suggest(name, names)
                advice = f"did you mean `{near}`?" if near else f"it is written `{written}`"
                return scope.report(
                    mistakes.UnknownArgument(
                        span=argument.span,
                        name=macro.name.text,
                        argument=name,
                        advice=advice,
                        suggestion=near,
                    )
                )
            given[name] = argument.value
        return self._values(macro, given, node, written, scope)

    def _values(
        self,
        macro: syntax.Def,
        given: Mapping[str, syntax.Node],
        node: syntax.Call,
        written: str,
        scope: Scope,
    ) -> dict[str, Any] | Unknown:
        values: dict[str, Any] = {}
        for parameter in macro.parameters:
            expression = given.get(parameter.name.text, parameter.default)
            if expression is None:
                what = f"`{parameter.name.text}`"
                return scope.report(
                    mistakes.MissingArgument(
                        span=node.span, name=macro.name.text, what=what, signature=written
                    )
                )
            value = evaluate(expression, scope, self.components.value_component)
            if isinstance(value, Unknown):
                return value
            values[parameter.name.text] = value
        return values


def starts_with_base(macro: syntax.Def, scope: Scope, depth: int = 0) -> bool:
    """True if a macro is a whole flow, not a piece of one."""
    name = macro.body.elements[0].name.text
    if name in registry.named_bases():
        return True
    return (
        depth < DEEPEST_MACROS
        and name in scope.macros
        and starts_with_base(scope.macros[name], scope, depth + 1)
    )


def _copied_step(node: syntax.Call) -> Diagnostic:
    assert node.copies is not None
    source = node.span.source
    brackets = Span(source, source.text.rindex("[", 0, node.copies.span.start), node.span.end)
    mistake = mistakes.CopiedStep(span=node.span, name=node.name.text)
    fixes = (Fix(mistake.help, removed(brackets)),) if node.block is None else ()
    return mistake.replaced(repairs=fixes)


def _forms() -> str:
    """The forms that are followed by braces, in words."""
    written = [f"`{form.head}`" for form in block_forms().values()]
    return f"{', '.join(written[:-1])} and {written[-1]}"
