"""How columns go together, pair by pair."""

from __future__ import annotations

import numpy as np
from scipy import stats

from flowspec.judge.evidence import Evidence
from flowspec.judge.verdict import Item, several, verdict

LOOK, BAD = 0.04, 0.1
"""Differences of rank correlations."""


def dependence(evidence: Evidence) -> Item | None:
    """Spearman's correlations of the data and of the samples, and those of how far each column is
    from its middle, which a curved dependence has; None for one column.
    """
    if len(evidence.columns) < 2:
        return None
    found = {}
    for label in ("", " (bent)"):
        mine, theirs = (
            _correlations(each, bent=bool(label)) for each in (evidence.rows, evidence.draws)
        )
        for i, first in enumerate(evidence.columns):
            for j, second in enumerate(evidence.columns):
                # The bend of the second along the first: both orders count.
                if i < j or (label and i != j):
                    found[f"{first} and {second}{label}"] = {
                        "data": float(mine[i, j]),
                        "model": float(theirs[i, j]),
                    }
    spread = np.sqrt(1 / len(evidence.rows) + 1 / len(evidence.draws))
    for each in found.values():
        each["difference"] = each["data"] - each["model"]
        each["chance"] = float(2 * stats.norm.sf(abs(each["difference"]) / spread))
    label = max(found, key=lambda key: abs(found[key]["difference"]))
    each = found[label]
    chance = several(each["chance"], len(found))
    words = f"{label}: rank correlation {each['data']:.2f}, the model's {each['model']:.2f}"
    return Item("dependence", verdict(chance, abs(each["difference"]), LOOK, BAD), words, found)


def ranks(values: np.ndarray) -> np.ndarray:
    """Ranks of each column, from -1 to 1."""
    places = np.apply_along_axis(stats.rankdata, 0, values)
    return 2 * (places - 0.5) / len(values) - 1


def _correlations(values: np.ndarray, bent: bool) -> np.ndarray:
    """Correlations of the ranks of columns with those of others, or of how far from the middle
    they are (`bent`) with the ranks of others.
    """
    plain = ranks(values)
    first = plain**2 if bent else plain
    first, plain = (each - each.mean(axis=0) for each in (first, plain))
    scale = np.sqrt(np.outer((first**2).mean(axis=0), (plain**2).mean(axis=0)))
    return (first.T @ plain) / len(values) / np.where(scale > 0, scale, 1.0)
