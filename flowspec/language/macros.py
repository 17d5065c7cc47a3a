"""The macros that a place can use: those of its file, and behind them those of the prelude."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator, Mapping
from functools import cache

from flowspec.diagnostics.source import Source
from flowspec.language import syntax
from flowspec.language.lexer import scan
from flowspec.language.stack import read
from flowspec.language.tree import TreeBuilder


class Macros(Mapping[str, syntax.Def]):
    """Macros by name. One of the prelude is read when it is asked for: most files use few."""

    def __init__(self, own: Mapping[str, syntax.Def] | None = None) -> None:
        self._own = dict(own or {})

    def defining(self, macro: syntax.Def) -> Macros:
        """These and another one, which hides the one of its name."""
        return Macros({**self._own, macro.name.text: macro})

    def __getitem__(self, name: str) -> syntax.Def:
        return self._own[name] if name in self._own else _of_prelude(name)

    def __contains__(self, name: object) -> bool:
        return name in self._own or name in _places()

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*_places(), *self._own]))

    def __len__(self) -> int:
        return len(_places().keys() | self._own.keys())


@cache
def _of_prelude(name: str) -> syntax.Def:
    start, end = _places()[name]
    tokens = scan(_prelude().text, end, start)
    macro: syntax.Def
    (macro,), _ = read(tokens, TreeBuilder(_prelude()).build)
    return macro


@cache
def _prelude() -> Source:
    text = pkgutil.get_data("flowspec.grammar", "prelude.flow") or b""
    return Source(text.decode("utf-8"), "prelude.flow")


@cache
def _places() -> dict[str, tuple[int, int]]:
    """The names in the prelude, and where the definition of each starts and ends."""
    text = _prelude().text
    found = list(re.finditer(r"^def (\w+)", text, re.MULTILINE))
    ends = [*(match.start() for match in found[1:]), len(text)]
    return {match[1]: (match.start(), end) for match, end in zip(found, ends, strict=True)}
