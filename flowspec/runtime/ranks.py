"""Ranks of densities among the rows of a training, which a bundle keeps in `ranks.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.runtime.formats import BrokenBundle

FILE = "ranks.json"

EVEN = 1000
"""Steps of the same share of the rows, at whose ends densities are kept."""

LOWEST = 64
"""Rows of the lowest density, each of which is kept; above them the steps grow."""


@mistake
class NoRanks(Diagnostic):
    message = "{path} does not know the densities of the rows that it was trained on"
    help = "{advice}"
    path: str
    advice: str = "fit it anew: `flowspec fit` keeps them"


@dataclass(frozen=True, eq=False)
class Ranks:
    """Log-densities of the rows of a training, some of them in order.

    rows       of the training
    below      how many rows have a lower density than each of the kept ones, rising
    log_prob   the densities that are kept, rising
    """

    rows: int
    below: NDArray[np.int64]
    log_prob: NDArray[np.float64]

    def of(self, log_prob: ArrayLike) -> NDArray[np.float64]:
        """The share of the rows of the training whose density is lower.

        Exact for densities that are kept, between them on a line. NaN stays NaN.
        """
        densities = np.asarray(log_prob, float)
        found = np.interp(densities, self.log_prob, self.below / self.rows, left=0.0, right=1.0)
        return np.where(np.isnan(densities), np.nan, found)

    def to_bytes(self) -> bytes:
        """The content of `ranks.json`."""
        kept = {
            "rows": self.rows,
            "below": self.below.tolist(),
            "log_prob": self.log_prob.tolist(),
        }
        return (json.dumps(kept, allow_nan=False) + "\n").encode()


def ranks_of(log_prob: NDArray[Any]) -> Ranks | None:
    """The ranks of densities, which may be in any order; None where none of them is finite."""
    ordered = np.sort(np.asarray(log_prob, float))
    kept = _places(len(ordered))
    kept = kept[np.isfinite(ordered[kept])]
    values, first = np.unique(ordered[kept], return_index=True)
    below = np.searchsorted(ordered, values)  # rows of the same density are not below it
    return Ranks(len(ordered), below, values) if len(first) else None


def _places(rows: int) -> NDArray[np.int64]:
    """The places that are kept of so many in order: more of them among the lowest."""
    even = np.linspace(0, rows - 1, min(EVEN + 1, rows))
    low = np.geomspace(1, max(rows / EVEN, 1), LOWEST)
    places = np.concatenate([np.arange(min(LOWEST, rows)), low, even]).round().astype(np.int64)
    return np.unique(places[places < rows])


def read_ranks(path: Path, files: dict[str, bytes]) -> Ranks:
    """The ranks of a bundle.

    Errors:  FlowError, where it has none: it was not trained, or by an earlier FlowSpec.
    """
    if FILE not in files:
        raise FlowError(NoRanks(path=str(path)))
    try:
        kept = json.loads(files[FILE])
        below, log_prob = np.asarray(kept["below"], np.int64), np.asarray(kept["log_prob"], float)
        ranks = Ranks(int(kept["rows"]), below, log_prob)
        is_sound = below.shape == log_prob.shape and below.ndim == 1 and ranks.rows > 0
        is_sound = is_sound and len(below) > 0 and bool(np.all(np.diff(log_prob) > 0))
    except (ValueError, TypeError, KeyError):
        is_sound = False
    if not is_sound:
        reason = f"{FILE} holds no ranks"
        raise FlowError(BrokenBundle(directory=str(path), reason=reason))
    return ranks
