"""The ends of each column."""

from __future__ import annotations

import numpy as np
from scipy import stats

from flowspec.judge import edges
from flowspec.judge.evidence import Evidence
from flowspec.judge.verdict import WORDS, Item, Word, several, verdict

SHARES = (0.001, 0.01)
"""Shares of the model beyond its quantiles, at either end."""

LOOK, BAD = 1.5, 2.0
"""Times too many, or too few, beyond a quantile."""


LEAST = 5
"""Rows beyond a quantile, below which it is not said how far they reach."""


def tails(evidence: Evidence) -> Item:
    """The share of the data beyond the quantiles of the model, how far it reaches there, and the
    share of the model beyond all rows.
    """
    found: dict[str, dict[str, float]] = {}
    labels: dict[str, tuple[str, str]] = {}
    for name, data, drawn in zip(evidence.columns, evidence.rows.T, evidence.draws.T, strict=True):
        for end, sign in (("lower", -1.0), ("upper", 1.0)):
            for key, each in _end(sign * data, sign * drawn).items():
                found[f"{name} {end} {key}"] = each
                labels[f"{name} {end} {key}"] = name, end
    words = {key: _word(each, len(evidence.columns)) for key, each in found.items()}
    label = min(found, key=lambda key: (-WORDS.index(words[key]), found[key]["chance"]))
    figure = _figure(label, labels[label], found[label], words[label] == "fine")
    return Item("tails", words[label], figure, found)


def _end(data: np.ndarray, drawn: np.ndarray) -> dict[str, dict[str, float]]:
    """All that is looked at, at the upper end of a column."""
    return {
        **{f"{100 * share:g} %": _share(data, drawn, share) for share in SHARES},
        "reach": _reach(data, drawn, max(SHARES)),
        "beyond": edges.beyond_rows(data, drawn),
    }


def _word(each: dict[str, float], columns: int) -> Word:
    """The word for one figure: chances of all ends together, those beyond all rows for themselves,
    since a handful of them is all that small tables show of an edge.
    """
    if "mass" in each:
        return verdict(several(each["chance"], 2 * columns), each["mass"], edges.LOOK, edges.BAD)
    tests = 2 * (len(SHARES) + 1) * columns
    return verdict(several(each["chance"], tests), each["times"], LOOK, BAD)


def _figure(label: str, column_end: tuple[str, str], each: dict[str, float], is_fine: bool) -> str:
    if "mass" in each:
        return edges.in_words(*column_end, each["mass"], is_fine)
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
