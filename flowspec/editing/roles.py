"""The role of each token of a text: what it is to a reader. It needs no text that is right."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from flowspec.editing.vocabulary import (
    KEYWORD,
    SETTING,
    SUPPORT,
    kinds_of_names,
    vocabulary,
)
from flowspec.language.lexer import (
    CLOSING,
    COMMENT,
    NAME,
    NUMBER,
    OPENING,
    OTHER,
    STRING,
    Token,
    keywords,
    pieces,
)

OPERATOR, PUNCTUATION = "operator", "punctuation"
DECLARED, ARGUMENT, VARIABLE = "declared", "argument", "variable"

_PLAIN = {COMMENT: "comment", STRING: "string", NUMBER: "number", OTHER: "error"}
_PUNCTUATION = frozenset("()[]{},:")
_NO_STATEMENT_BEHIND = frozenset(["|>", ",", "=", ":", "+", "-", "*", "/", "**"])
"""Signs behind which the same statement goes on, whatever the next word is."""


class Role(NamedTuple):
    """A token, and its role: a kind of word, or one of the names above."""

    token: Token
    role: str


def roles(text: str) -> Iterator[Role]:
    """The tokens of a text with their roles, comments included, in order."""
    reader = _Reader()
    tokens = list(pieces(text))
    code = [token for token in tokens if token.kind != COMMENT]
    behind = {token.start: after for token, after in zip_longest(code, code[1:])}
    for token in tokens:
        if token.kind == COMMENT:
            yield Role(token, "comment")
        else:
            yield Role(token, reader.role(token, behind[token.start]))


class _Reader:
    """What stands before a token, as far as roles depend on it."""

    def __init__(self) -> None:
        self.before = ""
        self.statement = ""
        self.open: list[str] = []
        """The brackets that are open, `train` for the braces of that statement."""

    def role(self, token: Token, behind: Token | None) -> str:
        role = self._role(token, behind.text if behind else "")
        self._read(token, role)
        return role

    def _role(self, token: Token, behind: str) -> str:
        if token.kind in _PLAIN:
            return DECLARED if token.kind == STRING and self._declares() else _PLAIN[token.kind]
        if token.kind != NAME:
            return PUNCTUATION if token.text in _PUNCTUATION else OPERATOR
        if self._starts_statement(token):
            return KEYWORD
        if self.open and self.open[-1] in ("(", "train") and behind == "=":
            return SETTING if self.open[-1] == "train" else ARGUMENT
        if self._declares():
            return DECLARED
        if self.before == ":" and token.text in vocabulary()[SUPPORT]:
            return SUPPORT
        return kinds_of_names().get(token.text, VARIABLE)

    def _starts_statement(self, token: Token) -> bool:
        free = not self.open and self.before not in _NO_STATEMENT_BEHIND
        return token.text in keywords() and free and self.before not in keywords()

    def _declares(self) -> bool:
        """True where a statement names what it declares."""
        if self.open:
            return False
        starts = self.before == self.statement
        more = self.before == "," and self.statement in ("event", "context")
        return bool(self.statement) and (starts or more)

    def _read(self, token: Token, role: str) -> None:
        if role == KEYWORD:
            self.statement = token.text
        elif token.kind != NAME and token.text in CLOSING:
            is_train = self.before == self.statement == "train"
            self.open.append("train" if is_train else token.text)
        elif token.kind != NAME and token.text in OPENING and self.open:
            self.open.pop()
        self.before = token.text
