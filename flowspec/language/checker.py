"""Syntax tree to checked flow: names looked up, macros unfolded, components made and assembled.

Every independent mistake of the file is reported, in one `FlowError`.
"""

from __future__ import annotations

from dataclasses import replace

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError
from flowspec.diagnostics.source import Source, Span
from flowspec.ir.assembly import assemble
from flowspec.ir.flow import Flow
from flowspec.language import syntax, syntax_mistakes, tree_repairs
from flowspec.language.components import ComponentMaker
from flowspec.language.declarations import declare, define
from flowspec.language.flows import FlowMaker
from flowspec.language.parser import parse_text
from flowspec.language.scope import Scope
from flowspec.language.training import training


def check(source: Source) -> Flow:
    """The checked flow that a text writes, or a `FlowError` with all its mistakes."""
    tree = parse_text(source)
    maker = FlowMaker()
    scope = file_scope(tree, maker, Scope())
    if tree.pipeline is None:
        raise scope.mistakes.error(_no_pipeline(tree))
    base, runs = maker.head(tree.pipeline, scope)
    transforms = maker.steps(base, runs)
    train = training(tree.statements, scope, maker)
    # Where there are mistakes already, a derived support would be that of another flow.
    event = None if scope.mistakes else scope.event
    try:
        flow = assemble(base, transforms, scope.context, event, already=scope.mistakes)
    except FlowError as error:
        raise tree_repairs.repaired(error, tree) from None
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
