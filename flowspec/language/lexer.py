"""The tokens of the language, as `grammar/flow.lark` has them, for the parser and for messages.

The scanner needs no parser: it takes any text apart, also one that breaks the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from flowspec.language.table import table

CLOSING = {"(": ")", "[": "]", "{": "}"}
"""Opening brackets, and what closes each."""
OPENING = {closing: opening for opening, closing in CLOSING.items()}

COMMENT, STRING, NUMBER, NAME, SIGN = "COMMENT", "STRING", "NUMBER", "NAME", "SIGN"
_BLANK = "BLANK"
OTHER = "OTHER"
"""A character that begins no token."""


class Token(NamedTuple):
    """A piece of the text: its kind, and where it stands. Keywords are names."""

    kind: str
    text: str
    start: int
    end: int


def fixed_texts() -> dict[str, str]:
    """The terminals that are always written in one way: `LPAR` is `(`, `LET` is `let`."""
    return table().words


@cache
def keywords() -> frozenset[str]:
    """The words with which statements begin."""
    return frozenset(text for text in fixed_texts().values() if text.isidentifier())


def scan(text: str, end: int | None = None, start: int = 0) -> Iterator[Token]:
    """The tokens of a text, or of a part of it, comments left out."""
    return (token for token in _scanned(text, end, start) if token.kind != COMMENT)


def pieces(text: str) -> Iterator[Token]:
    """The tokens of a text and its comments, in order."""
    return _scanned(text)


def comments(text: str) -> Iterator[Token]:
    """The comments of a text, `#` included."""
    return (token for token in _scanned(text) if token.kind == COMMENT)


def is_name(text: str) -> bool:
    """True for names and keywords."""
    return bool(_pattern_of(NAME).fullmatch(text))


def names(text: str) -> list[str]:
    """Everything in a text that looks like a name, also in comments and strings."""
    return [match.group() for match in _pattern_of(NAME).finditer(text)]


def _scanned(text: str, end: int | None = None, start: int = 0) -> Iterator[Token]:
    for match in _tokens().finditer(text, start, len(text) if end is None else end):
        kind = match.lastgroup or OTHER
        if kind != _BLANK:
            yield Token(kind, match.group(), match.start(), match.end())


@cache
def _pattern_of(kind: str) -> re.Pattern[str]:
    return re.compile(table().patterns[kind])


@cache
def _tokens() -> re.Pattern[str]:
    """Any token, or what lies between two of them."""
    signs = sorted(set(fixed_texts().values()) - keywords(), key=len, reverse=True)
    written = {kind: table().patterns[kind] for kind in (COMMENT, STRING, NUMBER, NAME)}
    written[SIGN] = "|".join(map(re.escape, signs))
    written |= {_BLANK: table().patterns[_BLANK], OTHER: r"[\s\S]"}
    return re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in written.items()))
