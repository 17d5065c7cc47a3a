"""Diagnostics by their codes: the text of `flowspec explain`."""

from __future__ import annotations

import inspect

from flow_site.markdown import escaped, fenced
from flowspec.diagnostics.explained import Explanation, codes, explanation
from flowspec.train.feed.data_warnings import DataWarning, kinds

WRONG_FLOW = "{code-block} flow\n:force:\n"
"""The language of a block that may hold signs of no flow."""


def mistakes() -> str:
    """A section for each code."""
    pages = (explanation(code) for code in codes())
    return "\n\n".join(_section(page) for page in pages if page)


def of_data() -> str:
    """A section for each warning of data."""
    return "\n\n".join(_warning(code, kind) for code, kind in sorted(kinds().items()))


def _section(page: Explanation) -> str:
    wrong = page.wrong and f"Wrong:\n\n{fenced(page.wrong, WRONG_FLOW)}"
    right = page.right and f"Right:\n\n{fenced(page.right, 'flow')}"
    return "\n\n".join(filter(None, [f"### {page.code}", page.what, page.why, wrong, right]))


def _warning(code: str, kind: type[DataWarning]) -> str:
    level = "An error" if kind.level == "error" else "A warning"
    return f"### {code}\n\n{level}. {escaped(inspect.cleandoc(kind.__doc__ or ''))}"
