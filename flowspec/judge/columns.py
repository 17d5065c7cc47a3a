"""The distribution of each column alone."""

from __future__ import annotations

import numpy as np
from scipy import stats

from flowspec.judge.evidence import Evidence
from flowspec.judge.verdict import Item, several, verdict

LOOK, BAD = 0.015, 0.04
"""Distances between distribution functions (Kolmogorov-Smirnov)."""


def columns(evidence: Evidence) -> Item:
    """Each column of the data against that of the samples.

    The statistics are those of the probability integral transforms of the data, whose distribution
    function the samples give: Kolmogorov and Smirnov's largest distance, and Anderson and
    Darling's, which weighs the ends.
    """
    found = {}
    for name, data, drawn in zip(evidence.columns, evidence.rows.T, evidence.draws.T, strict=True):
        distance, chance = stats.ks_2samp(data, drawn, method="asymp")
        found[name] = {
            "ks": float(distance),
            "chance": float(chance),
            "anderson_darling": anderson_darling(levels(data, drawn)),
        }
    worst = max(found, key=lambda name: found[name]["ks"])
    chance = several(min(each["chance"] for each in found.values()), len(found))
    distance = found[worst]["ks"]
    words = f"largest distance of a distribution function {distance:.3f} (`{worst}`)"
    return Item("columns", verdict(chance, distance, LOOK, BAD), words, found)


def levels(data: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """The place of each number among the samples, strictly between 0 and 1; among samples that are
    equal to it, anywhere: so are those of whole numbers uniform, too.

    Source: Predictive model assessment for count data, Czado et al., 2009, equation 1,
    doi:10.1111/j.1541-0420.2009.01191.x.
    """
    ordered = np.sort(drawn)
    below, upto = (np.searchsorted(ordered, data, side) for side in ("left", "right"))
    ties = np.random.default_rng(0).random(len(data)) * (upto - below)
    return (below + ties + 0.5) / (len(drawn) + 1)


def anderson_darling(uniform: np.ndarray) -> float:
    """The statistic of numbers that should be uniform; above 2.49 in one of 20 that are, above
    3.86 in one of 100.
    """
    u = np.sort(uniform)
    n = len(u)
    weights = 2 * np.arange(1, n + 1) - 1
    return float(-n - np.mean(weights * (np.log(u) + np.log1p(-u[::-1]))))
