"""The signature of the call that is being written, and which of its parameters comes next."""

from __future__ import annotations

from typing import NamedTuple

from flowspec.editing.document import Document
from flowspec.editing.names import named
from flowspec.editing.structure import Brackets, open_brackets
from flowspec.editing.words import entry, parameters, signature_of
from flowspec.language.lexer import CLOSING, OPENING


class Signature(NamedTuple):
    """A signature, its parameters with what they mean, and the number of the one being written."""

    text: str
    parameters: tuple[tuple[str, str], ...]
    active: int
    doc: str


def signature(document: Document, offset: int) -> Signature | None:
    """The signature of the innermost call around a place; None if there is none."""
    place = document.place_before(offset)
    call = call_around(document, place)
    if call is None:
        return None
    text = signature_of(document, named(document), call.called)
    written = parameters(text)
    if not written:
        return None
    known = entry(call.called)
    docs = {name: doc for name, _, doc in known.arguments} if known else {}
    described = tuple((each, docs.get(each.partition("=")[0], "")) for each in written)
    doc = known.text.partition("\n\n")[0] if known else ""
    return Signature(text, described, _active(document, call, place, written), doc)


def call_around(document: Document, place: int) -> Brackets | None:
    """The innermost open call before a token; None if there is none, or braces come first."""
    for brackets in reversed(open_brackets(document.tokens, 0, place)):
        if brackets.opening.text == "{":
            return None
        if brackets.opening.text == "(" and brackets.called:
            return brackets
    return None


def arguments_before(document: Document, call: Brackets, place: int) -> list[tuple[int, str]]:
    """The arguments of a call before a token: the first token of each, and its name if it has one.

    The last one is that which is being written.
    """
    tokens = document.tokens
    starts, depth = [call.first], 0
    for number in range(call.first, place):
        depth += (tokens[number].text in CLOSING) - (tokens[number].text in OPENING)
        if depth == 0 and tokens[number].text == ",":
            starts.append(number + 1)
    return [(start, _name(document, start)) for start in starts]


def _name(document: Document, start: int) -> str:
    tokens = document.tokens
    has_name = start + 1 < len(tokens) and tokens[start + 1].text == "="
    return tokens[start].text if has_name else ""


def _active(document: Document, call: Brackets, place: int, written: list[str]) -> int:
    """The number of the parameter: by its name, else by its place."""
    arguments = arguments_before(document, call, place)
    name = arguments[-1][1]
    names = [each.partition("=")[0] for each in written]
    return names.index(name) if name in names else min(len(arguments), len(written)) - 1
