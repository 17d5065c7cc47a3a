"""Trainings that failed: the loss is no number, or the weights are worse than at the start."""

from __future__ import annotations

import math

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.model.model import Model

MARGIN = 1.0
"""Nats per row by which the best weights may be worse than those of the start.

Smaller differences may be chance.
"""
LARGEST_LOSS = 1e30
"""Nats per row, or the size of a gradient, from which on nothing can be learned: densities that
small are the least number of the float type.
"""
MOST_SKIPPED = 10
"""Batches, one after the other, whose loss or gradient is not finite: the weights are spoiled, and
not the batches.
"""
FEW = 30
"""Rows held out that are too few to tell whether a training failed."""


@mistake
class LossNotFinite(Diagnostic):
    message = "the {quantity} became {value} in epoch {epoch}, batch {batch}"
    note = "{kept}"
    help = "{advice}"
    quantity: str
    value: str
    epoch: int
    batch: int
    advice: str
    kept: str = ""


@mistake
class Diverged(Diagnostic):
    message = "the training diverged: its best loss is {loss} nats per row, at the start {start}"
    note = "{kept}"
    help = "{advice}"
    loss: str
    start: str
    advice: str
    kept: str = ""


class FailedTraining(FlowError):
    """A training that diverged, with the best weights that it had."""

    def __init__(self, mistake: LossNotFinite | Diverged, model: Model):
        super().__init__(mistake)
        self.mistake = mistake
        self.model = model

    def also(self, kept: str) -> FailedTraining:
        """The same failure; what is kept of it is told too."""
        told = "; ".join(filter(None, [kept, self.mistake.kept]))
        return FailedTraining(self.mistake.replaced(kept=told), self.model)


def divergence(start: float, best: float | None, advice: str) -> Diverged | None:
    """The mistake of a training that failed: by the losses of the same rows at its start and with
    its best weights.
    """
    loss = math.inf if best is None else best
    if math.isfinite(loss) and not loss > start + MARGIN:
        return None
    return Diverged(loss=f"{loss:.4g}", start=f"{start:.4g}", advice=advice)
