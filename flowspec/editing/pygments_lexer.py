"""The colors of flows for Pygments, which documentation and notebooks use: the lexer `flow`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pygments.lexer import Lexer
from pygments.token import (
    Comment,
    Error,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

from flowspec.editing import roles as role
from flowspec.editing import vocabulary as word

TOKENS: dict[str, Any] = {
    "comment": Comment.Single,
    "string": String.Double,
    "number": Number,
    "error": Error,
    role.OPERATOR: Operator,
    role.PUNCTUATION: Punctuation,
    role.DECLARED: Name.Variable,
    role.ARGUMENT: Name.Attribute,
    role.VARIABLE: Name,
    word.KEYWORD: Keyword.Declaration,
    word.SETTING: Name.Attribute,
    word.SUPPORT: Keyword.Type,
    word.BASE: Name.Class,
    word.STEP: Name.Function,
    word.FORM: Keyword,
    word.MACRO: Name.Function.Magic,
    word.CONSTANT: Keyword.Constant,
    word.FUNCTION: Name.Builtin,
}
"""The token of Pygments for each role."""


class FlowLexer(Lexer):  # type: ignore[misc]  # Pygments has no types
    """Flows: `.flow` files, and blocks of documentation that are marked `flow`."""

    name: ClassVar[str] = "FlowSpec"
    aliases: ClassVar[list[str]] = ["flow", "flowspec"]
    filenames: ClassVar[list[str]] = ["*.flow"]
    url = ""

    def get_tokens_unprocessed(self, text: str) -> Iterator[tuple[int, Any, str]]:
        """The places, tokens and texts, which together are the whole text."""
        end = 0
        for token, kind in role.roles(text):
            if token.start > end:
                yield end, Whitespace, text[end : token.start]
            yield token.start, TOKENS[kind], token.text
            end = token.end
        if end < len(text):
            yield end, Whitespace, text[end:]
