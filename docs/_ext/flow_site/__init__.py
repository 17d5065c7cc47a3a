"""The part of the site that is made by its build: an extension of Sphinx.

`<!-- made: NAME -->` in a page stands for Markdown that a function of `made.py` gives; each code of
a diagnostic gets a page. Links of pages to files of the repository lead to the pages of the site
that show them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flow_site import codes, links, made
from flowspec.editing.pygments_lexer import FlowLexer


def setup(app: Any) -> dict[str, Any]:
    """Connect to a build."""
    app.add_lexer("flow", FlowLexer)
    app.connect("builder-inited", lambda app: codes.write_pages(made.ROOT))
    app.connect("source-read", _read)
    app.connect("env-get-outdated", _made_of_code)
    return {"version": "1", "parallel_read_safe": True}


def _read(app: Any, page: str, source: list[str]) -> None:
    text = links.inward(source[0], Path("docs", page).parent)
    source[0] = made.filled(links.to_codes(text))


def _made_of_code(app: Any, env: Any, *changes: Any) -> list[str]:
    """The pages that are to be read again, though their own text is the same."""
    pages = {page: Path(env.doc2path(page)) for page in env.found_docs}
    return [page for page, path in pages.items() if made.NAMED.search(path.read_text("utf-8"))]
