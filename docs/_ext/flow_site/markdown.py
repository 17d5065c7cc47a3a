"""Pieces of Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def escaped(text: str) -> str:
    """Text as it stands, but what is between backticks stays code."""
    # Odd pieces are code.
    pieces = text.split("`")
    pieces[::2] = [re.sub(r"([\\*_<>\[\]|$~])", r"\\\1", piece) for piece in pieces[::2]]
    return "`".join(pieces)


def cell(text: str) -> str:
    """Text in a cell of a table, where a bar has to be escaped in code too."""
    pieces = " ".join(text.split()).split("`")
    pieces[::2] = [escaped(piece) for piece in pieces[::2]]
    pieces[1::2] = [piece.replace("|", "\\|") for piece in pieces[1::2]]
    return "`".join(pieces)


def code(text: str) -> str:
    """Code in a cell of a table."""
    bars = text.replace("|", "\\|")
    return f"`{bars}`"


def table_of(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def fenced(text: str, language: str = "text") -> str:
    """A block of code."""
    return f"```{language}\n{text.rstrip()}\n```"


def with_arxiv(text: str) -> str:
    """Escaped text, its numbers of arXiv as links."""
    return re.sub(r"arXiv:(\d{4}\.\d{4,5})", r"[arXiv:\1](https://arxiv.org/abs/\1)", escaped(text))
