"""Diagnostics by their codes: the text of `flowspec explain`, a page for each."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

from flow_site.markdown import cell, escaped, fenced, table_of
from flowspec.diagnostics.explained import Explanation, codes, explanation
from flowspec.train.feed.data_warnings import DataWarning, kinds

FOLDER = Path("docs", "codes")
"""Where the pages stand while the site is built."""

OUTSIDE_THE_MENU = "---\norphan: true\n---\n"
WRONG_FLOW = "{code-block} flow\n:force:\n"
"""The language of a block that may hold signs of no flow."""


def mistakes() -> str:
    """A table of the codes, with what each of them says."""
    return _table((page.code, page.what) for page in _explanations())


def of_data() -> str:
    """A table of the warnings of data."""
    return _table((code, _words(kind)) for code, kind in sorted(kinds().items()))


def write_pages(root: Path) -> None:
    """Write the page of each code into a clone, and take away those of codes that are no more."""
    folder = root / FOLDER
    folder.mkdir(exist_ok=True)
    pages = {page.code: _page(page) for page in _explanations()}
    pages |= {code: _page_of_data(code, kind) for code, kind in kinds().items()}
    for path in folder.glob("*.md"):
        if path.stem not in pages:
            path.unlink()
    for code, text in pages.items():
        path = folder / f"{code}.md"
        if not path.exists() or path.read_text("utf-8") != text:  # else it is read again
            path.write_text(text, "utf-8")


def _explanations() -> Iterator[Explanation]:
    return (page for code in codes() if (page := explanation(code)))


def _table(rows: Iterator[tuple[str, str]]) -> str:
    links = ((f"[`{code}`](/codes/{code}.md)", cell(_sentence(words))) for code, words in rows)
    return table_of(["code", "what it says"], links)


def _sentence(words: str) -> str:
    """The first sentence of some words."""
    return " ".join(words.split("\n\n")[0].split()).split(". ")[0].rstrip(".")


def _page(page: Explanation) -> str:
    wrong = page.wrong and f"Wrong:\n\n{fenced(page.wrong, WRONG_FLOW)}"
    right = page.right and f"Right:\n\n{fenced(page.right, 'flow')}"
    parts = [f"{OUTSIDE_THE_MENU}# {page.code}", page.what, page.why, wrong, right]
    return "\n\n".join(filter(None, [*parts, _where(page.code)])) + "\n"


def _page_of_data(code: str, kind: type[DataWarning]) -> str:
    level = "An error" if kind.level == "error" else "A warning"
    words = f"{level}, of data. {escaped(_words(kind))}"
    return f"{OUTSIDE_THE_MENU}# {code}\n\n{words}\n\n{_where(code)}\n"


def _where(code: str) -> str:
    return f"In a shell: `flowspec explain {code}`. [All codes](/reference/diagnostics.md)"


def _words(kind: type[DataWarning]) -> str:
    return inspect.cleandoc(kind.__doc__ or "")
