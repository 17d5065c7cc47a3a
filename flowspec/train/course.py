"""The course of a training: epochs, losses, and the best weights so far."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from flowspec.train.outcome import LARGEST_LOSS


@dataclass(frozen=True)
class Epoch:
    """The outcome of one pass over the data.

    loss, validation   mean losses of the steps and of the rows held out, in nats per row; the
                       latter None, where no row is held out
    rate               the learning rate
    seconds            since the training began, in this process
    rows_per_second    of this pass
    skipped            batches without a step, as their loss or gradient was not finite
    """

    number: int
    loss: float
    validation: float | None
    rate: float
    seconds: float
    rows_per_second: float
    skipped: int = 0

    @property
    def decisive(self) -> float:
        """The loss that tells which weights are best."""
        return self.loss if self.validation is None else self.validation


@dataclass
class Course:
    """The point that a training has reached.

    epoch, batch    the present epoch, from 1, and the batches of it that are done
    total, weight   sums over these batches: of the weighted losses, and of the weights
    skipped         of these batches, those without a step
    streak          batches without a step since the last one that had one
    best            the best decisive loss, with the weights that had it
    waited          epochs since then
    start           the loss before the first step, of the rows by which the end is judged
    history         the epochs that are over
    """

    best_state: dict[str, Tensor]
    epoch: int = 1
    batch: int = 0
    total: float = 0.0
    weight: float = 0.0
    skipped: int = 0
    streak: int = 0
    best: float = math.inf
    waited: int = 0
    start: float | None = None
    history: list[Epoch] = field(default_factory=list)

    @property
    def loss(self) -> float:
        """The mean loss of this epoch so far, of the batches that had a step."""
        if self.skipped == self.batch > 0:
            return math.inf
        return self.total / max(self.weight, 1e-30)

    @property
    def sums(self) -> dict[str, Any]:
        """The sums that steps change."""
        names = ("batch", "total", "weight", "skipped", "streak")
        return {name: getattr(self, name) for name in names}

    def add(self, loss: float, weight: float) -> None:
        """Take in the mean loss of a batch."""
        self.total += loss * weight
        self.weight += weight
        self.streak = 0

    def skip(self) -> None:
        """Count a batch without a step."""
        self.skipped += 1
        self.streak += 1

    def end_epoch(self, epoch: Epoch) -> bool:
        """Go on to the next epoch. True if this one gave the best weights so far."""
        self.history.append(epoch)
        self.epoch, self.batch, self.total, self.weight = self.epoch + 1, 0, 0.0, 0.0
        self.skipped = 0
        if -LARGEST_LOSS < epoch.decisive < self.best:  # -inf is no loss, but weights spoiled
            self.best, self.waited = epoch.decisive, 0
            return True
        self.waited += 1
        return False

    def to_state(self) -> dict[str, Any]:
        """The course as a checkpoint keeps it."""
        return {
            "epoch": self.epoch,
            **self.sums,
            "best": self.best,
            "best_state": self.best_state,
            "waited": self.waited,
            "start": self.start,
            "history": [dataclasses.asdict(epoch) for epoch in self.history],
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Course:
        """The course that a checkpoint kept."""
        fields = {field.name: state[field.name] for field in dataclasses.fields(cls)}
        return cls(**{**fields, "history": [Epoch(**epoch) for epoch in state["history"]]})
