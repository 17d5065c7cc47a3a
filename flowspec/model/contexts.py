"""Contexts to look at a conditional flow with, where nobody has given any."""

from __future__ import annotations

import math

import numpy as np

from flowspec.ir.flow import Flow
from flowspec.support.support import Interval


def example_context(flow: Flow, count: int, dtype: str) -> np.ndarray | None:
    """Values of the context, spread over its supports."""
    if flow.context is None:
        return None
    spread = np.linspace(0.2, 0.8, count)
    columns = [
        _within(part, np.roll(spread, 5 * i))
        for i, part in enumerate(flow.context.space.intervals or ())
    ]
    return np.stack(columns, axis=1).astype(dtype)


def _within(part: Interval, share: np.ndarray) -> np.ndarray:
    """Numbers of an interval, from numbers in (0, 1)."""
    if part.is_bounded:
        return part.low + (part.high - part.low) * share
    if math.isfinite(part.low):
        return part.low + 2 * share
    return part.high - 2 * share if math.isfinite(part.high) else 4 * share - 2
