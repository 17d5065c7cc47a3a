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


LEAST = 5
"""Rows beyond a quantile, below which it is not said how far they reach."""


def tails(evidence: Evidence) -> Item:
    """The share of the data beyond the quantiles of the model, and how far it reaches there."""
    found: dict[str, dict[str, float]] = {}
    for name, data, drawn in zip(evidence.columns, evidence.rows.T, evidence.draws.T, strict=True):
        for end, sign in (("lower", -1.0), ("upper", 1.0)):
            for share in SHARES:
                found[f"{name} {end} {100 * share:g} %"] = _share(sign * data, sign * drawn, share)
            found[f"{name} {end} reach"] = _reach(sign * data, sign * drawn, max(SHARES))
    words = [
        verdict(several(each["chance"], len(found)), each["times"], LOOK, BAD)
        for each in found.values()
    ]
    label = min(found, key=lambda key: found[key]["chance"])
    return Item("tails", worst(words), _figure(label, found[label]), found)


def _figure(label: str, each: dict[str, float]) -> str:
    if "reach" not in each:
        return f"beyond the {label} of the model {100 * each['share']:.2g} % of the rows"
    where = label.removesuffix(" reach")
    return (
        f"beyond the {where} {100 * max(SHARES):g} % of the model rows reach {each['reach']:.2g} "
        "times as far as samples"
    )


def _share(data: np.ndarray, drawn: np.ndarray, share: float) -> dict[str, float]:
    """The shares of the data and of the model beyond an upper quantile, and how far they differ."""
    edge = np.quantile(drawn, 1 - share)
    beyond, own = (int((values > edge).sum()) for values in (data, drawn))
    _, chance = stats.fisher_exact([[beyond, len(data) - beyond], [own, len(drawn) - own]])
    seen, expected = beyond / len(data), own / len(drawn)
    # Half a row on either side: nothing beyond is not infinitely too few.
    ratio = (beyond + 0.5) / (own * len(data) / len(drawn) + 0.5)
    return {
        "share": seen, "model": expected, "chance": float(chance), "times": max(ratio, 1 / ratio),
    }  # fmt: skip


def _reach(data: np.ndarray, drawn: np.ndarray, share: float) -> dict[str, float]:
    """How far the rows beyond an upper quantile of the model lie beyond it, by their median, in
    those of samples.
    """
    edge = np.quantile(drawn, 1 - share)
    beyond, own = (values[values > edge] - edge for values in (data, drawn))
    if len(beyond) < LEAST or len(own) < LEAST:
        return {"reach": 1.0, "chance": 1.0, "times": 1.0}
    reach = float(np.median(beyond) / np.median(own))
    chance = float(stats.mannwhitneyu(beyond, own).pvalue)
    return {"reach": reach, "chance": chance, "times": max(reach, 1 / reach)}
