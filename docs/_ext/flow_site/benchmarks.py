"""The benchmarks, from the docstrings of their scripts."""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

from flow_site.markdown import escaped, fenced

FOLDER = Path(__file__).parents[3] / "benchmarks"
TOOLS = ("elementary_coefficients", "set_up_engines")
"""Scripts that measure nothing."""


def scripts() -> str:
    """A section for each script."""
    paths = sorted(path for path in FOLDER.glob("*.py") if path.stem not in TOOLS)
    texts = {path: path.read_text("utf-8") for path in paths}
    return "\n\n".join(
        f"### {path.stem}\n\n{_described(text)}"
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
