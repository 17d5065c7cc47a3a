"""Documents to lines, no longer than they must be."""

from __future__ import annotations

from typing import NamedTuple

from flowspec.language.layout.comments import Comment, Comments
from flowspec.language.layout.documents import Document, Group, Joined, Line, Nested

WIDTH = 88
"""Columns of a line; a name, a string or a comment may be longer."""


class _Turn(NamedTuple):
    """A document to print: its indentation, and True if it stands in one line."""

    indent: int
    flat: bool
    document: Document


class Page:
    """Lines that documents and comments are printed on."""

    def __init__(self, comments: Comments) -> None:
        self._comments = comments
        self._lines: list[tuple[str, str]] = []
        """Each line, and the comment at its end."""
        self._line = ""
        self._ended = True

    def add(self, document: Document) -> None:
        """Print a document, from the start of a line."""
        self._ended = False
        waiting = [_Turn(0, False, document)]
        while waiting:
            indent, flat, part = turn = waiting.pop()
            match part:
                case str():
                    self._line += part
                case Joined():
                    waiting += [_Turn(indent, flat, each) for each in reversed(part.parts)]
                case Nested():
                    waiting.append(_Turn(indent + part.columns, flat, part.part))
                case Group():
                    flat = flat or self._fits(part, waiting)
                    waiting.append(_Turn(indent, flat, part.part))
                case Line():
                    self._at_line(turn, part, waiting)
        self._end_line()

    def comment(self, comment: Comment, indent: int = 0) -> None:
        """Put a comment behind the last line, or on one of its own."""
        if comment.ends_line:
            self._end_line()
            code, _ = self._lines[-1]
            self._lines[-1] = code, comment.text
        else:
            self._lines.append((" " * indent + comment.text, ""))

    def blank(self) -> None:
        """Leave a line blank, but no two, and none at the start."""
        if self._lines and self._lines[-1] != ("", ""):
            self._lines.append(("", ""))

    @property
    def text(self) -> str:
        """All lines. Comments at the ends of lines stand below each other, up to a blank line."""
        text, run = "", list[tuple[str, str]]()
        for line, comment in [*self._lines, ("", "")]:
            if line and not line.lstrip().startswith("#"):
                run.append((line, comment))
            else:
                text, run = f"{text}{_aligned(run)}{line}\n", []
        return text[:-1]

    def _at_line(self, turn: _Turn, line: Line, waiting: list[_Turn]) -> None:
        comments = self._comments.at(line.gap)
        stays = turn.flat or (line.loose and not comments and self._reaches(line.flat, waiting))
        if stays:
            self._line += line.flat
            return
        self._end_line()
        for comment in comments:
            self.comment(comment, turn.indent + line.inner)
        self._line, self._ended = " " * turn.indent, False

    def _end_line(self) -> None:
        if not self._ended:
            self._lines.append((self._line.rstrip(), ""))
        self._line, self._ended = "", True

    def _fits(self, group: Group, waiting: list[_Turn]) -> bool:
        """True if a group can stand in one line, with what follows up to the next break."""
        if self._comments.between(group.first, group.last):
            return False
        return self._reaches(group.part, waiting)

    def _reaches(self, document: Document, waiting: list[_Turn]) -> bool:
        """True if a document fits into the line, with what is behind it up to its first break."""
        room, behind = WIDTH - len(self._line), len(waiting)
        inner = [document]
        while room >= 0:
            if inner:
                flat, part = True, inner.pop()
            elif behind:
                behind -= 1
                _, flat, part = waiting[behind]
                if not flat:
                    return self._first_break(part, room, waiting, behind)
            else:
                return True
            match part:
                case str():
                    room -= len(part)
                case Line():
                    room -= len(part.flat)
                case Joined():
                    inner += reversed(part.parts)
                case Nested() | Group():
                    inner.append(part.part)
        return False

    def _first_break(self, part: Document, room: int, waiting: list[_Turn], behind: int) -> bool:
        """True if the text from a document on fits, up to the first place where it can break."""
        inner = [part]
        while room >= 0:
            if not inner:
                if not behind:
                    return True
                behind -= 1
                inner.append(waiting[behind].document)
            match part := inner.pop():
                case str():
                    room -= len(part)
                case Line():
                    return True
                case Joined():
                    inner += reversed(part.parts)
                case Nested() | Group():
                    inner.append(part.part)
        return False


def _aligned(run: list[tuple[str, str]]) -> str:
    """Lines whose comments start in one column."""
    column = max((len(line) for line, comment in run if comment), default=0) + 2
    return "".join(
        f"{line.ljust(column)}{comment}\n" if comment else f"{line}\n" for line, comment in run
    )
