"""Source text, spans in it, and mistakes as data: collected, raised together, rendered last.

A mistake is a frozen dataclass named for it, whose texts are templates over its own fields:

    @mistake
    class UnknownName(Diagnostic):
        message = "there is no {kind} called `{name}`"
        help = "did you mean `{suggestion}`?"
        kind: str
        name: str
        suggestion: str

    raise FlowError(UnknownName(span=span, kind="step", name="Tnah", suggestion="Tanh"))

A text whose template names a field that is empty (None or "") is left out whole.
"""

from __future__ import annotations

import difflib
import re
import string
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, TypeVar, dataclass_transform

LONGEST_LINE = 160
"""Columns of a source line that an excerpt shows; longer lines are cut around the culprit."""


@dataclass(frozen=True)
class Source:
    """A text and the name it is reported under (a path, or `<flow>`)."""

    text: str
    name: str = "<flow>"

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


@dataclass(frozen=True)
class Span:
    """The characters `start` to `end` (exclusive) of a source."""

    source: Source
    start: int
    end: int

    @property
    def position(self) -> tuple[int, int]:
        return self.source.position(self.start)

    def through(self, other: Span) -> Span:
        """From the start of this span to the end of the other."""
        return Span(self.source, self.start, max(self.end, other.end))

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]


_Class = TypeVar("_Class")


@dataclass_transform(kw_only_default=True, frozen_default=True)
def mistake(kind: type[_Class]) -> type[_Class]:
    """Declare a mistake: a frozen dataclass with named fields.

    Generated methods cost half a millisecond a class at every start: `Diagnostic` compares and prints for all of them.
    """
    return dataclass(frozen=True, kw_only=True, eq=False, repr=False)(kind)


