"""Objects that notebooks show as a table and a picture.

What draws them stands far above what they are made of, and is not known here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar


class InNotebooks:
    """A flow, a model or a bundle.

    views   gives what draws them; the package says what that is
    """

    views: ClassVar[Callable[[], Any]]

    def _repr_html_(self) -> str:
        html: str = type(self).views().html(self)
        return html

    def plot(self, count: int = 5000, *, seed: int = 0) -> Any:
        """A picture of so many samples, with the density where it has one or two columns.

        A conditional flow is drawn at contexts from all over their supports, and what a flow
        learns at its start. Notebooks show the picture; `.save(path)` writes it. Needs matplotlib.
        """
        return type(self).views().picture(self, count, seed)
