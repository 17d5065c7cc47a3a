"""The score of a cross-validation: each row by the flow that had not seen it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from flowspec.diagnostics.quantities import amount
from flowspec.train.gaussians import Points
from flowspec.train.held_out import HeldOut


def cross_validation(folds: Sequence[HeldOut]) -> dict[str, Any]:
    """The mean log-density of all rows in nats, its standard error, and the means of the folds.

    Rows outside the support of their flow are counted apart.
    """
    own = np.concatenate([fold.own for fold in folds])
    weights = np.concatenate([_weights(fold) for fold in folds])
    inside = np.isfinite(own)
    if not weights[inside].any():
        return {}
    mean = float(np.average(own[inside], weights=weights[inside]))
    shares = weights[inside] / weights[inside].sum()
    return {
        "rows": len(own),
        "mean": mean,
        "standard_error": math.sqrt(float((shares**2 * (own[inside] - mean) ** 2).sum())),
        "outside": int((~inside).sum()),
        "folds": [_mean(fold) for fold in folds],
    }


def in_words(score: Mapping[str, Any]) -> list[str]:
    """The score in a line."""
    if not score:
        return []
    line = (
        f"cross-validation over {len(score['folds'])} folds: {score['mean']:.3f} +- "
        f"{score['standard_error']:.3f} nats a row, each held out once"
    )
    outside = score["outside"]
    return [
        line + (f"; {outside} of {amount(score['rows'], 'row')} have density 0" if outside else "")
    ]


def _weights(fold: HeldOut) -> Points:
    return np.ones(len(fold.own)) if fold.weights is None else fold.weights


def _mean(fold: HeldOut) -> float | None:
    inside, weights = np.isfinite(fold.own), _weights(fold)
    counted = weights[inside]
    return float(np.average(fold.own[inside], weights=counted)) if counted.any() else None
