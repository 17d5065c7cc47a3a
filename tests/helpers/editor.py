"""An editor that asks everything it can about a text, at a place of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowspec.editing import outline
from flowspec.editing.actions import actions
from flowspec.editing.completion import completions
from flowspec.editing.document import Document
from flowspec.editing.hints import hints
from flowspec.editing.hover import hover
from flowspec.editing.names import name_at, named
from flowspec.editing.protocol import Writer
from flowspec.editing.semantic import semantic_tokens
from flowspec.editing.signatures import signature

Question = Callable[[Document, Writer, int], Any]

QUESTIONS: dict[str, Question] = {
    "diagnostics": lambda document, writer, at: writer.diagnostics(),
    "hover": lambda document, writer, at: _if(writer.hover, hover(document, at)),
    "completion": lambda document, writer, at: writer.completions(completions(document, at)),
    "signature": lambda document, writer, at: _if(writer.signature, signature(document, at)),
    "names": lambda document, writer, at: named(document),
    "name": lambda document, writer, at: name_at(document, at),
    "symbols": lambda document, writer, at: writer.symbols(outline.symbols(document)),
    "folds": lambda document, writer, at: [writer.fold(fold) for fold in outline.folds(document)],
    "colors": lambda document, writer, at: semantic_tokens(document, writer.positions),
    "hints": lambda document, writer, at: [
        writer.hint(hint) for hint in hints(document, 0, len(document.text))
    ],
    "actions": lambda document, writer, at: [
        writer.action(action) for action in actions(document, 0, len(document.text))
    ],
}


def _if(say: Callable[[Any], Any], known: Any) -> Any:
    return say(known) if known else None


def ask_everything(document: Document, at: int) -> dict[str, Any]:
    """The answers to all questions about a document."""
    writer = Writer(document, "file:///flow.flow")
    return {name: ask(document, writer, at) for name, ask in QUESTIONS.items()}


def marked(text: str) -> tuple[str, int]:
    """A text without its `@`, and the place where that stood."""
    at = text.index("@")
    return text[:at] + text[at + 1 :], at
