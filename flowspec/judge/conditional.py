"""Whether a conditional model is as sure as it may be."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import stats

from flowspec.judge.columns import anderson_darling
from flowspec.judge.evidence import Evidence, Rows
from flowspec.judge.verdict import Item, several, verdict
from flowspec.plots.calibration import levels_of

MOST_ROWS = 2000
DRAWS = 200
"""Rows, and samples for each, among which its own values are ranked."""

SHARES = (0.5, 0.8, 0.95)
"""Central intervals whose coverage is counted."""


def conditional(evidence: Evidence) -> Iterator[Item]:
    """Coverage, ranks (simulation-based calibration), CRPS, and TARP for several columns."""
    rows, context = evidence.rows[:MOST_ROWS], evidence.context[:MOST_ROWS]
    ranked = levels_of(_sampler(evidence), rows, context, DRAWS)
    yield coverage(evidence.columns, ranked)
    yield ranks(evidence.columns, ranked)
    draws = _sampler(evidence)(np.repeat(context, DRAWS, axis=0), 0)
    draws = draws.reshape(len(rows), DRAWS, -1)
    yield crps(evidence.columns, rows, draws)
    if len(evidence.columns) > 1:
        yield tarp(rows, draws, evidence.seed)


def _sampler(evidence: Evidence):  # type: ignore[no-untyped-def]
    def sample(context: Rows, first: int) -> Rows:
        x = evidence.bundle.sample(seed=evidence.seed, context=context, first_row=first)
        return np.asarray(x, float).reshape(len(context), -1)

    return sample


def coverage(names: tuple[str, ...], ranked: Rows) -> Item:
    """The share of the rows within central intervals of the model."""
    found, chances, gaps = {}, [], []
    for name, levels in zip(names, ranked.T, strict=True):
        for share in SHARES:
            inside = int((np.abs(2 * levels - 1) <= share).sum())
            chances.append(stats.binomtest(inside, len(levels), share).pvalue)
            gaps.append(abs(inside / len(levels) - share))
            found[f"{name} {100 * share:g} %"] = {"coverage": inside / len(levels)}
    label = list(found)[int(np.argmax(gaps))]
    words = f"the {label} intervals hold {100 * found[label]['coverage']:.1f} % of the rows"
    chance = several(min(chances), len(chances))
    return Item("coverage", verdict(chance, max(gaps), 0.03, 0.06), words, found)


def ranks(names: tuple[str, ...], ranked: Rows) -> Item:
    """Ranks of the rows among their samples, which are uniform where the model is calibrated
    (Talts et al., 2018).
    """
    found = {}
    for name, levels in zip(names, ranked.T, strict=True):
        distance, chance = stats.kstest(levels, "uniform")
        found[name] = {
            "ks": float(distance), "chance": float(chance),
            "anderson_darling": anderson_darling(levels),
        }  # fmt: skip
    label = max(found, key=lambda name: found[name]["ks"])
    chance = several(min(each["chance"] for each in found.values()), len(found))
    words = f"ranks of `{label}` are {found[label]['ks']:.3f} from uniform"
    return Item("ranks", verdict(chance, found[label]["ks"], 0.03, 0.06), words, found)


def crps(names: tuple[str, ...], rows: Rows, draws: Rows) -> Item:
    """The continuous ranked probability score of each column, in its units (Gneiting and Raftery,
    2007): it is told, not judged.
    """
    away = np.abs(draws - rows[:, None]).mean(axis=1)
    ordered = np.sort(draws, axis=1)
    count = draws.shape[1]
    weights = (2 * np.arange(1, count + 1) - count - 1) / count**2
    apart = np.einsum("rkd,k->rd", ordered, weights)
    scores = (away - apart).mean(axis=0)
    found = {name: {"crps": float(each)} for name, each in zip(names, scores, strict=True)}
    words = ", ".join(f"{each['crps']:.3g} (`{name}`)" for name, each in found.items())
    return Item("crps", "fine", words, found)


def tarp(rows: Rows, draws: Rows, seed: int) -> Item:
    """Tests of accuracy with random points (Lemos et al., 2023): the share of samples that are
    nearer to a random point than the row is uniform where the whole model is calibrated.
    """
    random = np.random.default_rng(seed)
    scale = np.where(rows.std(axis=0) > 0, rows.std(axis=0), 1.0)
    points = rows[random.permutation(len(rows))] / scale
    own = np.linalg.norm(rows / scale - points, axis=1)
    theirs = np.linalg.norm(draws / scale - points[:, None], axis=2)
    shares = (theirs < own[:, None]).mean(axis=1)
    jittered = (shares * draws.shape[1] + random.random(len(rows))) / (draws.shape[1] + 1)
    distance, chance = stats.kstest(jittered, "uniform")
    words = f"coverage around random points is {distance:.3f} from right"
    details = {"ks": float(distance), "chance": float(chance)}
    return Item("tarp", verdict(float(chance), float(distance), 0.03, 0.06), words, details)
