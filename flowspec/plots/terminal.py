"""Curves in a terminal, of the dots of braille."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 56, 12
"""Characters across and down; each has 2 x 4 dots."""

BLANK = 0x2800
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a character, row by row."""


def curve(x: NDArray[np.floating], y: NDArray[np.floating], title: str) -> str:
    """A line through points, with the ends of its axes. Points that are not finite are left out."""
    finite = np.isfinite(x) & np.isfinite(y)
    low, high = float(y[finite].min()), float(y[finite].max())
    cells = np.full((HEIGHT, WIDTH), BLANK)
    across = np.linspace(x[0], x[-1], 8 * WIDTH)
    down = np.interp(across, x, np.where(finite, y, np.nan))
    for place, value in zip(across, down, strict=True):
        if np.isfinite(value):
            column = min(int((place - x[0]) / (x[-1] - x[0]) * 2 * WIDTH), 2 * WIDTH - 1)
            row = min(int((high - value) / ((high - low) or 1.0) * 4 * HEIGHT), 4 * HEIGHT - 1)
            cells[row // 4, column // 2] |= DOTS[row % 4][column % 2]
    lines = ["".join(map(chr, line)).rstrip(chr(BLANK)) for line in cells]
    return "\n".join([title, *_beside(lines, low, high), *_below(x)])


def _beside(lines: list[str], low: float, high: float) -> list[str]:
    ends = {0: f"{high:.3g}", HEIGHT - 1: f"{low:.3g}"}
    return [f"{ends.get(row, ''):>8} ┤{line}" for row, line in enumerate(lines)]


def _below(x: NDArray[np.floating]) -> list[str]:
    left, right = f"{x[0]:.3g}", f"{x[-1]:.3g}"
    return [f"{'':8} └{'─' * WIDTH}", f"{'':10}{left}{right:>{WIDTH - len(left)}}"]
