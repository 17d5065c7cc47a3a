"""The statements and elements of a text, told by its tokens alone: it may be half written.

A text falls into units: each statement is one, and each element of the pipeline at its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flowspec.language.lexer import CLOSING, NAME, NUMBER, OPENING, SIGN, STRING, Token, keywords

ELEMENT = "element"
_PIPE = "|>"
_ATOMS = (NAME, NUMBER, STRING)


class Unit(NamedTuple):
    """A statement, by its keyword, or an element; `first` to `last` (exclusive) are its tokens."""

    kind: str
    first: int
    last: int


def units(tokens: Sequence[Token], text: str) -> list[Unit]:
    """The units of the tokens of a text, in order; the `|>` between elements are in none."""
    found: list[Unit] = []
    splitter = _Splitter(tokens, text)
    while splitter.place < len(tokens):
        unit = splitter.next()
        if unit.last > unit.first:
            found.append(unit)
    return found


class _Splitter:
    """A reader of one unit after the other."""

    def __init__(self, tokens: Sequence[Token], text: str) -> None:
        self.tokens, self.text, self.place = tokens, text, 0
        self.has_pipeline = False

    def next(self) -> Unit:
        """The unit at the place, behind which the place is then."""
        first = self.place
        kind = ELEMENT
        if self.tokens[first].text in keywords() and self._starts_statement(first):
            kind = self.tokens[first].text
        elif self.tokens[first].text == _PIPE:
            self.place = first + 1
            return Unit(ELEMENT, first, first)
        last = self._end(first, kind)
        self.place = last
        return Unit(kind, first, last)

    def _end(self, first: int, kind: str) -> int:
        """The first token behind a unit. In brackets that are never closed, lines end it."""
        depth, lost = 0, 0
        for place in range(first + 1, len(self.tokens) + 1):
            depth += _opens(self.tokens[place - 1])
            depth = max(depth, 0)
            if place == len(self.tokens):
                break
            if depth == 0 and self._ends(place, kind):
                return place
            if depth and not lost and self._begins_line(place) and self._could_start(place):
                lost = place
        return lost if depth and lost else len(self.tokens)

    def _ends(self, place: int, kind: str) -> bool:
        token, before = self.tokens[place], self.tokens[place - 1]
        if token.text == _PIPE:
            return kind == ELEMENT
        if token.kind not in _ATOMS or (token.kind == SIGN):
            return False
        return self._starts_statement(place) or (place - 1 > 0 and _is_end(before, kind))

    def _starts_statement(self, place: int) -> bool:
        """True for a keyword at a place where a statement can begin."""
        if self.tokens[place].text not in keywords():
            return False
        if place == 0:
            return True
        before = self.tokens[place - 1]
        return before.text not in keywords() and (self._begins_line(place) or _is_end(before, ""))

    def _begins_line(self, place: int) -> bool:
        start = self.tokens[place].start
        return "\n" in self.text[self.tokens[place - 1].end : start]

    def _could_start(self, place: int) -> bool:
        """True for a `|>`, and for a keyword with what follows it in a statement."""
        token = self.tokens[place]
        if token.text == _PIPE or place + 1 == len(self.tokens):
            return token.text == _PIPE
        behind = self.tokens[place + 1]
        return token.text in keywords() and (behind.kind in (NAME, STRING) or behind.text == "{")


def _is_end(token: Token, kind: str) -> bool:
    """True for a token behind which a value, and with it a unit, can be complete."""
    if token.kind in (NUMBER, STRING) or token.text in OPENING:
        return True
    return token.kind == NAME and token.text not in keywords() and token.text != kind


def _opens(token: Token) -> int:
    if token.kind != SIGN:
        return 0
    return (token.text in CLOSING) - (token.text in OPENING)


class Brackets(NamedTuple):
    """An open bracket: its token, and the name that stands before it ("" if none does)."""

    opening: Token
    called: str
    first: int
    """The number of the first token behind it."""


def open_brackets(tokens: Sequence[Token], first: int, last: int) -> list[Brackets]:
    """The brackets that are open before a token, the innermost at the end."""
    stack: list[Brackets] = []
    for place in range(first, last):
        token = tokens[place]
        if token.kind != SIGN:
            continue
        if token.text in CLOSING:
            stack.append(Brackets(token, _called(tokens, first, place), place + 1))
        elif token.text in OPENING and stack:
            stack.pop()
    return stack


def _called(tokens: Sequence[Token], first: int, place: int) -> str:
    """The name before a bracket, over the arguments that stand between in `repeat(4) {`."""
    before = name_before(tokens, place)
    return tokens[before].text if before >= first and tokens[before].kind == NAME else ""


def name_before(tokens: Sequence[Token], place: int) -> int:
    """The token that a bracket belongs to: the one before it, or before the arguments there."""
    before = place - 1
    if tokens[place].text != "{" or before < 0 or tokens[before].text not in OPENING:
        return before
    depth = 0
    while before >= 0:
        depth -= _opens(tokens[before])
        before -= 1
        if depth == 0:
            break
    return before
