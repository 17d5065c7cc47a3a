"""Rows with missing cells: these are filled with draws, or summed out of the density."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowspec.diagnostics.diagnostic import FlowError
from flowspec.runtime.bundle import Bundle
from flowspec.runtime.conditioned import Conditioned, TooRare

Rows = NDArray[np.float64]
Told = Callable[[int], object]


@dataclass(frozen=True, eq=False)
class Filled:
    """Rows (draws, N, D), and how many could not be filled: their cells are NaN still."""

    rows: Rows
    wanting: int


def filled(
    bundle: Bundle,
    values: NDArray[Any],
    context: NDArray[Any] | None = None,
    *,
    draws: int = 1,
    seed: int = 0,
    told: Told = lambda rows: None,
) -> Filled:
    """Rows (N, D) whose missing cells, NaN, are drawn given the others.

    context   (N, C)
    told      is called with a number of rows as they are done
    """
    values = np.asarray(values, float)
    rows, wanting = np.repeat(values[None], draws, axis=0), 0
    for row, flow in _incomplete(bundle, values, context, seed):
        told(1)
        try:
            drawn = flow.draw(values[row], draws, stream=row).rows if flow else None
        except FlowError as error:
            if not isinstance(error.diagnostics[0], TooRare):
                raise
            drawn = None
        if drawn is None:
            wanting += 1
        else:
            rows[:, row] = np.where(np.isnan(values[row]), drawn, values[row])
    return Filled(rows, wanting)


def summed_out(
    bundle: Bundle,
    values: NDArray[Any],
    context: NDArray[Any] | None = None,
    *,
    seed: int = 0,
    told: Told = lambda rows: None,
) -> tuple[Rows, Rows]:
    """The log-densities (N,) of rows (N, D) in the columns that they have, and their standard
    errors: NaN for rows that have none of them, no context, or are too rare for an estimate.

    Complete rows are left to `Bundle.log_prob`: they are NaN, too.
    """
    values = np.asarray(values, float)
    log_prob, error = np.full(len(values), np.nan), np.full(len(values), np.nan)
    for row, flow in _incomplete(bundle, values, context, seed):
        told(1)
        if flow and not np.isnan(values[row]).all():
            log_prob[row], error[row] = flow.marginal(values[row])
    return log_prob, error


def _incomplete(
    bundle: Bundle, values: NDArray[Any], context: NDArray[Any] | None, seed: int
) -> Iterator[tuple[int, Conditioned | None]]:
    """The rows with missing cells, and the flow for their context, None where that is missing.

    Neighbours with the same context share a flow, which keeps what it has found.
    """
    known: tuple[bytes, Conditioned | None] | None = None
    for row in np.flatnonzero(np.isnan(values).any(axis=1)).tolist():
        given = None if context is None else np.asarray(context[row])
        key = b"" if given is None else given.tobytes()
        if known is None or known[0] != key:
            is_known = given is None or bool(np.isfinite(given).all())
            known = key, Conditioned(bundle, seed, given) if is_known else None
        yield row, known[1]
