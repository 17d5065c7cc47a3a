"""Supports, signatures and declarations in words, for hovers, hints and completions."""

from __future__ import annotations

from functools import cache

from flowspec.editing.document import Document
from flowspec.editing.names import DEF, Named
from flowspec.ir import registry
from flowspec.language.catalogue import Entry, entries
from flowspec.parts.fields import Spec, specs
from flowspec.support.space import Space


@cache
def entry(name: str) -> Entry | None:
    """What the catalogue has about a word of the language."""
    return _catalogue().get(name)


@cache
def _catalogue() -> dict[str, Entry]:
    return {each.name: each for each in entries()}


def support(space: Space | None) -> str:
    """A support, "unknown" where a mistake before it hides it."""
    return "unknown" if space is None else str(space)


def shape(space: Space) -> str:
    """The shape of a point."""
    if space.scalar:
        return "a single number"
    return f"{space.size} coordinate{'' if space.size == 1 else 's'}"


def fields(name: str) -> dict[str, Spec]:
    """The fields of a base or a step; none for other words."""
    if name in registry.named_bases():
        return dict(specs(registry.named_bases()[name]))
    if name in registry.named_transforms():
        return dict(specs(registry.named_transforms()[name]))
    return {}


def declaration(document: Document, name: Named) -> str:
    """The statement that declares a name, on one line; a definition as far as its `=`."""
    written = " ".join(document.text[slice(*name.statement)].split())
    if name.kind == DEF and "=" in written:
        return written if len(written) < 80 else f"{_head(written)} = ..."
    return written


def _head(definition: str) -> str:
    """The part of a definition before the `=` that is in no bracket."""
    depth = 0
    for place, sign in enumerate(definition):
        depth += (sign in "([") - (sign in ")]")
        if sign == "=" and depth == 0:
            return definition[:place].rstrip()
    return definition


def signature_of(document: Document, names: list[Named], called: str) -> str:
    """The signature of what a name calls; "" if it calls nothing that is known."""
    own = next((name for name in names if name.kind == DEF and name.text == called), None)
    if own:
        return _head(" ".join(document.text[slice(*own.statement)].split())).removeprefix("def ")
    known = entry(called)
    if called == "learn":
        return "learn(init=0, low=-inf, high=inf)"
    return known.signature if known else ""


def parameters(signature: str) -> list[str]:
    """The parameters of a signature as they are written in it."""
    opening = signature.find("(")
    if opening < 0:
        return []
    found, depth, start = [], 0, opening + 1
    for place in range(opening, len(signature)):
        sign = signature[place]
        depth += (sign in "([{") - (sign in ")]}")
        ends = depth == 0 or (sign == "," and depth == 1)
        if ends and place >= start:
            found.append(signature[start:place].strip())
            start = place + 1
        if depth == 0:
            break
    return [each for each in found if each]
