"""Can a classifier tell samples from data?"""

from __future__ import annotations

import numpy as np
from scipy import stats
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from flowspec.judge.evidence import Evidence
from flowspec.judge.verdict import Item, verdict

MOST_ROWS = 10_000
"""Rows and samples that a classifier is shown, of each."""

FOLDS = 5
LOOK, BAD = 0.02, 0.06
"""Areas under the curve of a classifier above its floor."""


def classifier(evidence: Evidence) -> Item:
    """A two-sample test by a classifier (Lopez-Paz and Oquab, 2017), with boosted trees, in
    cross-validation: the area under its curve, its accuracy, and the columns that it goes by.
    """
    data, drawn = _samples(evidence)
    area, accuracy = scores(data, drawn, evidence.seed)
    half = len(data) // 2
    floor, _ = scores(data[:half], data[half : 2 * half], evidence.seed)
    spread = np.sqrt((2 * len(data) + 1) / (12 * len(data) ** 2))
    # Where data can be told from data, by chance, samples have to be told more easily than that.
    expected = max(floor, 0.5)
    chance = float(stats.norm.sf((area - expected) / spread))
    telling = _telling(data, drawn, evidence)
    word = verdict(chance, area - expected, LOOK, BAD)
    words = f"a classifier tells samples from data with an area of {area:.3f} (floor {floor:.3f})"
    if word != "fine":
        words += f", by `{max(telling, key=lambda name: telling[name])}`"
    details = {"auc": area, "accuracy": accuracy, "floor": floor, "chance": chance}
    return Item("classifier", word, words, {**details, "columns": telling})


def _samples(evidence: Evidence) -> tuple[np.ndarray, np.ndarray]:
    """Rows and as many samples, with their contexts. A context stands in one of them alone: a
    classifier that has seen it with a label would know the other.
    """
    random = np.random.default_rng(evidence.seed)
    order = random.permutation(len(evidence.rows))[:MOST_ROWS]
    if not evidence.bundle.context:
        return evidence.rows[order], evidence.draws[: len(order)]
    half = len(order) // 2
    rows, others = order[:half], order[half : 2 * half]
    drawn = evidence.drawn(len(evidence.rows), 0)
    return tuple(  # type: ignore[return-value]
        np.hstack([evidence.context[chosen], values[chosen]])
        for chosen, values in ((rows, evidence.rows), (others, drawn))
    )


def scores(data: np.ndarray, drawn: np.ndarray, seed: int) -> tuple[float, float]:
    """The area under the curve and the accuracy in cross-validation."""
    x = np.vstack([data, drawn])
    label = np.repeat([0, 1], [len(data), len(drawn)])
    told = np.empty(len(x))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed % 2**32)
    for known, new in folds.split(x, label):
        told[new] = _made(seed).fit(x[known], label[known]).predict_proba(x[new])[:, 1]
    return float(roc_auc_score(label, told)), float(((told > 0.5) == label).mean())


def _made(seed: int) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=60, learning_rate=0.1, max_leaf_nodes=15, random_state=seed % 2**32
    )


def _telling(data: np.ndarray, drawn: np.ndarray, evidence: Evidence) -> dict[str, float]:
    """What the area loses where a column is shuffled, by column of the event."""
    random = np.random.default_rng(evidence.seed)
    x = np.vstack([data, drawn])
    label = np.repeat([0, 1], [len(data), len(drawn)])
    order = random.permutation(len(x))
    known, new = order[: len(x) // 2], order[len(x) // 2 :]
    made = _made(evidence.seed).fit(x[known], label[known])
    whole = roc_auc_score(label[new], made.predict_proba(x[new])[:, 1])
    lost = {}
    for index, name in enumerate(evidence.columns, evidence.context.shape[1]):
        shuffled = x[new].copy()
        shuffled[:, index] = random.permutation(shuffled[:, index])
        lost[name] = float(whole - roc_auc_score(label[new], made.predict_proba(shuffled)[:, 1]))
    return lost
