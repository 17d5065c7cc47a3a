"""Explanations of diagnostics by their codes: what is wrong, why, a wrong text and a right one.

Each is a page in `explanations/`, which commands print and the documentation shows.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

from flowspec.diagnostics.records import Record, record


@record
class Explanation(Record):
    """A page about one code.

    what    what is wrong, in a sentence
    why     what would go wrong, or how it is meant; "" where that needs no words
    wrong   a text with this mistake and no other; "" for what is no mistake of a short text
    right   the text without it
    """

    code: str
    what: str
    why: str
    wrong: str
    right: str

    def __str__(self) -> str:
        """The page for a terminal."""
        programs = [("Wrong:", self.wrong), ("Right:", self.right)]
        shown = [f"{word}\n\n{_indented(text)}" for word, text in programs if text]
        return "\n\n".join(filter(None, [self.code, self.what, self.why, *shown]))


@cache
def codes() -> tuple[str, ...]:
    """The codes that are explained."""
    pages = (page.name for page in _folder().iterdir())
    return tuple(sorted(name.removesuffix(".md") for name in pages if name.endswith(".md")))


def explanation(code: str) -> Explanation | None:
    """The explanation of a code; None if there is none."""
    if code not in codes():
        return None
    page = (_folder() / f"{code}.md").read_text("utf-8")
    _, what, *rest = re.split(r"\n\n", page.split("\n```", 1)[0].strip())
    programs = dict(re.findall(r"```flow (wrong|right)\n(.*?)```", page, re.DOTALL))
    return Explanation(
        code=code,
        what=what,
        why="\n\n".join(rest),
        wrong=programs.get("wrong", ""),
        right=programs.get("right", ""),
    )


def _folder() -> Any:
    return files("flowspec.diagnostics") / "explanations"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.rstrip().split("\n"))
