"""A text in its canonical layout. Its tokens stay, but for commas that say nothing."""

from __future__ import annotations

from flowspec.diagnostics.kinds import TEXT, require
from flowspec.diagnostics.source import Source
from flowspec.language import lexer
from flowspec.language.layout.builder import LayoutBuilder, Piece
from flowspec.language.layout.comments import Comments, blank_line, placed
from flowspec.language.layout.printing import Page
from flowspec.language.parser import built, tokens_of


def format(text: str, name: str = "<flow>") -> str:
    """The text of a flow in the canonical layout. It means the same, and keeps its comments.

    Errors:  FlowError, where the text breaks the grammar.
    Example:
        >>> import flowspec
        >>> flowspec.format("Normal(0,1)|>Exp # positive")
        'Normal(0, 1) |> Exp  # positive\\n'
    """
    require("format", text=(text, TEXT), name=(name, TEXT))
    return formatted(Source(text, name))


def formatted(source: Source) -> str:
    """The canonical layout of a source.

    Errors:  FlowError, where it breaks the grammar.
    """
    tokens = tokens_of(source)
    builder = LayoutBuilder(tokens)
    pieces: list[Piece] = built(source, tokens, builder.build)
    comments = placed(source.text, tokens, lexer.comments(source.text), builder.gaps, builder.back)
    page = Page(comments)
    for piece in pieces:
        _gap(page, source, tokens, comments, piece.first)
        page.add(piece.document)
    _gap(page, source, tokens, comments, len(tokens))
    return page.text.strip("\n") + "\n" if page.text.strip() else ""


def _gap(
    page: Page, source: Source, tokens: list[lexer.Token], comments: Comments, gap: int
) -> None:
    """Print what stands before a statement: comments, and at most one blank line between them."""
    end = tokens[gap - 1].end if gap else 0
    for comment in comments.at(gap):
        if comment.spaced and not comment.ends_line:
            page.blank()
        page.comment(comment)
        end = max(end, comment.end)
    if gap < len(tokens) and blank_line(source.text, end, tokens[gap].start):
        page.blank()
