"""The time that a training still takes, by the steps that were timed."""

from __future__ import annotations

import time
from collections.abc import Callable

WARM_STEPS = 3
"""Steps that are not counted: the first ones load and allocate what the others use."""


class Pace:
    """The pace of a training.

    Start-up is not counted; what comes between steps (reading, validation, checkpoints) is.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._steps = 0
        self._origin: tuple[float, float] | None = None
        self._now = (0.0, 0.0)

    def step(self, done: float) -> None:
        """A step was taken, after which this share of the training is done."""
        self._steps += 1
        self._now = self._clock(), done
        if self._steps <= WARM_STEPS:
            self._origin = self._now

    @property
    def timed(self) -> float:
        """Seconds of the steps that are counted."""
        return self._now[0] - self._origin[0] if self._origin else 0.0

    @property
    def remaining(self) -> float | None:
        """Seconds until all epochs are over; None, as long as nothing is known."""
        if self._origin is None or self._now[1] <= self._origin[1]:
            return None
        return self.timed * (1 - self._now[1]) / (self._now[1] - self._origin[1])
