"""Repairs that need the whole file: another support of a variable, steps before a block."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError
from flowspec.diagnostics.repairs import Edit, Fix, inserted, removed
from flowspec.diagnostics.source import Span
from flowspec.language import syntax
from flowspec.language.call_mistakes import WholeFlow
from flowspec.parts.domain_mistakes import DomainMismatch, EventMismatch, NeedsVector
from flowspec.parts.mistakes import ContextOutOfRange, VectorForScalar


def repaired(error: FlowError, tree: syntax.File) -> FlowError:
    """The mistakes of a file, those of its declarations with their repairs."""
    return FlowError([_repaired(each, tree) for each in error.diagnostics])


def _repaired(mistake: Diagnostic, tree: syntax.File) -> Diagnostic:
    if isinstance(mistake, ContextOutOfRange):
        fixes = _redeclared(tree, "context", mistake.declared, mistake.example, mistake.help)
    elif isinstance(mistake, EventMismatch):
        fixes = [*_onto(mistake, tree), *_declared_as_given(mistake, tree)]
    elif isinstance(mistake, DomainMismatch):
        fixes = [*(_adapted(mistake, tree) if mistake.fixes else ()), *_bounded(mistake)]
    elif isinstance(mistake, WholeFlow):
        fixes = _in_place_of_base(mistake, tree)
    elif isinstance(mistake, NeedsVector | VectorForScalar):
        fixes = _more_coordinates(mistake, tree)
    else:
        return mistake
    return mistake.replaced(repairs=tuple(fixes))


def _adapted(mistake: DomainMismatch, tree: syntax.File) -> list[Fix]:
    """Steps before the one that needs them: in `inverse { }` that is behind it, or outside."""
    fixes = list(mistake.fixes)
    for block in _inverse_blocks(tree):
        if mistake.span and block.block and _holds(block, mistake.span):
            if block.block.elements[-1].span != mistake.span:
                return []
            edits = inserted(block.span.source, block.span.start, f"{mistake.steps} |> ")
            return [Fix(mistake.help, edits)]
    return fixes


def _in_place_of_base(mistake: WholeFlow, tree: syntax.File) -> list[Fix]:
    """A whole flow in the place of the base that it stands behind."""
    elements = tree.pipeline.elements if tree.pipeline else ()
    for before, element in pairwise(elements):
        if element.span == mistake.span:
            base, pipe = (
                elements[0].span,
                Span(element.span.source, before.span.end, element.span.end),
            )
            return [Fix(mistake.help, (Edit(base, mistake.call), *removed(pipe)))]
    return []


def _more_coordinates(mistake: NeedsVector | VectorForScalar, tree: syntax.File) -> list[Fix]:
    """Copies of the base: as many as `event` names, or a parameter has numbers, or two."""
    base = tree.pipeline.elements[0] if tree.pipeline else None
    if base is None or base.copies or mistake.span is None or _holds(base, mistake.span):
        return []
    named = [each for each in tree.statements if isinstance(each, syntax.Variables)]
    names = [len(each.variables) for each in named if each.kind == "event"]
    count = mistake.size if isinstance(mistake, VectorForScalar) else max([2, *names])
    title = f"make the base a vector of {count}"
    return [Fix(title, inserted(base.span.source, base.span.end, f"[{count}]"))]


def _bounded(mistake: DomainMismatch) -> list[Fix]:
    """Bounds of the trained parameter that is the cause."""
    return [Fix(f"bound it: `{edit.replacement}`", (edit,)) for edit in mistake.bounds]


def _holds(node: syntax.Node, span: Span) -> bool:
    return node.span.start <= span.start and span.end <= node.span.end


def _inverse_blocks(tree: syntax.File) -> Iterator[syntax.Call]:
    """The blocks of a file whose steps go backwards, the outer ones first."""
    defs = [each.body for each in tree.statements if isinstance(each, syntax.Def)]
    waiting = [*defs, *([tree.pipeline] if tree.pipeline else [])]
    while waiting:
        for call in waiting.pop().elements:
            if call.block:
                waiting.append(call.block)
                if call.name.text == "inverse":
                    yield call


def _onto(mistake: EventMismatch, tree: syntax.File) -> list[Fix]:
    if not mistake.onto or tree.pipeline is None:
        return []
    span = tree.pipeline.span
    title = "end the pipeline with `Onto(event)`"
    return [Fix(title, inserted(span.source, span.end, " |> Onto(event)"))]


def _declared_as_given(mistake: EventMismatch, tree: syntax.File) -> list[Fix]:
    if not mistake.derived:
        return []
    title = f"declare what the flow gives: `{mistake.name}: {mistake.derived}`"
    return _redeclared(tree, "event", mistake.name, mistake.derived, title)


def _redeclared(tree: syntax.File, kind: str, name: str, support: str, title: str) -> list[Fix]:
    """The variable with another support; those that shared its support keep it."""
    for group in _groups(tree, kind):
        for place, variable in enumerate(group):
            if variable.span.text.split(":")[0].strip() in (name, f'"{name}"'):
                edits = _edits(group, place, support)
                return [Fix(title, edits)] if edits else []
    return []


def _groups(tree: syntax.File, kind: str) -> Iterator[list[syntax.Variable]]:
    """Neighboring variables that share a support."""
    for statement in tree.statements:
        if isinstance(statement, syntax.Variables) and statement.kind == kind:
            group: list[syntax.Variable] = []
            for variable in statement.variables:
                group.append(variable)
                if variable.support:
                    yield group
                    group = []
            yield group


def _edits(group: list[syntax.Variable], place: int, support: str) -> tuple[Edit, ...]:
    shared = group[-1].support
    kept = shared.span.text if shared else "real"
    if kept in ("simplex", "ordered"):
        return ()
    before = _support_behind(group[place - 1], kept) if place else ()
    if place == len(group) - 1 and shared:
        return (*before, Edit(shared.span, support))
    return (*before, *_support_behind(group[place], support))


def _support_behind(variable: syntax.Variable, support: str) -> tuple[Edit, ...]:
    span = variable.span
    return (Edit(Span(span.source, span.end, span.end), f": {support}"),)
