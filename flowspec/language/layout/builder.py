"""From the rules of the grammar to documents, which say where lines may break."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from flowspec.language.layout.documents import Document, Group, Line, Nested, joined
from flowspec.language.lexer import Token

STEP = 2
"""Columns of an indentation."""


class Piece(NamedTuple):
    """The document of a rule, and the numbers of its first and its last token."""

    document: Document
    first: int
    last: int


Items = list[Any]
"""The children of a rule: pieces and tokens."""


class LayoutBuilder:
    """One method a grammar rule, as in `TreeBuilder`.

    gaps   where lines may break
    back   gaps behind a sign that starts a line, and those before it
    """

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._numbers = {token.start: number for number, token in enumerate(tokens)}
        self.gaps = {0, len(tokens)}
        self.back: dict[int, int] = {}
        self._supported: set[int] = set()
        """The last tokens of variables that have a support."""

    def build(self, rule: str, items: Items) -> Any:
        """The piece that a rule makes; for the file, its statements and its pipeline."""
        pieces = [self._piece(item) for item in items]
        if rule == "start":
            self.gaps |= {piece.first for piece in pieces}
            return pieces
        if len(pieces) == 1 and rule not in ("context", "event"):
            return pieces[0]
        document = getattr(self, f"_{rule}")(pieces)
        return Piece(document, pieces[0].first, pieces[-1].last)

    def _piece(self, item: Any) -> Piece:
        if isinstance(item, Piece):
            return item
        number = self._numbers[item.start]
        return Piece(item.text, number, number)

    def _line(self, gap: int, flat: str = "", loose: bool = False) -> Line:
        self.gaps.add(gap)
        return Line(gap, flat, loose)

    def _last_line(self, closing: Piece, flat: str = "") -> Line:
        """The place before a closing bracket."""
        self.gaps.add(closing.first)
        return Line(closing.first, flat, inner=STEP)

    # --- values -------------------------------------------------------------------------------

    def _side_by_side(self, pieces: list[Piece]) -> Document:
        return joined(*(piece.document for piece in pieces))

    _signed = _call = _copies = _named_support = _argument = _parameter = _side_by_side

    def _power(self, pieces: list[Piece]) -> Document:
        return joined(*(_wide(piece, "**") for piece in pieces))

    def _interval(self, pieces: list[Piece]) -> Document:
        return joined(*(", " if piece.document == "," else piece.document for piece in pieces))

    def _chain(self, pieces: list[Piece]) -> Document:
        """Operands and what joins them, which starts a line where they do not fit into one."""
        links: list[Document] = []
        for sign, operand in zip(pieces[1::2], pieces[2::2], strict=True):
            self.back[operand.first] = sign.first
            links += [self._line(sign.first, " "), f"{sign.document} ", operand.document]
        whole = joined(pieces[0].document, Nested(STEP, joined(*links)))
        return Group(whole, pieces[0].first, pieces[-1].last)

    _sum = _product = _pipeline = _chain

    def _bracketed(self, pieces: list[Piece]) -> Document:
        """Items in brackets: in the line, in a line of their own, or each in one.

        Numbers fill lines; a vector alone needs no lines of its own.
        """
        opening, *inner, closing = pieces
        items = [piece for piece in inner if piece.document != ","]
        if len(items) == 1 and _is_bracketed(items[0]):
            return joined(opening.document, items[0].document, closing.document)
        loose = opening.document == "[" and all(isinstance(item.document, str) for item in items)
        parts: list[Document] = []
        for item in items:
            if parts:
                parts += [",", self._line(item.first, " ", loose)]
            parts.append(item.document)
        content: list[Document] = []
        if items:
            first = self._line(items[0].first)
            content = [first, Group(joined(*parts), items[0].first, items[-1].last)]
        whole = joined(
            opening.document, Nested(STEP, joined(*content)),
            self._last_line(closing), closing.document,
        )  # fmt: skip
        return Group(whole, opening.first, closing.last)

    _arguments = _parameters = _vector = _group = _bracketed

    def _block(self, pieces: list[Piece]) -> Document:
        opening, *body, closing = pieces
        parts = [part for piece in body for part in (self._line(piece.first, " "), piece.document)]
        whole = joined("{", Nested(STEP, joined(*parts)), self._last_line(closing, " "), "}")
        return Group(whole, opening.first, closing.last)

    def _element(self, pieces: list[Piece]) -> Document:
        *call, last = pieces
        if _is_bracketed(last, "{"):
            return joined(self._side_by_side(call), " ", last.document)
        return self._side_by_side(pieces)

    # --- statements ---------------------------------------------------------------------------

    def _variable(self, pieces: list[Piece]) -> Document:
        if any(piece.document == ":" for piece in pieces):
            self._supported.add(pieces[-1].last)
        return joined(*(": " if piece.document == ":" else piece.document for piece in pieces))

    def _event(self, pieces: list[Piece]) -> Document:
        """Variables that share a support in a line, where all do not fit into one."""
        word, *rest = pieces
        parts: list[Document] = []
        shares = True
        for variable in rest[::2]:
            if parts:
                parts += [",", self._line(variable.first, " ", loose=shares)]
            parts.append(variable.document)
            shares = variable.last not in self._supported
        columns = len(str(word.document)) + 1
        whole = joined(f"{word.document} ", Nested(columns, joined(*parts)))
        return Group(whole, word.first, pieces[-1].last)

    _context = _event

    def _let(self, pieces: list[Piece]) -> Document:
        return joined(f"let {pieces[1].document} = ", pieces[3].document)

    def _setting(self, pieces: list[Piece]) -> Document:
        return joined(f"{pieces[0].document} = ", pieces[2].document)

    def _def_(self, pieces: list[Piece]) -> Document:
        *head, _, body = pieces
        start = joined("def ", *(piece.document for piece in head[1:]), " =")
        below = Nested(STEP, joined(self._line(body.first, " "), body.document))
        return Group(joined(start, below), head[0].first, body.last)

    def _train(self, pieces: list[Piece]) -> Document:
        """Settings, with a comma between them in one line, without where each has its own."""
        word, _, *inner, closing = pieces
        settings = [piece for piece in inner if piece.document != ","]
        parts: list[Document] = []
        for number, setting in enumerate(settings):
            parts += [self._line(setting.first, ", " if number else " "), setting.document]
        whole = joined("train {", Nested(STEP, joined(*parts)), self._last_line(closing, " "), "}")
        return Group(whole, word.first, closing.last)


def _wide(piece: Piece, sign: str) -> Document:
    """A sign with a space on both sides."""
    return f" {sign} " if piece.document == sign else piece.document


def _is_bracketed(piece: Piece, brackets: str = "([") -> bool:
    """True for a document that starts with such a bracket, and may break behind it."""
    part = piece.document
    while not isinstance(part, str | Line | Nested):
        part = part.part if isinstance(part, Group) else part.parts[0]
    return isinstance(part, str) and part in brackets and not isinstance(piece.document, str)
