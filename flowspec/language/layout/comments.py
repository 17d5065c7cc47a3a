"""Comments, each at a place where the canonical layout can break.

A comment in the middle of an expression goes to the next such place, and ends the line there. The
order of the comments stays.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from flowspec.language.lexer import Token


class Comment(NamedTuple):
    """A comment at its place.

    ends_line   True behind a token, False on a line of its own
    spaced      True if a blank line is before it
    """

    text: str
    ends_line: bool
    spaced: bool
    end: int


class Comments:
    """The comments by their gaps: that before token n has the number n."""

    def __init__(self, gaps: Mapping[int, list[Comment]]) -> None:
        self._gaps = gaps
        self._places = sorted(gaps)

    def at(self, gap: int) -> list[Comment]:
        """The comments there, from first to last."""
        return self._gaps.get(gap, [])

    def between(self, first: int, last: int) -> bool:
        """True if there is one between two tokens."""
        return bisect_left(self._places, first + 1) < bisect_right(self._places, last)


def placed(
    text: str,
    tokens: Sequence[Token],
    comments: Iterable[Token],
    gaps: Iterable[int],
    back: Mapping[int, int],
) -> Comments:
    """The comments of a text, at gaps of its layout.

    gaps   where the layout can break; the one behind the last token is among them
    back   gaps behind a sign that stands at the start of a line, and the ones before it
    """
    natural, starts = sorted(gaps), [token.start for token in tokens]
    at: dict[int, list[Comment]] = {}
    for comment in comments:
        own = bisect_left(starts, comment.start)
        gap = back.get(own) or natural[bisect_left(natural, own)]
        there = at.setdefault(gap, [])
        there.append(_placed(text, tokens, comment, own, gap, there))
    return Comments(at)


def _placed(
    text: str, tokens: Sequence[Token], comment: Token, own: int, gap: int, before: list[Comment]
) -> Comment:
    token_end = tokens[gap - 1].end if gap else 0
    behind = gap > own or (gap > 0 and "\n" not in text[token_end : comment.start])
    ends_line = behind and not before
    start = max(before[-1].end if before else 0, tokens[own - 1].end if own else 0)
    spaced = gap == own and blank_line(text, start, comment.start)
    return Comment(comment.text.rstrip(), ends_line, spaced, comment.end)


def blank_line(text: str, start: int, end: int) -> bool:
    """True if a blank line lies between two places."""
    return text.count("\n", start, end) > 1
