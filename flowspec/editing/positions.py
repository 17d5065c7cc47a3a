"""Offsets of a text as editors count them: lines from 0, and columns in units of an encoding."""

from __future__ import annotations

import re
from bisect import bisect_right

UTF_8, UTF_16, UTF_32 = "utf-8", "utf-16", "utf-32"


class Positions:
    """The way between offsets of a text and lines with columns."""

    def __init__(self, text: str, encoding: str = UTF_16) -> None:
        self.text, self.encoding = text, encoding
        ends = (match.end() for match in re.finditer(r"\r\n|\r|\n", text))
        self._starts = [0, *ends]
        self._is_plain = text.isascii()

    def position(self, offset: int) -> tuple[int, int]:
        """The line and the column of an offset."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self._starts, offset) - 1
        start = self._starts[line]
        return line, self._units(self.text[start:offset])

    def offset(self, line: int, column: int) -> int:
        """The offset of a line and a column; the nearest one where there is none."""
        if line >= len(self._starts):
            return len(self.text)
        start = self._starts[max(line, 0)]
        end = self._starts[line + 1] if line + 1 < len(self._starts) else len(self.text)
        written = self.text[start:end].rstrip("\r\n") if line + 1 < len(self._starts) else None
        written = self.text[start:end] if written is None else written
        if self._is_plain or self.encoding == UTF_32:
            return start + max(0, min(column, len(written)))
        return start + self._characters(written, column)

    def _units(self, text: str) -> int:
        if self._is_plain or self.encoding == UTF_32:
            return len(text)
        if self.encoding == UTF_8:
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text.encode("utf-16-le", "surrogatepass")) // 2

    def _characters(self, text: str, column: int) -> int:
        """The number of characters in so many units."""
        units = 0
        for number, character in enumerate(text):
            if units >= column:
                return number
            units += self._units(character)
        return len(text)
