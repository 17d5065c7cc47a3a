"""The benchmarks: the docstrings of their scripts, and figures that they wrote."""

from __future__ import annotations

import ast
import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from flow_site.markdown import cell, escaped, fenced, table_of

FOLDER = Path(__file__).parents[3] / "benchmarks"
FIGURES = Path(__file__).parents[2] / "figures"
TOOLS = ("elementary_coefficients", "set_up_engines")
"""Scripts that measure nothing."""


def scripts() -> str:
    """A section for each script."""
    paths = sorted(path for path in FOLDER.glob("*.py") if path.stem not in TOOLS)
    texts = {path: path.read_text("utf-8") for path in paths}
    return "\n\n".join(
        "\n\n".join([f"### {path.stem}", _described(text), *_figures(path.stem)])
        for path, text in texts.items()
        if "__main__" in text
    )


def _described(script: str) -> str:
    words = ast.get_docstring(ast.parse(script)) or ""
    return "\n\n".join(map(_paragraph, re.split(r"\n\n+", words)))


def _paragraph(text: str) -> str:
    if text.startswith("    "):
        return fenced(textwrap.dedent(text), "sh")
    return escaped(text)


def _figures(name: str) -> Iterator[str]:
    """What a script measured, with the command that did."""
    path = FIGURES / f"{name}.json"
    if not path.exists():
        return
    figures = json.loads(path.read_text("utf-8"))
    versions = ", ".join(f"{name} {version}" for name, version in figures["versions"].items())
    yield fenced(figures["command"], "sh")
    yield escaped(f"gave, on {figures['date']}, on {figures['machine']}, with {versions}:")
    for table in figures["tables"]:
        yield escaped(f"{table['title']}:")
        yield table_of([cell(head) for head in table["heads"]], _cells(table["rows"]))


def _cells(rows: list[list[str]]) -> Iterator[list[str]]:
    return ([cell(text) for text in row] for row in rows)
