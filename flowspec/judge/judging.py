"""A model against rows that it has not seen: every side of it, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from flowspec.data.tables.whole_numbers import cell_middles, in_cells
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.judge.classifier import classifier
from flowspec.judge.columns import columns
from flowspec.judge.conditional import conditional
from flowspec.judge.copies import copies
from flowspec.judge.dependence import dependence
from flowspec.judge.evidence import Evidence, Rows
from flowspec.judge.repeats import repeats
from flowspec.judge.score import baselines, score
from flowspec.judge.tails import tails
from flowspec.judge.verdict import Item, Word, worst
from flowspec.runtime.bundle import Bundle
from flowspec.support.registry import from_json as support_from_json
from flowspec.support.space import Space

LEAST_ROWS = 50
"""Rows below which no statement could be made."""


@mistake
class TooFewToJudge(Diagnostic):
    message = "{rows:row}: too few to judge a model by"
    help = "give at least {least} finite rows that it was not trained on"
    rows: int
    least: int


@dataclass(frozen=True)
class Judgement:
    """All items, and how many rows they rest on."""

    rows: int
    items: Sequence[Item]

    @property
    def verdict(self) -> Word:
        return worst([item.verdict for item in self.items])

    def to_json(self) -> dict[str, Any]:
        items = [item.to_json() for item in self.items]
        return {"rows": self.rows, "verdict": self.verdict, "items": items}


def judge(
    bundle: Bundle,
    rows: Rows,
    context: Rows | None = None,
    *,
    trained_on: Rows | None = None,
    trained_context: Rows | None = None,
    against: Sequence[str] = ("gaussian", "gmm"),
    others: Mapping[str, Rows] | None = None,
    seed: int = 0,
) -> Judgement:
    """Judge a model by rows that it was not trained on.

    rows         (N, D), finite
    context      (N, C), of a conditional model
    trained_on   (K, D), the rows of the training: baselines are fitted to them, and copies of them
                 are looked for
    trained_context   (K, C), their context: without it a conditional model's baselines are fitted
                 to halves of the rows
    against      names of `flowspec.judge.score.BASELINES`: of a conditional model they are fitted
                 to context and values, and conditioned
    others       log-densities of the rows by other models (N,), by name
    seed         of the samples, and of whatever is drawn by lot

    Errors:  FlowError, where rows are too few.
    """
    rows = np.asarray(rows, float).reshape(-1, len(bundle.columns))
    if len(rows) < LEAST_ROWS:
        raise FlowError(TooFewToJudge(rows=len(rows), least=LEAST_ROWS))
    given = np.empty((len(rows), 0)) if context is None else np.asarray(context, float)
    evidence = Evidence(bundle, rows, given, seed)
    # Threads of the classifier wait for each other where processors are shared.
    with threadpool_limits(1):
        rivals = {**(others or {}), **_baselines(evidence, trained_on, trained_context, against)}
        found = list(_items(evidence, trained_on, rivals))
    return Judgement(len(rows), found)


def _items(
    evidence: Evidence,
    trained_on: Rows | None,
    rivals: Mapping[str, Rows],
) -> Iterator[Item]:
    is_conditional = bool(evidence.bundle.context)
    yield score(evidence, rivals)
    if is_conditional:
        yield from conditional(evidence)
    yield columns(evidence)
    yield tails(evidence)
    if (pairs := dependence(evidence)) is not None:
        yield pairs
    yield classifier(evidence)
    yield repeats(evidence)
    if trained_on is not None and not is_conditional:
        yield copies(evidence, np.asarray(trained_on, float).reshape(-1, len(evidence.columns)))


def _baselines(
    evidence: Evidence,
    trained_on: Rows | None,
    trained_context: Rows | None,
    against: Sequence[str],
) -> dict[str, Rows]:
    """The log-densities of the rows by simple densities."""
    names, dequantized = evidence.columns, evidence.bundle.dequantized
    random = np.random.default_rng(evidence.seed)

    def spread(rows: Rows) -> Rows:
        """Rows whose whole numbers are anywhere in their cells: of atoms there is no density."""
        return in_cells(rows, names, dequantized, random.random(rows.shape))

    given, known = evidence.context.shape[1], trained_on
    if known is not None:
        known = spread(np.asarray(known, float).reshape(-1, len(names)))
    if known is not None and given:
        known = None if trained_context is None else np.hstack([trained_context, known])
    middles = cell_middles(evidence.rows, names, dequantized)
    scored, fitted = (
        np.hstack([evidence.context, rows]) for rows in (middles, spread(evidence.rows))
    )
    kept = [*range(given), *(given + i for i in _free_columns(evidence.bundle))]
    known = None if known is None else known[:, kept]
    return baselines(scored[:, kept], against, known, given, fitted[:, kept])


def _free_columns(bundle: Bundle) -> Sequence[int]:
    """The columns that a density is of: without the last of a simplex, which follows."""
    flow = bundle.about["flow"]
    parts = [flow["base"], *flow["steps"]][-1]["output"]["supports"]
    return Space(tuple(map(support_from_json, parts))).free_coordinates
