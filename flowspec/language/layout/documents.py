"""Text that may break at some places, after Wadler, "A prettier printer", 2003."""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    """A place where the text may break.

    gap     the place between two tokens that it is: the number of the second
    flat    what stands there where it does not break
    loose   True if it breaks only where what follows does not fit, as words of a paragraph do
    inner   columns by which comments before it stand further to the right
    """

    gap: int
    flat: str
    loose: bool = False
    inner: int = 0


class Joined(NamedTuple):
    """Documents side by side."""

    parts: tuple[Document, ...]


class Nested(NamedTuple):
    """A document whose lines stand so many columns further to the right."""

    columns: int
    part: Document


class Group(NamedTuple):
    """A document that stands in one line, or breaks at all its places.

    first, last   the numbers of its first and its last token
    """

    part: Document
    first: int
    last: int


Document = str | Line | Joined | Nested | Group


def joined(*parts: Document) -> Document:
    """Documents side by side; words remain one word."""
    if all(isinstance(part, str) for part in parts):
        return "".join(map(str, parts))
    return Joined(parts)
