"""Syntax tree to checked flow: names looked up, macros unfolded, components made and assembled.

Every independent mistake of the file is reported, in one `FlowError`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from flowspec.bases.base import Base
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError
from flowspec.diagnostics.source import Source, Span
from flowspec.ir.assembly import Watch, assemble
from flowspec.ir.flow import Flow
from flowspec.language import syntax, syntax_mistakes, tree_repairs
from flowspec.language.components import ComponentMaker
from flowspec.language.declarations import declare, define
from flowspec.language.flows import FlowMaker
from flowspec.language.parser import parse_text
from flowspec.language.scope import Scope
from flowspec.language.training import training


class Examined(NamedTuple):
    """What is known of a text: also of one with mistakes.

    scope     the names that its statements give
    pipeline  the pipeline as it is written
    base      that at its head; None where it is written wrongly
    elements  those behind the base, macros at the head unfolded, with the transforms that each
              writes
    flow      the checked flow; None where there are mistakes
    """

    scope: Scope
    pipeline: syntax.Pipeline | None
    base: Base | None
    elements: tuple[tuple[syntax.Call, list[Any]], ...]
    flow: Flow | None
    mistakes: tuple[Diagnostic, ...]


def check(source: Source) -> Flow:
    """The checked flow that a text writes, or a `FlowError` with all its mistakes."""
    examined = examine(parse_text(source))
    if examined.flow is None:
        raise FlowError(examined.mistakes)
    return examined.flow


def examine(tree: syntax.File, watch: Watch | None = None) -> Examined:
    """A syntax tree looked into from its statements to the end of its pipeline.

    watch   called for the base and each step, with the supports before and behind it
    """
    maker = FlowMaker()
    scope = file_scope(tree, maker, Scope())
    if tree.pipeline is None:
        error = scope.mistakes.error(_no_pipeline(tree))
        return Examined(scope, None, None, (), None, error.diagnostics)
    base, runs = maker.head(tree.pipeline, scope)
    elements = maker.by_element(base, runs)
    transforms = [made for _, steps in elements for made in steps]
    train = training(tree.statements, scope, maker)
    # Where there are mistakes already, a derived support would be that of another flow.
    event = None if scope.mistakes else scope.event
    flow, found = None, tuple[Diagnostic, ...]()
    try:
        made = assemble(base, transforms, scope.context, event, already=scope.mistakes, watch=watch)
        flow = replace(made, train=train, source=tree.span.source)
    except FlowError as error:
        found = tree_repairs.repaired(error, tree).diagnostics
    return Examined(scope, tree.pipeline, base, tuple(elements), flow, found)


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
