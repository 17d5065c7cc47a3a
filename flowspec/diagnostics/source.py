"""Source text, and places in it."""

from __future__ import annotations

import re
from functools import cached_property

from flowspec.diagnostics.records import Record, record


@record
class Source(Record):
    """A text and the name it is reported under (a path, or `<flow>`)."""

    text: str
    name: str = "<flow>"

    def __repr__(self) -> str:
        return f"Source({self.name!r})"  # the prelude alone has thousands of characters

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of a character, both counted from 1."""
        starts = self._line_starts
        low, high = 0, len(starts)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if starts[middle] <= offset else (low, middle)
        return low + 1, offset - starts[low] + 1

    def line(self, number: int) -> str:
        """The text of a line, without its line break."""
        start = self._line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else None].rstrip("\r")


@record
class Span(Record):
    """The characters `start` to `end` (exclusive) of a source."""

    source: Source
    start: int
    end: int

    @property
    def position(self) -> tuple[int, int]:
        return self.source.position(self.start)

    @property
    def end_position(self) -> tuple[int, int]:
        """Line and column of its end."""
        return self.source.position(self.end)

    def through(self, other: Span) -> Span:
        """From the start of this span to the end of the other."""
        return Span(self.source, self.start, max(self.end, other.end))

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]


@record
class Place(Record):
    """A span that a message points at, and the words written beside it."""

    span: Span
    words: str = ""
