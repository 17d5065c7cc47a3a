"""The mean log-density, beside that of simple densities."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.neighbors import KernelDensity

from flowspec.diagnostics.quantities import amount
from flowspec.judge.evidence import Evidence, Rows
from flowspec.judge.verdict import Item, Word

Fitted = Callable[[Rows], Rows]
"""Rows (N, D) to log-densities (N,); of fewer columns to those of the first ones alone."""

MOST_COMPONENTS = 10
FOLDS = 2


def gaussian(rows: Rows) -> Fitted:
    """One Gaussian."""
    return _first_columns(GaussianMixture(1, reg_covar=1e-9, random_state=0).fit(rows))


def mixture(rows: Rows) -> Fitted:
    """A mixture of Gaussians, of as many components as Bayes' criterion wants."""
    counts = range(1, min(MOST_COMPONENTS, max(1, len(rows) // 20)) + 1)
    made = [GaussianMixture(n, reg_covar=1e-6, random_state=0).fit(rows) for n in counts]
    return _first_columns(min(made, key=lambda each: each.bic(rows)))


def _first_columns(mixture: GaussianMixture) -> Fitted:
    def log_prob(x: Rows) -> Rows:
        size = x.shape[1]
        if size == mixture.means_.shape[1]:
            return np.asarray(mixture.score_samples(x))
        parts = zip(mixture.weights_, mixture.means_, mixture.covariances_, strict=True)
        weighted = [
            np.log(weight) + stats.multivariate_normal(mean[:size], part[:size, :size]).logpdf(x)
            for weight, mean, part in parts
        ]
        return np.asarray(np.logaddexp.reduce(weighted, axis=0))

    return log_prob


def kernels(rows: Rows) -> Fitted:
    """Gaussian kernels of the width that cross-validation wants."""
    widths = {"bandwidth": np.geomspace(0.05, 1.0, 8)}
    search = GridSearchCV(KernelDensity(), widths, cv=KFold(3, shuffle=True, random_state=0))
    best = search.fit(rows[:5000]).best_estimator_

    def log_prob(x: Rows) -> Rows:
        made = KernelDensity(bandwidth=best.bandwidth).fit(rows[:5000, : x.shape[1]])
        return np.asarray(made.score_samples(x))

    return log_prob


BASELINES: Mapping[str, Callable[[Rows], Fitted]] = {
    "gaussian": gaussian, "gmm": mixture, "kde": kernels,
}  # fmt: skip
"""Densities that a flow should not fall behind, by name."""


def score(evidence: Evidence, others: Mapping[str, Rows]) -> Item:
    """The mean log-density of the rows with its standard error, and how far it is above others.

    others   log-densities of the same rows (N,), by the name of what gives them
    """
    own = evidence.log_prob
    finite = np.isfinite(own)
    mean, error = _mean(own[finite])
    details: dict[str, object] = {
        "mean": mean, "standard_error": error, "without_density": int((~finite).sum()),
    }  # fmt: skip
    words, word = [f"log-density {mean:.3f} +- {error:.3f}"], _of_outside(finite)
    for name, theirs in others.items():
        both = finite & np.isfinite(theirs)
        gain, spread = _mean(own[both] - theirs[both])
        details[name] = {"gain": gain, "standard_error": spread}
        words.append(f"{gain:+.3f} +- {spread:.3f} over {name}")
        word = max(word, of_gain(gain, spread), key=("fine", "look", "bad").index)
    if not finite.all():
        words.append(f"{amount(int((~finite).sum()), 'row')} without density")
    return Item("score", word, ", ".join(words), details)


def baselines(
    rows: Rows,
    names: Sequence[str],
    known: Rows | None = None,
    given: int = 0,
    spread: Rows | None = None,
) -> dict[str, Rows]:
    """Log-densities of rows by simple densities, in the units of the rows.

    known   rows to fit them to; without them each half of the rows is scored by a fit to the other
    given   the number of columns, the first, on whose values the others are conditioned: the
            density of all of them is divided by that of these
    spread  the rows as densities are fitted to them, whole numbers anywhere in their cells
    """
    everything = np.arange(len(rows))
    parts = (
        [(known, everything)] if known is not None else _halves(rows if spread is None else spread)
    )
    found: dict[str, Rows] = {name: np.empty(len(rows)) for name in names}
    for train, chosen in parts:
        middle, scale = train.mean(axis=0), train.std(axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        for name in names:
            fitted = BASELINES[name]((train - middle) / scale)
            x = (rows[chosen] - middle) / scale
            density = fitted(x) - np.log(scale[given:]).sum()
            found[name][chosen] = density - fitted(x[:, :given]) if given else density
    return found


def _halves(rows: Rows) -> list[tuple[Rows, NDArray[np.int64]]]:
    folds = KFold(FOLDS, shuffle=True, random_state=0).split(rows)
    return [(rows[known], new) for known, new in folds]


def _mean(values: Rows) -> tuple[float, float]:
    if not len(values):
        return float("nan"), float("nan")
    return float(values.mean()), float(values.std() / np.sqrt(len(values)))


def _of_outside(finite: np.ndarray) -> Word:
    share = 1 - finite.mean()
    return "fine" if share == 0 else "bad" if share > 0.01 else "look"


def of_gain(gain: float, error: float) -> Word:
    """The word for a gain over another density: behind by more than its standard error allows?"""
    if gain < -3 * error and gain < -0.05:
        return "bad"
    return "look" if gain < -2 * error and gain < -0.02 else "fine"
