"""`metrics.json`: what a training came to, in figures."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from flowspec.runtime.bundle import Bundle
from flowspec.train.baselines import baselines
from flowspec.train.cross_validation import cross_validation
from flowspec.train.ensemble import Ensemble, members_of
from flowspec.train.held_out import held_out, held_out_by_all
from flowspec.train.judged import judged
from flowspec.train.remarks import crowded, remarks
from flowspec.train.training import Training
from flowspec.version import VERSION

Figures = dict[str, Any]


def metrics(training: Training | Ensemble, bundle: Bundle, judge: bool, longer: str) -> bytes:
    """The content of `metrics.json`.

    judge    whether the fit is judged by rows held out
    longer   the option that would train on, in words
    """
    scores = _scores(training, bundle)
    of_rows = dict(zip(("training", "validation"), training.batches.rows, strict=True))
    own, members = _own(training, bundle)
    figures = {
        "flowspec": VERSION,
        "rows": of_rows,
        **own,
        "remarks": list(_remarks(training, longer)),
        **members,
        **scores,
        "judged": judged(training, bundle, scores["baselines"]) if judge else {},
        "settings": dataclasses.asdict(training.settings),
    }
    return (json.dumps(_finite(figures), indent=1, allow_nan=False) + "\n").encode()


def _own(training: Training | Ensemble, bundle: Bundle) -> tuple[Figures, Figures]:
    """The figures of a training, or those of an ensemble and of its members."""
    if not isinstance(training, Ensemble):
        return _of_one(training), {}
    return _of_ensemble(training, bundle), {"members": list(map(_member, training.members))}


def _of_one(training: Training) -> Figures:
    """The best epoch of a training, and its losses."""
    history = training.course.history
    finite = [epoch for epoch in history if math.isfinite(epoch.decisive)]
    best = min(finite, key=lambda epoch: epoch.decisive, default=None)
    return {
        "epochs": len(history),
        "best_epoch": best.number if best else 0,
        "loss": best.loss if best and math.isfinite(best.loss) else None,
        "validation": best.validation if best else None,
        "skipped_batches": sum(epoch.skipped for epoch in history),
    }


def _member(training: Training) -> Figures:
    return {"seed": training.settings.seed, **_of_one(training)}


def _of_ensemble(training: Ensemble, bundle: Bundle) -> Figures:
    """The sums and means over the members, and the loss of their mixture at rows that none of them
    has seen, where there are some.
    """
    members = list(map(_of_one, training.members))
    return {
        "epochs": sum(member["epochs"] for member in members),
        "validation": _validation(training, bundle),
        "mean_loss_of_members": _mean([member["loss"] for member in members]),
        "mean_validation_of_members": _mean([member["validation"] for member in members]),
        "skipped_batches": sum(member["skipped_batches"] for member in members),
    }


def _mean(losses: Sequence[float | None]) -> float | None:
    known = [loss for loss in losses if loss is not None]
    return float(np.mean(known)) if len(known) == len(losses) else None


def _validation(training: Ensemble, bundle: Bundle) -> float | None:
    """The mean loss of the mixture at the rows that all members have held out."""
    parts = list(held_out_by_all(training, bundle))
    if not parts:
        return None
    return -float(np.average(parts[0].own, weights=parts[0].weights))


def _remarks(training: Training | Ensemble, longer: str) -> Iterator[str]:
    members = members_of(training)
    yield from crowded(*members[0].size)
    for index, member in enumerate(members, 1):
        of = f"member {index}: " if len(members) > 1 else ""
        for remark in remarks(member.course.history, member.settings, longer):
            yield of + remark


def _scores(training: Training | Ensemble, bundle: Bundle) -> Figures:
    """The scores of rows held out, beside those of simple densities."""
    parts = list(held_out(training, bundle))
    is_split = isinstance(training, Ensemble) and training.is_split
    return {
        **({"cross_validation": cross_validation(parts)} if is_split else {}),
        "baselines": baselines(parts),
    }


def _finite(value: Any) -> Any:
    """Data for JSON: what is not finite is None, as JSON has no word for it."""
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
