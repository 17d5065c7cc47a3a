"""Rows of the training that come out again."""

from __future__ import annotations

import numpy as np
from scipy import stats
from sklearn.neighbors import NearestNeighbors

from flowspec.judge.evidence import Evidence, Rows
from flowspec.judge.verdict import Item, verdict

MOST_ROWS = 5000
LOOK, BAD = 0.55, 0.6
"""Shares of samples that are nearer to a row of the training than to a row held out."""


def copies(evidence: Evidence, known: Rows) -> Item:
    """How often a sample lies nearer to the rows of the training than to as many that were held
    out: half of the samples, where none is copied.

    known   rows of the training (K, D)
    """
    random = np.random.default_rng(evidence.seed)
    count = min(len(known), len(evidence.rows), MOST_ROWS)
    trained, held = (random.permutation(each)[:count] for each in (known, evidence.rows))
    scale = np.where(trained.std(axis=0) > 0, trained.std(axis=0), 1.0)
    drawn = evidence.draws[:count] / scale
    near = [
        NearestNeighbors(n_neighbors=1).fit(each / scale).kneighbors(drawn)[0][:, 0]
        for each in (trained, held)
    ]
    nearer = int((near[0] < near[1]).sum() + (near[0] == near[1]).sum() / 2)
    share = nearer / count
    chance = float(stats.binomtest(nearer, count, 0.5, alternative="greater").pvalue)
    exact = float((near[0] == 0).mean())
    words = f"{100 * share:.1f} % of the samples lie nearer to the training than to rows held out"
    details = {"share": share, "chance": chance, "exact": exact}
    return Item("copies", verdict(chance, share, LOOK, BAD), words, details)
