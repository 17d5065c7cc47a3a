"""The support behind each step, written beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowspec.editing.document import Document
from flowspec.editing.words import support

LONGEST = 40
"""Characters of a support that is shown whole."""


class Hint(NamedTuple):
    """A text beside a place, and the whole of it where it was shortened."""

    offset: int
    text: str
    whole: str


def hints(document: Document, start: int, end: int) -> Iterator[Hint]:
    """The hints between two places: where a line ends behind an element, and behind the last."""
    for point in document.points:
        if point.behind is None or not start <= point.end <= end:
            continue
        whole = support(point.behind)
        short = whole if len(whole) <= LONGEST else f"{whole[: LONGEST - 1]}…"
        yield Hint(point.end, short, whole if short != whole else "")
