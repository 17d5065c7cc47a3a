"""The repairs of mistakes, for the part of a text that an editor asks about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.diagnostics.repairs import Fix
from flowspec.editing.document import Document


class Action(NamedTuple):
    """A repair of a mistake; the first of each mistake is the preferred one."""

    mistake: Diagnostic
    fix: Fix
    preferred: bool


def actions(document: Document, start: int, end: int) -> Iterator[Action]:
    """The repairs of mistakes that touch a part of the text; none until it has been checked."""
    if document.analysis is None or not document.is_current:
        return
    source = document.analysis.source
    for mistake in document.analysis.mistakes:
        span = mistake.span
        if span is None or span.source is not source or span.start > end or span.end < start:
            continue
        for number, fix in enumerate(mistake.fixes):
            if all(edit.span.source is source for edit in fix.edits):
                yield Action(mistake, fix, number == 0)
