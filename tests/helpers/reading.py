"""A text as lark reads it by the grammar, and as the parsing table that is kept does."""

from __future__ import annotations

from importlib import resources

from lark import Lark, Token, UnexpectedCharacters, UnexpectedToken
from lark.visitors import Transformer_NonRecursive

from flowspec.language.lexer import OTHER, scan
from flowspec.language.stack import Stack

LARK = Lark(
    resources.files("flowspec.grammar").joinpath("flow.lark").read_text("utf-8"),
    parser="lalr",
    maybe_placeholders=False,
)


class Rules(Transformer_NonRecursive):
    """The rules of a tree, children first, with the tokens among the children of each."""

    def __init__(self) -> None:
        super().__init__()
        self.applied: list[object] = []

    def __default__(self, rule, children, meta) -> None:
        tokens = [(str(c), c.start_pos) if isinstance(c, Token) else None for c in children]
        self.applied.append((str(rule), tokens))


def as_lark_reads(text: str) -> object:
    """The rules of a text, or the place at which it goes wrong."""
    rules = Rules()
    try:
        rules.transform(LARK.parse(text))
    except UnexpectedToken as error:
        return len(text) if error.token.type == "$END" else error.pos_in_stream
    except UnexpectedCharacters as error:
        return error.pos_in_stream
    return rules.applied


def as_read(text: str) -> object:
    """The same with the table that is kept."""
    applied: list[object] = []

    def build(rule: str, children: list) -> None:
        applied.append((rule, [child and (child.text, child.start) for child in children]))

    stack = Stack(build)
    for token in scan(text):
        if token.kind == OTHER or not stack.feed(token):
            return token.start
    return applied if stack.finish() else len(text)
