"""Repairs of a text as data: edits, which an editor or `flowspec check --fix` applies.

A mistake whose repair follows from its place and its fields declares it as a template:

    class SingleBar(Diagnostic):
        help = "write `|>`"
        repair = replace("|>")
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from flowspec.diagnostics.records import Record, record
from flowspec.diagnostics.source import Source, Span


@record
class Edit(Record):
    """Another text in the place of a span, which may be empty."""

    span: Span
    replacement: str


@record
class Fix(Record):
    """Edits that belong together, and what they do in words."""

    title: str
    edits: tuple[Edit, ...]


class Repair(NamedTuple):
    """A repair by template.

    edits   (the span of the mistake, the template filled in) -> edits; none if it fits nowhere
    text    a template over the fields of the mistake
    """

    edits: Callable[[Span, str], tuple[Edit, ...]]
    text: str


def replace(text: str) -> Repair:
    """Another text in the place of the mistake."""
    return Repair(_replaced, text)


def replace_name(text: str) -> Repair:
    """Another name in the place of the first word."""
    return Repair(lambda span, name: _replaced(_part(span, r"\w+"), name), text)


def replace_value(text: str) -> Repair:
    """Another value in the place of one without names in it; that of its argument stays."""
    return Repair(_value_replaced, text)


def replace_start(text: str) -> Repair:
    """Another number at which `learn(...)` starts; its bounds stay."""
    return Repair(_start_replaced, text)


def unwrap(name: str) -> Repair:
    """The one argument of a call of that name, in its place."""
    return Repair(_unwrapped, name)


def before(text: str) -> Repair:
    """More text before the mistake."""
    return Repair(lambda span, more: inserted(span.source, span.start, more), text)


def after(text: str) -> Repair:
    """More text behind the mistake."""
    return Repair(lambda span, more: inserted(span.source, span.end, more), text)


def remove() -> Repair:
    """Nothing in the place of the mistake."""
    return Repair(_replaced, "")


def remove_item() -> Repair:
    """Nothing in the place of an item of a list, and of the comma before it."""
    return Repair(lambda span, _: removed(_with_comma(span)), "")


def inserted(source: Source, offset: int, text: str) -> tuple[Edit, ...]:
    """The edit that inserts a text."""
    return (Edit(Span(source, offset, offset), text),)


def removed(span: Span) -> tuple[Edit, ...]:
    """The edit that removes a text."""
    return (Edit(span, ""),)


def lines_removed(span: Span) -> tuple[Edit, ...]:
    """The edit that removes a text, and the lines that nothing else stands in."""
    text = span.source.text
    behind = re.compile(r"[ \t\r]*(\n|\Z)").match(text, span.end)
    start = len(text[: span.start].rstrip(" \t"))
    if behind and text[max(0, start - 1) : start] in ("", "\n"):
        return removed(Span(span.source, start, behind.end()))
    return removed(span)


def swapped(one: Span, other: Span) -> tuple[Edit, ...]:
    """The edits that exchange two texts."""
    return Edit(one, other.text), Edit(other, one.text)


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text with edits applied that do not overlap."""
    for edit in sorted(edits, key=_place, reverse=True):
        text = text[: edit.span.start] + edit.replacement + text[edit.span.end :]
    return text


def apart(fixes: Iterable[Fix]) -> list[Fix]:
    """The fixes of which no two touch the same text; the first of two that do."""
    kept: list[Fix] = []
    taken: list[Edit] = []
    for fix in fixes:
        if not any(_overlap(edit, other) for edit in fix.edits for other in taken):
            kept.append(fix)
            taken += fix.edits
    return kept


def _overlap(one: Edit, other: Edit) -> bool:
    if one.span.source != other.span.source:
        return False
    return one.span.start <= other.span.end and other.span.start <= one.span.end


def _place(edit: Edit) -> tuple[int, int]:
    return edit.span.start, edit.span.end


def _replaced(span: Span, text: str) -> tuple[Edit, ...]:
    return (Edit(span, text),)


def _part(span: Span, pattern: str) -> Span:
    """The part of a span at its start that a pattern describes."""
    match = re.match(pattern, span.text)
    return Span(span.source, span.start, span.start + (match.end() if match else 0))


_NAMED = r"\s*[A-Za-z_]\w*\s*=\s*"
_KNOWN = {"learn", "init", "low", "high", "pi", "inf", "e", "true", "false"}


def value_of(argument: Span) -> Span:
    """The value of an argument, with or without a name."""
    return Span(argument.source, _part(argument, _NAMED).end, argument.end)


def is_number(text: str) -> bool:
    """True for a number as it is written, with a sign or without."""
    return bool(re.fullmatch(r"-?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", text))


def _value_replaced(span: Span, text: str) -> tuple[Edit, ...]:
    value = value_of(span)
    names: Sequence[str] = re.findall(r"(?<![\w.])[A-Za-z_]\w*", value.text)
    return (Edit(value, text),) if set(names) <= _KNOWN else ()


def _start_replaced(span: Span, text: str) -> tuple[Edit, ...]:
    value = value_of(span)
    match = re.match(r"learn(?:\(\s*(?:init\s*=\s*)?(?P<start>[-+\w.]+)\s*(?=[,)])|$)", value.text)
    if match is None:
        return ()
    if match["start"] is None:
        return (Edit(value, f"learn({text})"),)
    start = value.start + match.start("start")
    return (Edit(Span(span.source, start, start + len(match["start"])), text),)


def _unwrapped(span: Span, name: str) -> tuple[Edit, ...]:
    value = value_of(span)
    match = re.fullmatch(rf"{name}\((-?[\d.]+|\[[-\d.,\s\[\]]*\])\)", value.text)
    return (Edit(value, match[1]),) if match else ()


def _with_comma(span: Span) -> Span:
    text = span.source.text
    start = len(text[: span.start].rstrip())
    return Span(span.source, start - 1, span.end) if text[start - 1 : start] == "," else span
