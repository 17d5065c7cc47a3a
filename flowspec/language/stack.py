"""The parser: a stack of states, which tokens push forward as the table says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from flowspec.language.lexer import SIGN, Token, fixed_texts
from flowspec.language.table import END, Rule, table

Build = Callable[[str, list[Any]], Any]
"""(what a rule builds, its children) -> its value."""


class Stack:
    """The states that the parser is in, and the values that stand for what it has read.

    A token costs a few steps, however much was read before it.
    """

    def __init__(self, build: Build) -> None:
        self._build = build
        self._rules, self._rows = table().rules, table().rows
        self._states = [0]
        self._values: list[Any] = []

    def feed(self, token: Token) -> bool:
        """Read a token; False if it does not fit."""
        return self._feed(self._terminal(token), token)

    def finish(self) -> bool:
        """End the text; False if more must follow."""
        return self._feed(END, None)

    @property
    def value(self) -> Any:
        """The value of the whole text, once it has ended."""
        return self._values[0]

    def accepted(self) -> set[str]:
        """The terminals that fit, `$END` among them if the text may end."""
        return {name for name in self._row if name.isupper() and self._blank()._feed(name, None)}

    @property
    def state(self) -> int:
        """The state on top."""
        return self._states[-1]

    @property
    def _row(self) -> dict[str, int]:
        return self._rows[self.state]

    def _blank(self) -> Stack:
        """A stack in the same states, which builds nothing."""
        blank = Stack(_nothing)
        blank._states, blank._values = [*self._states], [None] * len(self._values)
        return blank

    def _terminal(self, token: Token) -> str:
        """The terminal that a token is. A keyword is a name where none is due."""
        word = _terminals().get(token.text, "")
        return word if token.kind == SIGN or word in self._row else token.kind

    def _feed(self, terminal: str, value: Any) -> bool:
        rows, states, rules = self._rows, self._states, self._rules
        while (action := rows[states[-1]].get(terminal)) is not None:
            if action >= 0:
                states.append(action)
                self._values.append(value)
                return True
            self._reduce(rules[-1 - action])
        return False

    def _reduce(self, rule: Rule) -> None:
        """Put one value in the place of those that a rule is made of."""
        values, states = self._values, self._states
        start = len(values) - rule.size
        children = _flat(values[start:])
        del values[start:], states[start + 1 :]
        if rule.builds:
            children = self._build(rule.builds, children)
        elif not rule.is_list:
            children = children[0]
        values.append(children)
        states.append(self._rows[states[-1]][rule.name])


class Misfit(Exception):
    """A text that breaks the grammar at a token, or behind the last."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


def read(tokens: Iterable[Token], build: Build) -> Any:
    """The value of a whole text.

    Errors:  Misfit, with the number of the token that does not fit.
    """
    stack, place = Stack(build), 0
    for token in tokens:
        if not stack.feed(token):
            raise Misfit(place)
        place += 1
    if not stack.finish():
        raise Misfit(place)
    return stack.value


def _flat(values: list[Any]) -> Any:
    """The values in one list. One that comes first is continued, so that a long chain costs no more
    than its length."""
    if not values:
        return values
    flat = values[0] if isinstance(values[0], list) else [values[0]]
    for value in values[1:]:
        flat.extend(value) if isinstance(value, list) else flat.append(value)
    return flat


def _nothing(builds: str, children: list[Any]) -> None:
    return None


@cache
def _terminals() -> dict[str, str]:
    """The terminals by how they are written."""
    return {text: name for name, text in fixed_texts().items()}
