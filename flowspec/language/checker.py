"""Syntax tree to checked flow: names looked up, macros unfolded, components made and assembled.

Every independent mistake of the file is reported, in one `FlowError`.
"""

from __future__ import annotations

from dataclasses import replace

from flowspec.bases.base import Base
from flowspec.diagnostics.diagnostic import Diagnostic, suggest
from flowspec.diagnostics.source import Source, Span
from flowspec.ir import registry
from flowspec.ir.assembly import assemble
from flowspec.ir.flow import Flow
from flowspec.language import call_mistakes as mistakes
from flowspec.language import syntax, syntax_mistakes
from flowspec.language.components import ComponentMaker
from flowspec.language.declarations import declare, define
from flowspec.language.forms import forms
from flowspec.language.parser import parse_text
from flowspec.language.scope import Scope, Unknown
from flowspec.language.steps import StepMaker, starts_with_base
from flowspec.language.training import training


def check(source: Source) -> Flow:
    """The checked flow that a text writes, or a `FlowError` with all its mistakes."""
    tree = parse_text(source)
    maker = ComponentMaker()
    scope = file_scope(tree, maker, Scope())
    if tree.pipeline is None:
        raise scope.mistakes.error(_no_pipeline(tree))
    base, runs = first_base(tree.pipeline, scope, maker)
    size = base.event_shape if isinstance(base, Base) else ()
    steps = StepMaker(maker, event_size=size[0] if size else None)
    transforms = [made for elements, inner in runs for made in steps.steps(elements, inner)]
    train = training(tree.statements, scope, maker)
    # Where there are mistakes already, a derived support would be that of another flow.
    event = None if scope.mistakes else scope.event
    flow = assemble(base, transforms, scope.context, event, already=scope.mistakes)
    return replace(flow, train=train)


def file_scope(tree: syntax.File, maker: ComponentMaker, scope: Scope) -> Scope:
    """The names that the statements of a file give, from first to last."""
    for statement in tree.statements:
        if isinstance(statement, syntax.Variables):
            scope = declare(statement, scope, maker)
        elif not isinstance(statement, syntax.Train):
            scope = define(statement, scope, maker)
    return scope


def _no_pipeline(tree: syntax.File) -> Diagnostic:
    end = Span(tree.span.source, tree.span.end, tree.span.end)
    if not tree.statements:
        return syntax_mistakes.EmptyFile(where=tree.span.source.name)
    last = tree.statements[-1].span
    return syntax_mistakes.MissingPipeline(span=Span(end.source, last.end, last.end))


def first_base(
    pipeline: syntax.Pipeline, scope: Scope, maker: ComponentMaker
) -> tuple[Base | None, list[tuple[tuple[syntax.Call, ...], Scope]]]:
    """The base at the head of a pipeline, and the elements behind it, in runs of one scope.

    The base is None if it is wrong.
    """
    head, *rest = pipeline.elements
    name = head.name.text
    if name in registry.bases() and head.block is None:
        made = maker.base(head, scope)
        return (None if isinstance(made, Unknown) else made), [(tuple(rest), scope)]
    if name in scope.macros and starts_with_base(scope.macros[name], scope):
        unfolded = StepMaker(maker).unfold(head, scope)
        if isinstance(unfolded, Unknown):
            return None, [(tuple(rest), scope)]
        base, runs = first_base(*unfolded, maker)
        return base, [*runs, (tuple(rest), scope)]
    scope.report(_not_a_base(head, scope))
    return None, [(tuple(rest), scope)]


def _not_a_base(head: syntax.Call, scope: Scope) -> Diagnostic:
    name = head.name.text
    if name in registry.named_transforms() or name in scope.macros or name in forms():
        what = "a step" if name not in scope.macros else "made of steps"
        return mistakes.NotABase(span=head.span, name=name, what=what)
    near = suggest(name, [*registry.bases(), *scope.macros])
    advice = (
        f"did you mean `{near}`?"
        if near
        else "`flowspec list` shows all of them; `Normal(0, 1)` is one"
    )
    return mistakes.UnknownName(span=head.name.span, kind="base", name=name, advice=advice)
