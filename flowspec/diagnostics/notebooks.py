"""Objects that notebooks show as a table and a picture.

What draws them stands far above what they are made of: it is imported when it is asked for.
"""

from __future__ import annotations

import importlib
from typing import Any


class InNotebooks:
    """A flow, a model or a bundle."""

    def _repr_html_(self) -> str:
        html: str = _display().html(self)
        return html

    def plot(self, count: int = 5000, *, seed: int = 0) -> Any:
        """A picture of so many samples, with the density where it has one or two columns.

        A conditional flow is drawn at contexts from all over their supports, and what a flow
        learns at its start. Notebooks show the picture; `.save(path)` writes it. Needs matplotlib.
        """
        return _display().picture(self, count, seed)


def _display() -> Any:
    return importlib.import_module("flowspec.notebook.display")
