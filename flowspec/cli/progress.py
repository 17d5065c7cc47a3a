"""Progress of a training, and the signal that stops it: for commands that train."""

from __future__ import annotations

import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from flowspec.diagnostics.quantities import amount, time_in_words

if TYPE_CHECKING:
    from flowspec.train.course import Epoch
    from flowspec.train.ensemble import Ensemble
    from flowspec.train.training import Training

PARTS = 10_000
"""Of a training, for the bar."""


INTERRUPTED = 130
"""Exit code of a command that was told to stop, as shells have it."""


class Interrupt:
    """A memory of Ctrl-C, or of being asked to end; a second time ends the process at once."""

    signals = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.asked = False

    def __call__(self) -> bool:
        return self.asked

    def __enter__(self) -> Interrupt:
        self._before = {each: signal.signal(each, self._note) for each in self.signals}
        return self

    def __exit__(self, *error: Any) -> None:
        for each, handler in self._before.items():
            signal.signal(each, handler)

    def _note(self, number: int, frame: object) -> None:
        self.asked = True
        for each, handler in self._before.items():
            signal.signal(each, handler)


FIRST_ESTIMATE = 3.0
"""Seconds of steps after which it is told how long a long training will take."""
LONG = 60.0


class Progress:
    """A bar on a terminal; elsewhere a first estimate, and a line every tenth of the way."""

    def __init__(self, training: Training | Ensemble) -> None:
        from flowspec.train.pace import Pace

        self.training = training
        self.pace = Pace()
        self.is_estimated = False
        self.moved = 0.0
        self.terminal = sys.stderr.isatty()
        self.bar = click.progressbar(
            length=PARTS,
            label="training",
            file=sys.stderr,
            item_show_func=self._shown,
            show_eta=False,  # click counts the start-up in
        )

    def __enter__(self) -> Progress:
        if self.terminal:
            self.bar.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        if self.terminal:
            self.bar.__exit__(*error)

    def __call__(self, epoch: Epoch) -> None:
        if self.terminal:
            self._move(epoch)
        elif epoch.number % max(1, self.training.settings.epochs // 10) == 0:
            click.echo(f"epoch {epoch.number}  {self._shown(epoch)}", err=True)

    def step(self) -> None:
        """A step was taken: an epoch may last for hours."""
        self.pace.step(self.training.done)
        if not self.terminal and not self.is_estimated and self.pace.timed >= FIRST_ESTIMATE:
            self._estimate()
        if self.terminal and time.monotonic() - self.moved >= 0.25:
            self._move(self.training.course.history[-1] if self.training.course.history else None)

    def _estimate(self) -> None:
        """Tell how long a long training will take."""

        remaining = self.pace.remaining
        if remaining is None:  # a loader that does not know its length, in its first epoch
            return
        self.is_estimated = True
        if remaining >= LONG:
            epochs = self.training.settings.epochs
            click.echo(
                f"{amount(epochs, 'epoch')} {'takes' if epochs == 1 else 'take'} "
                f"about {time_in_words(remaining)}",
                err=True,
            )

    def _left(self) -> str:
        """The time that is left, on a terminal."""

        remaining = self.pace.remaining if self.terminal else None
        return "" if remaining is None else f"{time_in_words(remaining)} left  "

    def _move(self, epoch: Epoch | None) -> None:
        if done := int(PARTS * self.training.done):
            self.bar.update(done - self.bar.pos, epoch)
        self.moved = time.monotonic()

    def _shown(self, epoch: Epoch | None) -> str:
        """The epoch that runs and its loss so far; of the one before the rest."""
        training = self.training
        epoch_now = (
            f"{self._left()}epoch {min(training.course.epoch, training.settings.epochs)}  "
            if self.terminal
            else ""
        )
        if epoch is None:
            return epoch_now + (f"loss {training.course.loss:.4f}" if training.course.batch else "")
        validation = "" if epoch.validation is None else f"  validation {epoch.validation:.4f}"
        loss = training.course.loss if training.course.batch else epoch.loss
        return epoch_now + f"loss {loss:.4f}{validation}  {epoch.rows_per_second:,.0f} rows/s"
