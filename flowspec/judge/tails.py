"""The ends of each column."""

from __future__ import annotations

import numpy as np
from scipy import stats

from flowspec.judge.evidence import Evidence
from flowspec.judge.verdict import Item, several, verdict, worst

SHARES = (0.001, 0.01)
"""Shares of the model beyond its quantiles, at either end."""

LOOK, BAD = 1.5, 2.0
"""Times too many, or too few, beyond a quantile."""


def tails(evidence: Evidence) -> Item:
    """The share of the data beyond the quantiles of the model."""
    found, words = {}, []
    tests = 2 * len(SHARES) * len(evidence.columns)
    for name, data, drawn in zip(evidence.columns, evidence.rows.T, evidence.draws.T, strict=True):
        for share in SHARES:
            for end in ("lower", "upper"):
                each = _end(data, drawn, share, end)
                found[f"{name} {end} {100 * share:g} %"] = each
                chance = several(each["chance"], tests)
                words.append(verdict(chance, each["times"], LOOK, BAD))
    label = min(found, key=lambda key: found[key]["chance"])
    each = found[label]
    return Item(
        "tails",
        worst(words),
        f"beyond the {label} of the model {100 * each['share']:.2g} % of the rows",
        found,
    )


def _end(data: np.ndarray, drawn: np.ndarray, share: float, end: str) -> dict[str, float]:
    """What lies beyond one quantile: share of the data, of the model, and how far they differ."""
    edge = np.quantile(drawn, share if end == "lower" else 1 - share)
    beyond, own = (
        int((values < edge).sum() if end == "lower" else (values > edge).sum())
        for values in (data, drawn)
    )
    _, chance = stats.fisher_exact([[beyond, len(data) - beyond], [own, len(drawn) - own]])
    seen, expected = beyond / len(data), own / len(drawn)
    # Half a row on either side: nothing beyond is not infinitely too few.
    ratio = (beyond + 0.5) / (own * len(data) / len(drawn) + 0.5)
    return {
        "share": seen, "model": expected, "chance": float(chance), "times": max(ratio, 1 / ratio),
    }  # fmt: skip
