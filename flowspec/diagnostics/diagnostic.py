"""Mistakes as data, whose texts are templates over their own fields.

A mistake is an immutable record named for it:

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

import re
import string
from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar, dataclass_transform

from flowspec.diagnostics.quantities import counted
from flowspec.diagnostics.records import Record, record
from flowspec.diagnostics.render import Level, Message, render, render_all
from flowspec.diagnostics.repairs import Edit, Fix, Repair
from flowspec.diagnostics.source import Place, Span

_Class = TypeVar("_Class", bound=type)

_TEMPLATES = frozenset(["message", "label", "contrast", "note", "help"])


@dataclass_transform(kw_only_default=True, frozen_default=True)
def mistake(kind: _Class) -> _Class:
    """Declare a mistake: a record whose fields are named where it is made."""
    return record(kind)


@mistake
class Diagnostic(Record):
    """One mistake. Subclasses say what, as templates over their fields.

    family    the code of several mistakes of one kind; each has its own where that is empty
    level     "error", "warning" or "note"
    message   what is wrong, in the user's words
    label     words behind the `^^^^` under the culprit
    contrast  words at each `----` under a related place that has none of its own
    note      a fact that explains
    help      what to write instead
    repair    the help as edits of the text; a template too
    """

    family: ClassVar[str] = ""
    level: ClassVar[Level] = "error"
    message: ClassVar[str] = ""
    label: ClassVar[str] = ""
    contrast: ClassVar[str] = ""
    note: ClassVar[str] = ""
    help: ClassVar[str] = ""
    repair: ClassVar[Repair | None] = None
    span: Span | None = None
    related: tuple[Place, ...] = ()
    """Places that it contradicts or follows from."""
    where: str = ""
    """A place that is no source text: a JSON path, a file, a column."""
    repairs: tuple[Fix, ...] | None = None
    """The repairs at this place; None for that of its kind."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)

    @property
    def code(self) -> str:
        """The name of the mistake: `DomainMismatch` is `domain-mismatch`."""
        return code_of(type(self))

    @property
    def line(self) -> int | None:
        return self.span.position[0] if self.span else None

    @property
    def column(self) -> int | None:
        return self.span.position[1] if self.span else None

    @property
    def fixes(self) -> tuple[Fix, ...]:
        """The repairs that there are, the best one first: what they do in words, and edits."""
        if self.repairs is not None or self.repair is None or self.span is None:
            return self.repairs or ()
        text = self._fill(self.repair.text)
        if not text and self.repair.text:
            return ()
        edits = self.repair.edits(self.span, text)
        return (Fix(self.help, edits),) if edits and self.help else ()

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        return self._fill(value) if name in _TEMPLATES else value

    def _fill(self, template: str) -> str:
        names = [name for _, name, _, _ in _TEXTS.parse(template) if name]
        values = {name: getattr(self, name) for name in names}
        return (
            ""
            if any(v in (None, "") for v in values.values())
            else _TEXTS.vformat(template, (), values)
        )

    def __hash__(self) -> int:
        return hash((type(self), self.span))

    def __eq__(self, other: object) -> bool:
        return super().__eq__(other)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r})"

    def as_message(self) -> Message:
        """The mistake with its texts filled in, for the renderer."""
        related = tuple(Place(each.span, each.words or self.contrast) for each in self.related)
        return Message(
            level=self.level,
            code=self.code,
            text=self.message,
            place=Place(self.span, self.label) if self.span else None,
            related=related,
            where=self.where,
            note=self.note,
            help=self.help,
        )

    def to_json(self) -> dict[str, Any]:
        """The mistake as plain data, for editors and other programs."""
        message = self.as_message()
        place = _place_to_json(self.span) if self.span else {**_NOWHERE, "file": self.where or None}
        return {
            "code": self.code,
            "level": self.level,
            **place,
            "message": self.message,
            "note": self.note or None,
            "help": self.help or None,
            "related": [
                {**_place_to_json(each.span), "message": each.words or None}
                for each in message.related
            ],
            "fixes": [
                {"title": fix.title, "edits": [_edit_to_json(edit) for edit in fix.edits]}
                for fix in self.fixes
            ],
        }

    def __str__(self) -> str:
        return render(self.as_message())


class _Texts(string.Formatter):
    """Templates in which `{rows:row}` is `1 row` or `2 rows`, whatever the noun."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec.isalpha() and len(format_spec) > 1:
            return f"{value} {counted(value, format_spec)}"
        return str(super().format_field(value, format_spec))


_TEXTS = _Texts()


def code_of(kind: type[Diagnostic]) -> str:
    """The code of a kind of mistakes."""
    return kind.family or re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


_NOWHERE: dict[str, Any] = dict.fromkeys(["file", "line", "column", "end_line", "end_column"])


def _place_to_json(span: Span) -> dict[str, Any]:
    places = (*span.position, *span.end_position)
    return dict(zip(_NOWHERE, (span.source.name, *places), strict=True))


def _edit_to_json(edit: Edit) -> dict[str, Any]:
    return {**_place_to_json(edit.span), "replacement": edit.replacement}


class FlowError(Exception):
    """One or more mistakes of the user.

    `.diagnostics` holds each with `code`, `line`, `column`, `message`, `help`.
    """

    def __init__(self, diagnostics: Diagnostic | Iterable[Diagnostic]) -> None:
        many = [diagnostics] if isinstance(diagnostics, Diagnostic) else list(diagnostics)
        self.diagnostics: tuple[Diagnostic, ...] = tuple(sorted(dict.fromkeys(many), key=_order))
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        return render_all(diagnostic.as_message() for diagnostic in self.diagnostics)


def _order(diagnostic: Diagnostic) -> int:
    return diagnostic.span.start if diagnostic.span else -1


def suggest(name: str, known: Iterable[str]) -> str:
    """The known name nearest to a misspelt one, or "" if none is near."""
    import difflib  # costs more than most checks take, and hardly a text needs it

    by_lower = {candidate.lower(): candidate for candidate in sorted(known)}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[near[0]] if near else ""
