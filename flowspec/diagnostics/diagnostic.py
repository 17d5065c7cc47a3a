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
from typing import ClassVar, TypeVar, dataclass_transform

from flowspec.diagnostics.render import render
from flowspec.diagnostics.source import Span

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
