"""What names mean at a place of the text: declared variables, `let` values, `def` macros, arguments of a macro."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flowspec.diagnostics.diagnostic import MOST_MISTAKES, Diagnostic, FlowError
from flowspec.ir.flow import Declaration
from flowspec.language import syntax
from flowspec.parts.values import FromContext
from flowspec.support.sets import REAL, as_interval


class Unknown:
    """The value of an expression that holds a mistake, which is reported already."""


UNKNOWN = Unknown()


@dataclass
class Tally:
    """What a whole file may use up, counted while macros unfold."""

    steps: int = 0
    elements: int = 0
    found: list[Diagnostic] = field(default_factory=list)
    known: set[Diagnostic] = field(default_factory=set)


@dataclass(frozen=True)
class Scope:
    """Names and their meanings. `calls` are the macros that are being unfolded."""

    values: Mapping[str, Any] = field(default_factory=dict)
    macros: Mapping[str, syntax.Def] = field(default_factory=dict)
    context: Declaration | None = None
    event: Declaration | None = None
    calls: tuple[str, ...] = ()
    tally: Tally = field(default_factory=Tally)

    def report(self, mistake: Diagnostic) -> Unknown:
        """Note a mistake; what was to be computed is unknown."""
        if mistake not in self.tally.known:
            self.tally.known.add(mistake)
            self.tally.found.append(mistake)
        if len(self.tally.found) >= MOST_MISTAKES:
            raise FlowError(self.tally.found)
        return UNKNOWN

    def lookup(self, name: str) -> Any:
        """The value of a name: argument or `let`, then a context variable; None if it has none."""
        if name in self.values:
            return self.values[name]
        if self.context and name in self.context.names:
            index = self.context.names.index(name)
            return FromContext(index, name, as_interval(self.context.space.parts[index]) or REAL)
        return None

    def inside(self, macro: syntax.Def, arguments: Mapping[str, Any]) -> Scope:
        """The scope of a macro's body: its arguments hide the file's names."""
        return replace(
            self, values={**self.values, **arguments}, calls=(*self.calls, macro.name.text)
        )
