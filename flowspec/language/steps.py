"""Pipelines to transforms: macros and `repeat` unfolded, `inverse` and `on` pushed down to single steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from flowspec.diagnostics.diagnostic import suggest
from flowspec.diagnostics.source import Place
from flowspec.ir import registry
from flowspec.ir.assembly import Deferred
from flowspec.language import check_mistakes as mistakes
from flowspec.language import syntax
from flowspec.language.onto import onto
from flowspec.language.parts import PartMaker
from flowspec.language.scope import UNKNOWN, Scope, Unknown
from flowspec.language.values import evaluate, in_words
from flowspec.parts.origin import origin_of, placed
from flowspec.transforms.forms.inverse import Inverse
from flowspec.transforms.forms.on import On
from flowspec.transforms.transform import Transform

LONGEST_PIPELINE = 1000
DEEPEST_MACROS = 32
MOST_ELEMENTS = 10 * LONGEST_PIPELINE

Made = list[Transform | Deferred | None]
"""Steps; None stands for one that was written wrongly."""


class StepMaker:
    """Makes transforms of the elements behind the base."""

    def __init__(self, maker: PartMaker):
        self.maker = maker

    def steps(self, elements: Iterable[syntax.Call], scope: Scope) -> Made:
        """The transforms that elements write, in order."""
        made: Made = []
        for element in elements:
            made += self.element(element, scope)
        return made

    def element(self, node: syntax.Call, scope: Scope) -> Made:
        name = node.name.text
        scope.tally.elements += 1
        if self._exhausted(node, scope):
            return []
        form = {"repeat": self.repeat, "inverse": self.inverse, "on": self.on}.get(name)
        if form:
            return form(node, scope) if self._has_block(node, scope) else [None]
        if node.block is not None:
            scope.report(mistakes.TakesNoBlock(span=node.name.span, name=name))
            return [None]
        if node.copies is not None and (name in registry.transforms() or name in scope.macros):
            scope.report(mistakes.CopiedStep(span=node.span, name=name))
            return [None]
        if name == "Onto":
            self._count(node, scope)
            steps = onto(node, scope)
            return [steps and placed(steps, scope.origin(node.span))]
        if name in scope.macros:
            return self.macro(node, scope)
        if name in registry.transforms():
            self._count(node, scope)
            made = self.maker.make(registry.transforms()[name], node, scope)
            return [None if isinstance(made, Unknown) else made]
        scope.report(self._not_a_step(node, scope))
        return [None]

    def _count(self, node: syntax.Call, scope: Scope) -> None:
        scope.tally.steps += 1
        if scope.tally.steps == LONGEST_PIPELINE + 1:
            scope.report(mistakes.TooManySteps(span=node.span, limit=LONGEST_PIPELINE))

    def _exhausted(self, node: syntax.Call, scope: Scope) -> bool:
        """Has the file used up its steps? Macros that hold none, or only wrong ones, are counted too."""
        if scope.tally.elements == MOST_ELEMENTS:
            scope.report(mistakes.TooManySteps(span=node.span, limit=LONGEST_PIPELINE))
        return scope.tally.steps > LONGEST_PIPELINE or scope.tally.elements >= MOST_ELEMENTS

    def _not_a_step(self, node: syntax.Call, scope: Scope):
        name = node.name.text
        if name in registry.bases():
            advice = "a pipeline has one base, at its start; `Join` and `Mixture` combine several"
            return mistakes.NotAStep(span=node.span, name=name, what="a base", advice=advice)
        if scope.lookup(name) is not None:
            advice = "give it to a step as an argument"
            return mistakes.NotAStep(span=node.span, name=name, what="a value", advice=advice)
        near = suggest(
            name, [*registry.transforms(), *scope.macros, "repeat", "inverse", "on", "Onto"]
        )
        advice = f"did you mean `{near}`?" if near else "`flowspec list` shows all of them"
        return mistakes.UnknownName(span=node.name.span, kind="step", name=name, advice=advice)

    # --- blocks -----------------------------------------------------------------------------------

    def _has_block(self, node: syntax.Call, scope: Scope) -> bool:
        name = node.name.text
        examples = {
            "repeat": "repeat(4) { Tanh }",
            "inverse": "inverse { Tanh }",
            "on": "on(0) { Tanh }",
        }
        if node.block is None:
            scope.report(mistakes.NeedsBlock(span=node.span, name=name, example=examples[name]))
        elif not node.block.elements:
            scope.report(mistakes.EmptyBlock(span=node.block.span, name=name))
        return node.block is not None and bool(node.block.elements)

    def repeat(self, node: syntax.Call, scope: Scope) -> Made:
        arguments = node.arguments or ()
        counter = _bare_name(arguments[1]) if len(arguments) == 2 else None
        if (
            not arguments
            or len(arguments) > 2
            or arguments[0].name
            or (len(arguments) == 2 and counter is None)
        ):
            what = "one number: how often, and perhaps a name that counts from 0"
            example = "repeat(4) { Tanh }"
            scope.report(
                mistakes.MissingArgument(
                    span=node.name.span, name="repeat", what=what, signature=example
                )
            )
            return [None]
        count = self.maker.count(
            arguments[0].value, "the count of `repeat`", 1, LONGEST_PIPELINE, 4, scope
        )
        if isinstance(count, Unknown):
            return [None]
        made: Made = []
        for turn in range(count):
            if self._exhausted(node, scope):
                break
            inner = (
                replace(scope, values={**scope.values, counter: float(turn)}) if counter else scope
            )
            made += self.steps(_block(node), inner)
        return made

    def inverse(self, node: syntax.Call, scope: Scope) -> Made:
        if node.arguments:
            span, found = node.arguments[0].span, len(node.arguments)
            problem = mistakes.TooManyArguments(
                span=span,
                name="inverse",
                most="no arguments",
                found=found,
                signature="inverse { Tanh }",
            )
            scope.report(problem)
            return [None]
        inner = self._plain(self.steps(_block(node), scope), node, scope)
        return [self._inverted(step) for step in reversed(inner)]

    def _inverted(self, step: Transform | None) -> Transform | None:
        if step is None:
            return None
        if isinstance(step, Inverse):
            return step.transform
        if isinstance(step, On):
            undone = self._inverted(step.transform)
            inverted: Transform = On(step.output_coordinates, undone) if undone else step
        else:
            inverted = Inverse(step)
        return placed(inverted, origin_of(step))

    def _plain(self, made: Made, node: syntax.Call, scope: Scope) -> list[Transform | None]:
        """Steps without `Onto`, which has to see the whole event."""
        if any(isinstance(step, Deferred) for step in made):
            scope.report(mistakes.OntoInBlock(span=node.span, form=node.name.text))
            return [None]
        return made  # type: ignore[return-value]

    def on(self, node: syntax.Call, scope: Scope) -> Made:
        coordinates = self._coordinates(node, scope)
        inner = self._plain(self.steps(_block(node), scope), node, scope)
        if isinstance(coordinates, Unknown):
            return [None]
        made: Made = []
        for step in inner:
            made.append(self._acting_on(coordinates, step))
            if step is not None and step.gains:
                coordinates = tuple(
                    range(coordinates[0], coordinates[0] + len(coordinates) + step.gains)
                )
        return made

    def _acting_on(self, coordinates: tuple[int, ...], step: Transform | None) -> Transform | None:
        if step is None:
            return None
        if isinstance(step, On) and max(step.coordinates) < len(coordinates):
            acting = On(tuple(coordinates[i] for i in step.coordinates), step.transform)
        else:
            acting = On(coordinates, step)
        return placed(acting, origin_of(step))

    def _coordinates(self, node: syntax.Call, scope: Scope) -> tuple[int, ...] | Unknown:
        found: list[int] = []
        for argument in node.arguments or ():
            places = self._places(argument, scope)
            if isinstance(places, Unknown):
                return places
            found += places
        if not found:
            advice = "name coordinates or count them from 0: `on(0, 2) {{ Tanh }}`".replace(
                "{{", "{"
            ).replace("}}", "}")
            return scope.report(
                mistakes.UnknownCoordinate(span=node.name.span, found="`on`", advice=advice)
            )
        return tuple(found)

    def _places(self, argument: syntax.Argument, scope: Scope) -> list[int] | Unknown:
        node = argument.value
        if (
            (name := syntax.bare_name(node)) is not None
            and scope.event
            and name in scope.event.names
        ):
            return [scope.event.names.index(name)]
        if (
            isinstance(node, syntax.Call)
            and node.arguments is None
            and scope.lookup(node.name.text) is None
        ):
            names = scope.event.names if scope.event else ()
            near = suggest(node.name.text, names)
            advice = (
                f"did you mean `{near}`?"
                if near
                else "`event` declares the names; counting starts at 0"
            )
            return scope.report(
                mistakes.UnknownCoordinate(
                    span=node.span, found=f"`{node.name.text}`", advice=advice
                )
            )
        value = evaluate(node, scope, self.maker.value_part)
        if isinstance(value, Unknown):
            return value
        values = (
            np.atleast_1d(np.asarray(value, float))
            if isinstance(value, int | float | np.ndarray)
            else None
        )
        if (
            values is None
            or (values < 0).any()
            or (values != np.round(values)).any()
            or (values > 1e6).any()
        ):
            advice = "name coordinates, or count them from 0"
            return scope.report(
                mistakes.UnknownCoordinate(span=node.span, found=in_words(value), advice=advice)
            )
        return [int(v) for v in values]

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
        if macro.name.text in scope.calls or len(scope.calls) >= DEEPEST_MACROS:
            return scope.report(mistakes.Recursion(span=node.span, name=macro.name.text))
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
                most = f"{len(names)} argument{'s' if len(names) != 1 else ''}"
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
                        span=argument.span, name=macro.name.text, argument=name, advice=advice
                    )
                )
            given[name] = argument.value
        return self._values(macro, given, node, written, scope)

    def _values(
        self, macro: syntax.Def, given, node: syntax.Call, written: str, scope: Scope
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
            value = evaluate(expression, scope, self.maker.value_part)
            if isinstance(value, Unknown):
                return value
            values[parameter.name.text] = value
        return values


def _bare_name(argument: syntax.Argument) -> str | None:
    """The name that an argument consists of; None if it is anything else."""
    value = argument.value
    if (
        argument.name is None
        and isinstance(value, syntax.Call)
        and value.arguments is None
        and value.copies is None
    ):
        return value.name.text
    return None


def _block(node: syntax.Call) -> tuple[syntax.Call, ...]:
    """The elements between the braces."""
    return node.block.elements if node.block else ()