@mistake
class Diagnostic:
    """One mistake. Subclasses say what, as templates over their fields.

    message   what is wrong, in the user's words
    label     what is written behind the `^^^^` under the culprit
    contrast  what is written below the `----` under `other`, the place it contradicts
    note      a fact that explains
    help      what to write instead
    """

    message: ClassVar[str] = ""
    label: ClassVar[str] = ""
    contrast: ClassVar[str] = ""
    note: ClassVar[str] = ""
    help: ClassVar[str] = ""

    span: Span | None = None
    other: Span | None = None
    where: str = ""
    """A place that is no source text: a JSON path, a file, a column."""

    @property
    def code(self) -> str:
        """The name of the mistake: `DomainMismatch` is `domain-mismatch`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__).lower()

    @property
    def line(self) -> int | None:
        return self.span.position[0] if self.span else None

    @property
    def column(self) -> int | None:
        return self.span.position[1] if self.span else None

    def __getattribute__(self, name: str):
        value = super().__getattribute__(name)
        return self._fill(value) if name in _TEMPLATES else value

    def _fill(self, template: str) -> str:
        names = [name for _, name, _, _ in string.Formatter().parse(template) if name]
        values = {name: getattr(self, name) for name in names}
        return "" if any(v in (None, "") for v in values.values()) else template.format(**values)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), self.span))

    def to_json(self) -> dict:
        """The mistake as plain data, for editors and other programs."""
        return {
            "code": self.code,
            "file": self.span.source.name if self.span else (self.where or None),
            "line": self.line,
            "column": self.column,
            "end_line": self.span.source.position(self.span.end)[0] if self.span else None,
            "end_column": self.span.source.position(self.span.end)[1] if self.span else None,
            "message": self.message,
            "note": self.note or None,
            "help": self.help or None,
        }

    def __str__(self) -> str:
        return render(self)


_TEMPLATES = frozenset(["message", "label", "contrast", "note", "help"])


MOST_MISTAKES = 200
"""Checking stops here: what is wrong in so many places has few causes."""


class FlowError(Exception):
    """One or more mistakes of the user. `.diagnostics` holds each with `code`, `line`, `column`, `message`, `help`."""

    def __init__(self, diagnostics: Diagnostic | Iterable[Diagnostic]):
        many = [diagnostics] if isinstance(diagnostics, Diagnostic) else list(diagnostics)
        # A step inside `repeat` is checked in every round; its mistake is told once.
        self.diagnostics: tuple[Diagnostic, ...] = tuple(sorted(dict.fromkeys(many), key=_order))
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        return "\n\n".join(render(diagnostic) for diagnostic in self.diagnostics)


def _order(diagnostic: Diagnostic) -> int:
    return diagnostic.span.start if diagnostic.span else -1


def suggest(name: str, known: Iterable[str]) -> str:
    """The known name nearest to a misspelt one, or "" if none is near."""
    by_lower = {candidate.lower(): candidate for candidate in sorted(known)}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[near[0]] if near else ""


# --- rendering ---------------------------------------------------------------------------------


def render(diagnostic: Diagnostic) -> str:
    """The mistake as a person reads it: message, place, source line, note, help."""
    lines = [f"error[{diagnostic.code}]: {diagnostic.message}"]
    gutter = " "
    if diagnostic.span:
        gutter, excerpt = _excerpt(diagnostic)
        lines += excerpt
    elif diagnostic.where:
        lines.append(f" --> {diagnostic.where}")
    for kind in ("note", "help"):
        if text := getattr(diagnostic, kind):
            lines.append(f"{gutter} = {kind}: {text}")
    return "\n".join(lines)


def _excerpt(diagnostic: Diagnostic) -> tuple[str, list[str]]:
    span, other = diagnostic.span, diagnostic.other
    assert span is not None
    marks = [(span, "^", diagnostic.label)]
    if other is not None and other.source == span.source:
        marks.append((other, "-", diagnostic.contrast))
    numbers = sorted({mark.position[0] for mark, _, _ in marks})
    gutter = " " * len(str(numbers[-1]))
    line, column = span.position
    lines = [f"{gutter}--> {span.source.name}:{line}:{column}", f"{gutter} |"]
    previous = numbers[0]
    for number in numbers:
        if number > previous + 1:
            lines.append(f"{gutter} ...")
        previous = number
        here = [mark for mark in marks if mark[0].position[0] == number]
        shown = [f"{number:>{len(gutter)}} | {_window(span.source, number, here)[0]}"]
        shown += [f"{gutter} | {under}" for under in _underline(span.source, number, here)]
        lines += shown
    lines.append(f"{gutter} |")
    return gutter, [line.rstrip() for line in lines]


def _window(source: Source, number: int, marks) -> tuple[str, int]:
    """The part of a line to show, printable, and the column at which it starts (from 0)."""
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" if c != "\t" else " " for c in source.line(number))
    if len(text) <= LONGEST_LINE:
        return text, 0
    first = min(mark[0].position[1] for mark in marks) - 1
    start = max(0, min(first - 40, len(text) - LONGEST_LINE))
    return text[start : start + LONGEST_LINE], start


def _underline(source: Source, number: int, marks) -> list[str]:
    """The lines below a source line: one of underlines, the rightmost text behind it, the others hung beneath."""
    text, offset = _window(source, number, marks)
    placed = []
    for span, sign, words in marks:
        start = span.position[1] - 1 - offset
        width = max(1, min(span.end - span.start, len(text) - start, LONGEST_LINE))
        placed.append((start, width, sign, words))
    placed.sort(key=lambda mark: (mark[0], mark[2] == "^"))
    row = [" "] * (max(start + width for start, width, _, _ in placed) + 1)
    for start, width, sign, _ in sorted(placed, key=lambda mark: mark[2] == "^"):
        row[start : start + width] = sign * width
    *_, last_words = placed[-1]
    lines = ["".join(row).rstrip() + (f" {last_words}" if last_words else "")]
    for start, _, _, words in reversed(placed[:-1]):
        if words:
            lines += [" " * start + "|", " " * start + words]
    return lines
