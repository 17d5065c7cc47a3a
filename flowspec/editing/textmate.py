"""The grammar that VS Code and others color flows by, made of the words and tokens of the language.

`python editors/vscode/write_grammar.py` writes it; a test holds the file to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from flowspec.editing.vocabulary import (
    BASE,
    CONSTANT,
    FORM,
    FUNCTION,
    MACRO,
    STEP,
    SUPPORT,
    vocabulary,
)
from flowspec.language.lexer import COMMENT, NAME, NUMBER, STRING, keywords
from flowspec.language.table import table

SCOPES = {
    BASE: "support.class.base.flow",
    STEP: "support.function.step.flow",
    FORM: "keyword.control.form.flow",
    MACRO: "entity.name.function.macro.flow",
    CONSTANT: "constant.language.flow",
    FUNCTION: "support.function.math.flow",
}
"""The scope of each kind of word."""

_KEYWORD = "keyword.declaration.flow"
_OPERATORS = {
    r"\|>": "keyword.operator.pipe.flow",
    r"\*\*|[-+*/]": "keyword.operator.arithmetic.flow",
    "=": "keyword.operator.assignment.flow",
    ",": "punctuation.separator.flow",
    ":": "punctuation.separator.support.flow",
    r"[()\[\]{}]": "punctuation.section.brackets.flow",
}


def grammar() -> str:
    """The grammar as the text of its file."""
    made = {
        "name": "FlowSpec",
        "scopeName": "source.flow",
        "fileTypes": ["flow"],
        "patterns": [*_plain(), *_declarations(), *_words(), *_signs()],
    }
    return json.dumps(made, indent=2) + "\n"


def _plain() -> list[dict[str, Any]]:
    patterns = table().patterns
    return [
        _match(patterns[COMMENT], "comment.line.number-sign.flow"),
        _match(patterns[STRING], "string.quoted.double.flow"),
        _match(rf"(?<![\w.])({patterns[NUMBER]})", "constant.numeric.flow"),
    ]


def _declarations() -> list[dict[str, Any]]:
    """What statements declare, the supports behind a `:`, and the names of arguments."""
    name = table().patterns[NAME]
    lists = _any(keywords() - {"let", "def", "train"})
    return [
        _captured(rf"\b(let)\s+({name})", _KEYWORD, "variable.other.constant.flow"),
        _captured(rf"\b(def)\s+({name})", _KEYWORD, "entity.name.function.flow"),
        _match(rf"(?<!\()\b{lists}\b(?=\s*[\"A-Za-z_])", _KEYWORD),
        _match(r"\btrain\b(?=\s*\{)", _KEYWORD),
        _captured(
            rf"(:)\s*({_any(vocabulary()[SUPPORT])})\b",
            "punctuation.separator.support.flow",
            "support.type.flow",
        ),
        _captured(
            rf"\b({name})\s*(=)", "variable.parameter.flow", "keyword.operator.assignment.flow"
        ),
    ]


def _words() -> list[dict[str, Any]]:
    words = {kind: [w for w in vocabulary()[kind] if w != "learn"] for kind in SCOPES}
    known = [_match(rf"\b{_any(words[kind])}\b", scope) for kind, scope in SCOPES.items()]
    name = _match(rf"\b{table().patterns[NAME]}\b", "variable.other.flow")
    return [_match(r"\blearn\b", "keyword.other.learn.flow"), *known, name]


def _signs() -> list[dict[str, Any]]:
    return [_match(pattern, scope) for pattern, scope in _OPERATORS.items()]


def _any(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, sorted(words)))})"


def _match(pattern: str, scope: str) -> dict[str, Any]:
    return {"match": pattern, "name": scope}


def _captured(pattern: str, *scopes: str) -> dict[str, Any]:
    """A pattern whose groups have a scope each."""
    captures = {str(number): {"name": scope} for number, scope in enumerate(scopes, start=1)}
    return {"match": pattern, "captures": captures}
