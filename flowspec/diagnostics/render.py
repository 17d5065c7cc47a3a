"""A mistake as a person reads it: message, place, source line, note, help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowspec.diagnostics.source import Source

if TYPE_CHECKING:
    from flowspec.diagnostics.diagnostic import Diagnostic

LONGEST_LINE = 160
"""Columns of a source line that an excerpt shows; longer lines are cut around the culprit."""


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
    text = "".join(
        c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" if c != "\t" else " "
        for c in source.line(number)
    )
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
