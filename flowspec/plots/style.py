"""Colors, limits and PNG: shared by all pictures."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

Density = Callable[[NDArray[Any]], NDArray[Any]]
DATA, SAMPLES, CONTOURS = "#222222", "#d1602b", "#1f5f8b"

STYLE: dict[Any, Any] = {
    "axes.grid": True,
    "grid.alpha": 0.25,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 9,
}


def literal(name: str) -> str:
    """A name as matplotlib writes it out: between dollars it would read formulas."""
    return name.replace("$", r"\$")


def limits_of(data: NDArray[Any], samples: NDArray[Any]) -> tuple[float, float]:
    """The range that the data covers, and nearly all samples."""
    low = min(data.min(initial=np.inf), np.quantile(samples, 0.002))
    high = max(data.max(initial=-np.inf), np.quantile(samples, 0.998))
    margin = 0.04 * (high - low) or 0.5
    return float(low - margin), float(high + margin)


def dot_size(count: int) -> float:
    """The size of a dot among so many."""
    return float(np.clip(4000 / max(count, 1), 1.0, 8.0))


def png(figure: Figure) -> bytes:
    """The figure as PNG, without the version of matplotlib: same figure, same bytes."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110, metadata={"Software": None})
    return stream.getvalue()
