"""The statements and the pipeline of a text, as an outline and as parts that can be folded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowspec.editing.document import Document
from flowspec.editing.names import COUNTER, PARAMETER, named
from flowspec.editing.roles import Role
from flowspec.editing.structure import ELEMENT, Unit
from flowspec.language.lexer import CLOSING, COMMENT, OPENING


class Symbol(NamedTuple):
    """An entry of the outline: `start` to `end`, of which `name` is at `name_start`."""

    name: str
    kind: str
    start: int
    end: int
    name_start: int
    name_end: int
    detail: str = ""
    children: tuple[Symbol, ...] = ()


def symbols(document: Document) -> list[Symbol]:
    """The names that statements declare, the training, and the flow with its elements."""
    found = [
        Symbol(name.text, name.kind, *name.statement, name.places[0].start, name.places[0].end)
        for name in named(document)
        if name.kind not in (PARAMETER, COUNTER)
    ]
    elements = []
    for unit in document.units:
        if unit.kind == ELEMENT:
            elements.append(_symbol(document, unit))
        elif unit.kind == "train":
            found.append(_symbol(document, unit))
    if elements:
        start, end = elements[0].start, elements[-1].end
        first = elements[0]
        whole = Symbol(
            "flow", "flow", start, end, first.name_start, first.name_end, "", tuple(elements)
        )
        found.append(whole)
    return sorted(found, key=lambda symbol: symbol.start)


def _symbol(document: Document, unit: Unit) -> Symbol:
    first, last = document.tokens[unit.first], document.tokens[unit.last - 1]
    point = document.points_by_start.get(first.start)
    detail = str(point.behind) if point and point.behind else ""
    return Symbol(first.text, unit.kind, first.start, last.end, first.start, first.end, detail)


class Fold(NamedTuple):
    """A part that can be folded; `kind` is "comment" or "region"."""

    start: int
    end: int
    kind: str


def folds(document: Document) -> Iterator[Fold]:
    """Brackets, statements, the pipeline and runs of comments that take more than one line."""
    for fold in (*_brackets(document), *_units(document), *_comments(document)):
        if "\n" in document.text[fold.start : fold.end]:
            yield fold


def _brackets(document: Document) -> Iterator[Fold]:
    opened = []
    for token in document.tokens:
        if token.text in CLOSING:
            opened.append(token.start)
        elif token.text in OPENING and opened:
            yield Fold(opened.pop(), token.start, "region")


def _units(document: Document) -> Iterator[Fold]:
    tokens = document.tokens
    elements = [unit for unit in document.units if unit.kind == ELEMENT]
    for unit in document.units:
        if unit.kind not in (ELEMENT, "train"):
            yield Fold(tokens[unit.first].start, tokens[unit.last - 1].end, "region")
    if elements:
        yield Fold(tokens[elements[0].first].start, tokens[elements[-1].last - 1].end, "region")


def _comments(document: Document) -> Iterator[Fold]:
    run: list[Role] = []
    for role in document.roles:
        if role.token.kind == COMMENT:
            run.append(role)
            continue
        if run:
            yield Fold(run[0].token.start, run[-1].token.end, "comment")
        run = []
    if run:
        yield Fold(run[0].token.start, run[-1].token.end, "comment")
