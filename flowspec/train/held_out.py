"""Densities at the rows that they were not trained on: of a training, or of each member of one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from flowspec.runtime.bundle import Bundle
from flowspec.train.ensemble import Ensemble
from flowspec.train.feed.batches import Batches
from flowspec.train.feed.rows import Rows
from flowspec.train.gaussians import Points
from flowspec.train.torch.module import FlowModule
from flowspec.train.training import Training

KNOWN_ROWS, SCORED_ROWS = 2000, 2000
"""Rows that simple densities are fitted to, and rows that are scored, of a training at most."""
CROSS_VALIDATED_ROWS = 2**14
"""Rows that are scored at most, where each is held out once."""

LogProb = Callable[[Points, Points | None], Points]


@dataclass(frozen=True)
class HeldOut:
    """The rows that a training has held out.

    known    (M, C + D), the context and the values of rows that were trained on; of a simplex
             without the last of its values
    new      (N, C + D)
    given    C, the number of columns of the context
    own      (N,), the log-densities of the new rows by the flow
    weights  (N,), or None
    """

    known: Points
    new: Points
    given: int
    own: Points
    weights: Points | None


def held_out(training: Training | Ensemble, bundle: Bundle) -> Iterator[HeldOut]:
    """The rows held out by a training, or by each member of an ensemble."""
    if not isinstance(training, Ensemble):
        yield from _scored(training.batches, bundle.log_prob, SCORED_ROWS, training.module)
        return
    count = SCORED_ROWS
    if training.is_split:
        count = math.ceil(CROSS_VALIDATED_ROWS / training.count)
    for member in training.members:
        yield from _scored(member.batches, member.module.to_model().log_prob, count, member.module)


def held_out_by_all(training: Ensemble, bundle: Bundle) -> Iterator[HeldOut]:
    """The rows that no member of an ensemble was trained on, scored by their mixture."""
    if training.shares_held_out:
        module = training.members[0].module
        yield from _scored(training.batches, bundle.log_prob, SCORED_ROWS, module)


def _scored(
    batches: Batches, log_prob: LogProb, count: int, module: FlowModule
) -> Iterator[HeldOut]:
    known, new = batches.measured(), batches.judged(count)
    if not batches.rows[1] or known is None or new is None:
        return
    x = new.values.double().numpy()
    context = None if new.context is None else new.context.double().numpy()
    own = np.asarray(log_prob(x, context), float)
    weights = None if new.weights is None else new.weights.double().numpy()
    given = 0 if context is None else context.shape[1]
    free = module.flow.space.free_coordinates
    yield HeldOut(_points(known, free)[:KNOWN_ROWS], _points(new, free), given, own, weights)


def _points(rows: Rows, free: Sequence[int]) -> Points:
    values = rows.values.double().numpy().reshape(len(rows), -1)[:, list(free)]
    if rows.context is None:
        return values
    return np.hstack([rows.context.double().numpy().reshape(len(rows), -1), values])
