"""A text in an editor: its words are those of now, its supports those of when it was last checked.

What was known of an earlier text holds for the parts of this one that have not changed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from flowspec.diagnostics.diagnostic import FlowError
from flowspec.diagnostics.source import Source
from flowspec.editing.analysis import Analysis, Point, analyze
from flowspec.editing.roles import Role, roles
from flowspec.editing.structure import Unit, units
from flowspec.language.layout.formatting import formatted
from flowspec.language.lexer import COMMENT, Token


@dataclass(frozen=True)
class Document:
    """A text, and the newest analysis that there is, be it of an earlier text."""

    text: str
    name: str = "<flow>"
    analysis: Analysis | None = None

    def changed(self, text: str) -> Document:
        """The document with another text, of which nothing new is known yet."""
        return Document(text, self.name, self.analysis)

    def analyzed(self, analysis: Analysis) -> Document:
        """The document with an analysis."""
        return replace(self, analysis=analysis)

    @property
    def is_current(self) -> bool:
        """True if the analysis is that of this text."""
        return self.analysis is not None and self.analysis.source.text == self.text

    @cached_property
    def roles(self) -> list[Role]:
        """The tokens with their roles, comments included."""
        return list(roles(self.text))

    @cached_property
    def code(self) -> list[Role]:
        """The tokens with their roles, without comments."""
        return [role for role in self.roles if role.token.kind != COMMENT]

    @cached_property
    def tokens(self) -> list[Token]:
        """The tokens, without comments."""
        return [role.token for role in self.code]

    @cached_property
    def units(self) -> list[Unit]:
        """The statements and elements."""
        return units(self.tokens, self.text)

    def place_before(self, offset: int) -> int:
        """The number of tokens that end at an offset or before it."""
        low, high = 0, len(self.tokens)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self.tokens[middle].end <= offset else (low, middle)
        return low

    def role_at(self, offset: int) -> Role | None:
        """The token at a character, or just before it where none begins there."""
        place = self.place_before(offset)
        if place < len(self.code) and self.code[place].token.start <= offset:
            return self.code[place]
        touches = place > 0 and self.tokens[place - 1].end == offset
        return self.code[place - 1] if touches else None

    @cached_property
    def formatted(self) -> str | None:
        """The text in the canonical layout; None where it breaks the grammar."""
        try:
            return formatted(Source(self.text, self.name))
        except FlowError:
            return None

    # --- supports ---------------------------------------------------------------------------------

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """The elements whose supports are known, at their places in this text."""
        if self.analysis is None or self.is_current:
            return self.analysis.points if self.analysis else ()
        moved = (self._moved(point) for point in self.analysis.points)
        return tuple(point for point in moved if point)

    @cached_property
    def points_by_start(self) -> dict[int, Point]:
        """The elements by where they start."""
        return {point.start: point for point in self.points}

    @cached_property
    def points_by_end(self) -> dict[int, Point]:
        """The elements by where they end."""
        return {point.end: point for point in self.points}

    def _moved(self, point: Point) -> Point | None:
        """A point at its place in this text; None if the text has changed at one of its ends."""
        place = self.moved(point.start, point.end)
        is_kept = place is not None and place[0] < place[1]
        return point._replace(start=place[0], end=place[1]) if place and is_kept else None

    def moved(self, start: int, end: int) -> tuple[int, int] | None:
        """Two places of the text that was analyzed, as places of this one.

        None if the text has changed at one of them.
        """
        if self.analysis is None or self.is_current:
            return start, end
        prefix, suffix = self._kept
        length = len(self.analysis.source.text)
        more = len(self.text) - length
        is_kept = start <= prefix or start >= length - suffix
        if not is_kept or prefix < end < length - suffix:
            return None
        return (start + more if start >= length - suffix else start), (
            end if end <= prefix else end + more
        )

    @cached_property
    def _kept(self) -> tuple[int, int]:
        """The characters that are the same at the start, and at the end."""
        assert self.analysis
        earlier = self.analysis.source.text
        prefix = _common(earlier, self.text)
        rest = min(len(earlier), len(self.text)) - prefix
        suffix = _common(earlier[::-1][:rest], self.text[::-1][:rest])
        return prefix, suffix


def open_document(text: str, name: str = "<flow>") -> Document:
    """A document that has been analyzed."""
    return Document(text, name).analyzed(analyze(Source(text, name)))


def _common(one: str, other: str) -> int:
    """The number of characters that two texts have in common at their start."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if one[low:middle] == other[low:middle] else (low, middle - 1)
    return low
