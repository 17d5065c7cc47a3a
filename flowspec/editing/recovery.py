"""The syntax tree of a text as far as it can be read: what breaks the grammar is left out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowspec.diagnostics.diagnostic import FlowError
from flowspec.diagnostics.source import Source, Span
from flowspec.editing.structure import open_brackets, units
from flowspec.language import syntax
from flowspec.language.lexer import CLOSING, OTHER, SIGN, Token
from flowspec.language.parser import tokens_of
from flowspec.language.stack import Misfit, read
from flowspec.language.tree import TreeBuilder

MOST_DROPPED = 6
"""Tokens at the end of a unit that are left out to complete it."""


def readable_tree(source: Source) -> syntax.File | None:
    """The tree of the units that can be read; None if the text is too long for any."""
    try:
        tokens = [token for token in tokens_of(source) if token.kind != OTHER]
    except FlowError:
        return None
    statements: list[Any] = []
    elements: list[syntax.Call] = []
    for unit in units(tokens, source.text):
        found, pipeline = _read(source, tokens[unit.first : unit.last])
        statements += found
        elements += pipeline.elements if pipeline else ()
    whole = Span(source, 0, len(source.text))
    written = None
    if elements:
        written = syntax.Pipeline(elements[0].span.through(elements[-1].span), tuple(elements))
    return syntax.File(whole, tuple(statements), written, ())


def _read(source: Source, tokens: Sequence[Token]) -> Any:
    """The statements and the pipeline of a unit, completed if it must be; both may be missing."""
    builder = TreeBuilder(source)
    try:
        return read(tokens, builder.build)
    except Misfit as misfit:
        end = misfit.place
    for dropped in range(min(MOST_DROPPED, end) + 1):
        kept = tokens[: end - dropped]
        try:
            return read([*kept, *_closing(kept)], builder.build)
        except Misfit:
            continue
    return (), None


def _closing(tokens: Sequence[Token]) -> list[Token]:
    """The brackets that close those that are open, at the end of the last token."""
    end = tokens[-1].end if tokens else 0
    opened = reversed(open_brackets(tokens, 0, len(tokens)))
    return [Token(SIGN, CLOSING[each.opening.text], end, end) for each in opened]
