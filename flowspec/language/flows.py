"""Pipelines to bases and steps: the head of a file's pipeline, and flows where bases stand."""

from __future__ import annotations

from typing import Any

from flowspec.bases.base import Base
from flowspec.bases.transformed import Transformed
from flowspec.diagnostics.diagnostic import Diagnostic, suggest
from flowspec.ir import registry
from flowspec.language import call_mistakes as mistakes
from flowspec.language import syntax
from flowspec.language.components import ComponentMaker
from flowspec.language.forms import forms
from flowspec.language.scope import UNKNOWN, Scope, Unknown
from flowspec.language.steps import StepMaker, starts_with_base
from flowspec.parts.origin import placed

Runs = list[tuple[tuple[syntax.Call, ...], Scope]]
"""Elements behind a base, in runs of one scope."""


class FlowMaker(ComponentMaker):
    """The maker of components, of which bases may have steps behind them."""

    def value_component(self, node: syntax.Call | syntax.Pipeline, scope: Scope) -> Any:
        if isinstance(node, syntax.Pipeline):
            return self._flow(node, scope)
        name = node.name.text
        if name in scope.macros and starts_with_base(scope.macros[name], scope):
            return self._flow(syntax.Pipeline(node.span, (node,)), scope)
        return super().value_component(node, scope)

    def _flow(self, pipeline: syntax.Pipeline, scope: Scope) -> Base | Unknown:
        """The base that a pipeline stands for in an argument."""
        base, runs = self.head(pipeline, scope)
        steps = self.steps(base, runs)
        if base is None or None in steps:
            return UNKNOWN
        if not steps:
            return base
        return placed(Transformed(base, tuple(steps)), scope.origin(pipeline.span))

    def steps(self, base: Base | None, runs: Runs) -> list[Any]:
        """The transforms that elements behind a base write; None where one is wrong."""
        return [made for _, steps in self.by_element(base, runs) for made in steps]

    def by_element(self, base: Base | None, runs: Runs) -> list[tuple[syntax.Call, list[Any]]]:
        """The elements behind a base, each with the transforms that it writes."""
        size = base.event_shape if base else ()
        maker = StepMaker(self, event_size=size[0] if size else None)
        return [
            (element, maker.steps([element], scope))
            for elements, scope in runs
            for element in elements
        ]

    def head(self, pipeline: syntax.Pipeline, scope: Scope) -> tuple[Base | None, Runs]:
        """The base at the head of a pipeline, and the elements behind it.

        The base is None if it is wrong.
        """
        head, *rest = pipeline.elements
        behind: Runs = [(tuple(rest), scope)]
        name = head.name.text
        if name in registry.named_bases() and head.block is None:
            made = self.base(head, scope)
            return (None if isinstance(made, Unknown) else made), behind
        if name in scope.macros and starts_with_base(scope.macros[name], scope):
            return self._unfolded_head(head, scope, behind)
        value = scope.lookup(name)
        if isinstance(value, Base) and syntax.bare_name(head):
            return value, behind
        if not isinstance(value, Unknown):
            scope.report(_not_a_base(head, scope))
        return None, behind

    def _unfolded_head(
        self, head: syntax.Call, scope: Scope, behind: Runs
    ) -> tuple[Base | None, Runs]:
        """The base of a macro that is a whole flow, its steps before those behind it."""
        maker = StepMaker(self)
        scope.tally.elements += 1
        if maker.is_exhausted(head, scope):
            return None, behind
        unfolded = maker.unfold(head, scope)
        if isinstance(unfolded, Unknown):
            return None, behind
        base, runs = self.head(*unfolded)
        return base, [*runs, *behind]


def _not_a_base(head: syntax.Call, scope: Scope) -> Diagnostic:
    name = head.name.text
    if name in registry.named_transforms() or name in scope.macros or name in forms():
        what = "a step" if name not in scope.macros else "made of steps"
        return mistakes.NotABase(span=head.span, name=name, what=what)
    near = suggest(name, [*registry.named_bases(), *scope.macros])
    advice = (
        f"did you mean `{near}`?"
        if near
        else "`flowspec list` shows all of them; `Normal(0, 1)` is one"
    )
    return mistakes.UnknownName(
        span=head.name.span, kind="base", name=name, advice=advice, suggestion=near
    )
