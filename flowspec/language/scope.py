"""Meanings of names at a place of the text: variables, `let` values, macros and their arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flowspec.diagnostics.collector import Mistakes
from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.diagnostics.source import Span
from flowspec.ir.pipeline import Declaration
from flowspec.language import syntax
from flowspec.language.macros import Macros
from flowspec.parts.origin import Origin


class Unknown:
    """The value of an expression that holds a mistake, which is reported already."""


UNKNOWN = Unknown()


@dataclass
class Tally:
    """Counts over a whole file, kept while macros unfold."""

    steps: int = 0
    elements: int = 0


@dataclass(frozen=True)
class Scope:
    """Names and their meanings.

    calls   the macros that are being unfolded
    blame   the call of a macro from another file, the only place that the user can change
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    macros: Macros = field(default_factory=Macros)
    context: Declaration | None = None
    event: Declaration | None = None
    calls: tuple[str, ...] = ()
    blame: Span | None = None
    tally: Tally = field(default_factory=Tally)
    mistakes: Mistakes = field(default_factory=Mistakes)

    def report(self, mistake: Diagnostic) -> Unknown:
        """Note a mistake; what was to be computed is unknown."""
        if self.blame:
            related = self.origin(mistake.span).definition() if mistake.span else ()
            mistake = mistake.replaced(span=self.blame, related=related, repairs=())
        self.mistakes.report(mistake)
        return UNKNOWN

    def origin(self, span: Span, fields: Mapping[str, Span] | None = None) -> Origin:
        """The place of a component that is written there, for the places of its mistakes."""
        origin = Origin(span, fields or {})
        return Origin(self.blame, behind=origin) if self.blame else origin

    def lookup(self, name: str) -> Any:
        """The value of a name: argument or `let`, then a context variable; None if it has none."""
        if name in self.values:
            return self.values[name]
        return self.context.value(name) if self.context else None

    def inside(self, macro: syntax.Def, call: Span, arguments: Mapping[str, Any]) -> Scope:
        """The scope of a macro's body: its arguments hide the file's names."""
        foreign = macro.span.source is not call.source
        return replace(
            self,
            values={**self.values, **arguments},
            calls=(*self.calls, macro.name.text),
            blame=self.blame or (call if foreign else None),
        )
