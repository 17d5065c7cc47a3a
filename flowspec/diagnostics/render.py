"""Messages as a person reads them: level, text, place, source lines, note, help."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from flowspec.diagnostics.records import Record, record
from flowspec.diagnostics.source import Place, Source

LONGEST_LINE = 160
"""Columns of a source line that an excerpt shows; longer lines are cut around the culprit."""
BEFORE_CULPRIT = 40
"""Columns that a line which is cut shows before the first place in it."""

Level = Literal["error", "warning", "note"]


@record
class Message(Record):
    """A message as plain data.

    place     the culprit, underlined by `^`
    related   places that it contradicts or follows from, underlined by `-`
    where     a place that is no source text, shown if there is no `place`
    note      a fact that explains
    help      what to write instead
    """

    code: str
    text: str
    level: Level = "error"
    place: Place | None = None
    related: tuple[Place, ...] = ()
    where: str = ""
    note: str = ""
    help: str = ""


class _Mark(NamedTuple):
    """An underlined piece of one line: its column (from 0), its sign, and the words beside it."""

    line: int
    start: int
    length: int
    sign: str
    words: str


def render(message: Message) -> str:
    """The message as a person reads it."""
    lines = [f"{message.level}[{message.code}]: {message.text}"]
    gutter = " "
    if message.place:
        gutter, excerpts = _excerpts(message.place, message.related)
        lines += excerpts
    elif message.where:
        lines.append(f" --> {message.where}")
    lines += [f"{gutter} = note: {message.note}"] if message.note else []
    lines += [f"{gutter} = help: {message.help}"] if message.help else []
    return "\n".join(lines)


def render_all(messages: Iterable[Message]) -> str:
    """Several messages, with a blank line between them."""
    return "\n\n".join(render(message) for message in messages)


def _excerpts(place: Place, related: tuple[Place, ...]) -> tuple[str, list[str]]:
    """The gutter, and an excerpt of each source that a message points into, the culprit's first."""
    marks: dict[Source, list[_Mark]] = {place.span.source: [_mark(place, "^")]}
    for other in related:
        marks.setdefault(other.span.source, []).append(_mark(other, "-"))
    last = max(mark.line for several in marks.values() for mark in several)
    gutter = " " * len(str(last))
    lines: list[str] = []
    for source, several in marks.items():
        first = several[0]
        arrow = "-->" if source == place.span.source else ":::"
        lines.append(f"{gutter}{arrow} {source.name}:{first.line}:{first.start + 1}")
        lines += _excerpt(source, several, gutter)
    return gutter, [line.rstrip() for line in lines]


def _mark(place: Place, sign: str) -> _Mark:
    line, column = place.span.position
    return _Mark(line, column - 1, place.span.end - place.span.start, sign, place.words)


def _excerpt(source: Source, marks: list[_Mark], gutter: str) -> list[str]:
    """The marked lines of one source, `...` where lines between them are left out."""
    lines = [f"{gutter} |"]
    numbers = sorted({mark.line for mark in marks})
    for previous, number in zip([numbers[0], *numbers], numbers, strict=False):
        if number > previous + 1:
            lines.append(f"{gutter} ...")
        text, shown = _window(source.line(number), [mark for mark in marks if mark.line == number])
        lines.append(f"{number:>{len(gutter)}} | {text}")
        lines += [f"{gutter} | {under}" for under in _underline(text, shown)]
    return [*lines, f"{gutter} |"]


def _window(line: str, marks: list[_Mark]) -> tuple[str, list[_Mark]]:
    """The part of a line to show, printable, and its marks by their columns in that part."""
    text = "".join(map(_printable, line))
    if len(text) <= LONGEST_LINE:
        return text, marks
    first = min(mark.start for mark in marks)
    offset = max(0, min(first - BEFORE_CULPRIT, len(text) - LONGEST_LINE))
    moved = [mark._replace(start=mark.start - offset) for mark in marks]
    return text[offset : offset + LONGEST_LINE], moved


def _printable(character: str) -> str:
    if character == "\t":
        return " "
    return character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"


def _underline(text: str, marks: list[_Mark]) -> list[str]:
    """The lines below a source line: underlines, the last words behind them, the others below."""
    placed = [
        mark._replace(length=max(1, min(mark.length, len(text) - mark.start, LONGEST_LINE)))
        for mark in marks
    ]
    placed.sort(key=lambda mark: (mark.start, mark.sign == "^"))
    row = [" "] * (max(mark.start + mark.length for mark in placed) + 1)
    for mark in sorted(placed, key=lambda mark: mark.sign == "^"):
        row[mark.start : mark.start + mark.length] = mark.sign * mark.length
    *hung, last = placed
    lines = ["".join(row).rstrip() + (f" {last.words}" if last.words else "")]
    hung = [mark for mark in hung if mark.words]
    while hung:
        *hung, mark = hung
        bars = _bars([other.start for other in hung if other.start < mark.start], mark.start)
        lines += [f"{bars}|", f"{bars}{mark.words}"]
    return lines


def _bars(columns: list[int], width: int) -> str:
    """A line of so many columns, with a bar in each of the given ones."""
    return "".join("|" if column in columns else " " for column in range(width))
