"""The colors of a text for editors: numbers in fives, as the protocol has them."""

from __future__ import annotations

from flowspec.editing import roles as role
from flowspec.editing import vocabulary as word
from flowspec.editing.document import Document
from flowspec.editing.positions import Positions

TYPES = {
    "comment": "comment",
    "string": "string",
    "number": "number",
    role.OPERATOR: "operator",
    role.DECLARED: "variable",
    role.ARGUMENT: "parameter",
    role.VARIABLE: "variable",
    word.KEYWORD: "keyword",
    word.SETTING: "property",
    word.SUPPORT: "type",
    word.BASE: "class",
    word.STEP: "function",
    word.FORM: "keyword",
    word.MACRO: "macro",
    word.CONSTANT: "enumMember",
    word.FUNCTION: "function",
}
"""The type of the protocol for each role; others have no color."""

LEGEND = tuple(sorted(set(TYPES.values())))
MODIFIERS = ("declaration", "defaultLibrary")
_NUMBERS = {kind: LEGEND.index(name) for kind, name in TYPES.items()}
_MODIFIED = {role.DECLARED: 1, word.MACRO: 2, word.FUNCTION: 2, word.CONSTANT: 2}


def semantic_tokens(document: Document, positions: Positions) -> list[int]:
    """For each token: lines and columns since the one before, length, type and modifiers."""
    data: list[int] = []
    line_before = column_before = 0
    for token, kind in document.roles:
        if kind not in _NUMBERS:
            continue
        line, column = positions.position(token.start)
        _, end = positions.position(token.end)
        since = column if line > line_before else column - column_before
        data += [line - line_before, since, end - column, _NUMBERS[kind], _MODIFIED.get(kind, 0)]
        line_before, column_before = line, column
    return data
