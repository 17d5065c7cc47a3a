"""Text to syntax tree.

Whatever the text is, the answer is a tree or a `FlowError`, in time linear in its length.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError
from flowspec.diagnostics.source import Source, Span
from flowspec.language import lexer, syntax, syntax_diagnosis
from flowspec.language import syntax_mistakes as mistakes
from flowspec.language.stack import Build, Misfit, Stack, read
from flowspec.language.syntax_repairs import repaired
from flowspec.language.tree import TreeBuilder
from flowspec.parts.limits import DEEPEST_BRACKETS, LARGEST_TEXT, MOST_TOKENS


def read_source(path: str | Path) -> Source:
    """The text of a file, or a `FlowError` that says why it cannot be read as one."""
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST_TEXT:
            raise FlowError(
                mistakes.FileTooLarge(where=path.name, size=path.stat().st_size, limit=LARGEST_TEXT)
            )
        data = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise FlowError(
            mistakes.UnreadableFile(where=str(path), name=path.name, reason=reason)
        ) from None
    return decoded(data, path.name)


def decoded(data: bytes, name: str) -> Source:
    """The text that some bytes are, or a `FlowError` that says why they are none."""
    if b"\0" in data:
        raise FlowError(mistakes.NotText(where=name, name=name, reason="it holds binary data"))
    try:
        return Source(data.decode("utf-8"), name)
    except UnicodeDecodeError as error:
        reason = f"byte {error.start + 1} is not UTF-8"
        raise FlowError(mistakes.NotText(where=name, name=name, reason=reason)) from None


def parse_text(source: Source) -> syntax.File:
    """The syntax tree of a text, or a `FlowError` with the first place that breaks the grammar."""
    statements, pipeline = built(source, tokens_of(source), TreeBuilder(source).build)
    span = Span(source, 0, len(source.text))
    return syntax.File(span, statements, pipeline, _comments(source))


def tokens_of(source: Source) -> list[lexer.Token]:
    """The tokens of a text, or a `FlowError` if it is too long."""
    if len(source.text) > LARGEST_TEXT:
        raise FlowError(
            mistakes.FileTooLarge(where=source.name, size=len(source.text), limit=LARGEST_TEXT)
        )
    tokens = list(lexer.scan(source.text))
    _check_size(source, tokens)
    return tokens


def built(source: Source, tokens: list[lexer.Token], build: Build) -> Any:
    """The value that a builder makes of the tokens of a text.

    Errors:  FlowError, with the first place that breaks the grammar.
    """
    try:
        return read(tokens, build)
    except Misfit as misfit:
        raise FlowError(repaired(_mistake(source, tokens, misfit.place))) from None


def _mistake(source: Source, tokens: list[lexer.Token], place: int) -> Diagnostic:
    """The mistake at a token, or at the end of the text."""
    if place == len(tokens):
        end = len(source.text.rstrip())
        return syntax_diagnosis.at_token(source, Span(source, end, end), _accepted(tokens))
    token = tokens[place]
    if token.kind == lexer.OTHER:
        return syntax_diagnosis.at_character(source, token.start)
    span = Span(source, token.start, token.end)
    return syntax_diagnosis.at_token(source, span, _accepted(tokens[:place]))


def _accepted(tokens: list[lexer.Token]) -> set[str]:
    """The terminals that could stand behind some tokens.

    They are read anew: the stack has moved on before it sees that a token does not fit.
    """
    stack = Stack(lambda rule, children: None)
    for token in tokens:
        stack.feed(token)
    return stack.accepted()


def _check_size(source: Source, tokens: list[lexer.Token]) -> None:
    depth = 0
    for count, token in enumerate(tokens):
        if count == MOST_TOKENS:
            raise FlowError(
                mistakes.TooManyWords(span=Span(source, token.start, token.end), limit=MOST_TOKENS)
            )
        if token.text in lexer.CLOSING:
            depth += 1
            if depth > DEEPEST_BRACKETS:
                span = Span(source, token.start, token.start + 1)
                raise FlowError(mistakes.NestedTooDeeply(span=span, limit=DEEPEST_BRACKETS))
        elif token.text in lexer.OPENING:
            depth -= 1


def _comments(source: Source) -> tuple[syntax.Name, ...]:
    return tuple(
        syntax.Name(Span(source, comment.start, comment.end), comment.text.rstrip())
        for comment in lexer.comments(source.text)
    )
