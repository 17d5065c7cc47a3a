"""Samples beyond all rows: what a model without the hard edge of the data leaks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowspec.parts.writing import name_written

LOOK, BAD = 0.003, 0.01
"""Shares of the model beyond the last row."""

MISPLACED = 0.2
"""Share beyond the last row from which the model lies elsewhere: that is no edge."""


def beyond_rows(data: NDArray[Any], drawn: NDArray[Any]) -> dict[str, float]:
    """The share of samples (M,) above the largest of the rows (N,), and its chance.

    k samples lie above all rows of a perfect model, if the k largest of N + M numbers are samples:
    a chance of M (M - 1) ... (M - k + 1) / ((N + M) ... (N + M - k + 1)), near (1 - k / M)^N. It is
    an upper bound for contexts in turn, whose rows are not all alike.
    """
    count, own = len(data), int((drawn > _end(data)).sum())
    left = len(drawn) - np.arange(own)
    chance = float(np.exp(np.sum(np.log(left) - np.log(left + count))))
    return {"mass": own / len(drawn), "chance": chance}


def _end(data: NDArray[Any]) -> float:
    """The largest row; half a step above it, where rounding repeats it."""
    largest = float(data.max())
    others = data[data < largest]
    is_repeated = len(data) - len(others) > 1
    return largest + (largest - float(others.max())) / 2 if is_repeated and len(others) else largest


def in_words(name: str, end: str, mass: float, is_fine: bool) -> str:
    """What is told of so much mass beyond the "lower" or "upper" end of a column."""
    where = "below the smallest" if end == "lower" else "above the largest"
    column = name_written(name)
    figure = f"{100 * mass:.0f}" if mass > 0.1 else f"{100 * mass:.2g}"
    told = f"the model has {figure} % {where} row of `{name}`"
    if is_fine or mass > MISPLACED:
        return told
    return f"{told} (a hard edge? declare that end, and write `Onto(event, edges=[{column}])`)"
