"""Simple densities beside a flow, on the rows that were held out."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from flowspec.runtime.bundle import Bundle
from flowspec.train.ensemble import Ensemble
from flowspec.train.gaussians import Points, log_density
from flowspec.train.training import Training

KNOWN_ROWS, SCORED_ROWS = 2000, 2000
"""Rows that the densities are fitted to, and rows that are scored, at most."""
FEWEST = 10

Scores = dict[str, float]


def baselines(training: Training | Ensemble, bundle: Bundle) -> Scores:
    """Mean log-densities of rows held out, in nats a row: of the flow, of one Gaussian, and of a
    mixture of them, and the standard error of the flow's difference to the better one.

    It is empty for a context, for few rows, and for an ensemble whose members hold out others.
    """
    batches = training.batches
    few = batches.rows[1] < FEWEST or (batches.rows[0] or 0) < FEWEST
    if few or bundle.context or isinstance(training, Ensemble):
        return {}
    measured, held = batches.measured(), batches.judged(SCORED_ROWS)
    if measured is None or held is None:
        return {}
    known, new = (_plain(rows.values.double().numpy()) for rows in (measured, held))
    scale = known.std(axis=0)
    if not (scale > 0).all():
        return {}
    own = np.asarray(bundle.log_prob(new[:, 0] if held.values.ndim == 1 else new), float)
    if not np.isfinite(own).all():
        return {}
    others = {
        name: log_density(known[:KNOWN_ROWS], new, most)
        for name, most in (("gaussian", 1), ("mixture", 10))
    }
    better = max(others.values(), key=np.mean)
    scores = {"flow": float(own.mean()), **{n: float(v.mean()) for n, v in others.items()}}
    scores["standard_error"] = float(np.std(own - better) / math.sqrt(len(own)))
    return scores


def _plain(values: Points) -> Points:
    return values.reshape(len(values), -1)


def in_words(scores: Mapping[str, float]) -> list[str]:
    """The scores in a line, and a remark where the flow is below a simple density."""
    if not scores:
        return []
    flow, one, mixture = (scores[name] for name in ("flow", "gaussian", "mixture"))
    lines = [
        f"rows held out: {flow:.3f} nats a row; one Gaussian {one:.3f}, a mixture {mixture:.3f}"
    ]
    behind = max(one, mixture) - flow
    if behind > scores["standard_error"]:
        error = scores["standard_error"]
        lines.append(
            f"note: the flow is {behind:.2f} +- {error:.2f} nats a row below a simple density; "
            "try `--ensemble 5 --gaussians 0.5`"
        )
    return lines
