"""What the curves of a training show, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from flowspec.diagnostics.quantities import amount
from flowspec.ir.settings import Settings
from flowspec.train.course import Epoch

FEW = 5
"""Epochs of which nothing can be said."""

JUMP = 1.0
"""Nats a row by which a loss may rise from one epoch to the next without a word."""

CROWDED = 100
"""So many times the numbers of the rows may be trained without a word."""

STRONG = 1.0
"""A decay that suits few rows."""

GAP = 0.3
"""Nats a row by which rows held out may be worse than those trained on."""


def remarks(
    history: Sequence[Epoch], settings: Settings | None = None, longer: str = ""
) -> Iterator[str]:
    """Whether a training has skipped batches, converged, jumped, or learned its rows by heart.

    history   all epochs, in order
    settings  of the training: what it has is not advised
    longer    the option that would train on, in words; twice the epochs, if not given
    """
    if skipped := sum(epoch.skipped for epoch in history):
        batches = f"{amount(skipped, 'batch')} {'was' if skipped == 1 else 'were'}"
        yield (
            f"{batches} skipped, as the loss or its gradient was not finite; look for rows far "
            "from all others, or try a smaller `learning_rate`"
        )
    if len(history) < FEW:
        return
    best = min(history, key=lambda epoch: _finite(epoch.decisive))
    if best is history[-1]:
        advice = longer or f"`epochs = {2 * len(history)}`"
        last = f"the best epoch is the last one, {best.number}"
        yield f"not converged: {last}; train on with {advice}"
    if best.validation is not None and best.validation - best.loss > GAP:
        is_strong = settings is not None and decays(settings)
        advice = "a smaller network" + ("" if is_strong else ", or AdamW with `weight_decay = 1`")
        yield (
            f"overfitting: rows held out are {best.validation - best.loss:.2f} nats worse than "
            f"those trained on; try more rows{' or' if is_strong else ','} {advice}"
        )
    rise, number = _largest_rise(history)
    if rise > JUMP:
        what = f"jumped by {rise:.1f} nats" if math.isfinite(rise) else "was not finite"
        yield f"the loss {what} in epoch {number}; try a smaller `learning_rate`"


def decays(settings: Settings) -> bool:
    """True if a training keeps its weights small as strongly as few rows want it."""
    return settings.optimizer == "adamw" and settings.weight_decay >= STRONG


def crowded(numbers: int, rows: int | None, columns: int) -> Iterator[str]:
    """Whether far more numbers are trained than there are in the rows.

    rows   None where they are not known
    """
    if rows and numbers > CROWDED * rows * columns:
        of = f"{amount(rows, 'row')} of {amount(columns, 'column')} train{'s' * (rows == 1)}"
        yield (
            f"{of} {amount(numbers, 'number')}; try more rows, fewer `transforms`, "
            "or narrower networks (`hidden = [8, 8]`)"
        )


def _largest_rise(history: Sequence[Epoch]) -> tuple[float, int]:
    """The largest rise from one epoch to the next, and the number of the epoch that had it."""
    rises = [
        (_finite(new.decisive) - _finite(old.decisive), new.number)
        for old, new in pairwise(history)
    ]
    return max((rise for rise in rises if not math.isnan(rise[0])), default=(0.0, 0))


def _finite(loss: float) -> float:
    return loss if math.isfinite(loss) else math.inf
