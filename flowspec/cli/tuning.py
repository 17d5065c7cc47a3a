"""The search of `flowspec fit --tune N`, and what is said of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from flowspec.cli.progress import INTERRUPTED, Interrupt
from flowspec.diagnostics.quantities import amount, time_in_words
from flowspec.train.tuning.watcher import Watcher

if TYPE_CHECKING:
    from flowspec.diagnostics.source import Source
    from flowspec.ir.flow import Flow
    from flowspec.train.ensemble import Ensemble
    from flowspec.train.run import Place
    from flowspec.train.training import Training
    from flowspec.train.tuning.space import Choice
    from flowspec.train.tuning.study import Trial
    from flowspec.train.tuning.tuned import Tuned

TIMED = 1.0
"""Seconds of steps after which it is told how long a trial takes."""


def searched(
    written: Source,
    count: int,
    training: Callable[[Flow], Training | Ensemble],
    fixed: Sequence[str],
    place: Place,
    resume: bool,
    stop: Interrupt,
) -> Tuned:
    """The outcome of a search; where it is stopped, it stays kept."""
    from flowspec.train.training import Stopped
    from flowspec.train.tuning.tuning import Tuning

    tuning = Tuning(written, count, training, fixed, _Telling(count, stop))
    try:
        with stop:
            found = tuning.run(place.tuning, resume)
    except Stopped:
        click.echo("stopped; add --resume to the same command to go on", err=True)
        sys.exit(INTERRUPTED)
    _say_the_best(count, found)
    return found


class _Telling(Watcher):
    """Tells on standard error how a search goes.

    count  trials
    stop   true once it is to be interrupted
    """

    def __init__(self, count: int, stop: Callable[[], bool]):
        self._count = count
        self._stop = stop
        self._is_timed = False

    def on_space(self, choices: Sequence[Choice], done: int) -> None:
        after = f", of which {done} are done" if done else ""
        click.echo(f"a search of {amount(self._count, 'trial')}{after}, over", err=True)
        for choice in choices:
            click.echo(f"  {choice.in_words}", err=True)

    def on_training(self, training: Training | Ensemble) -> Callable[[], None]:
        """The first trial tells how long one takes. Errors: Stopped, where it is interrupted."""
        from flowspec.train.pace import Pace
        from flowspec.train.training import Stopped

        pace = Pace()

        def on_step() -> None:
            if self._stop():
                raise Stopped(training.course.epoch)
            pace.step(training.done)
            if not self._is_timed and pace.timed >= TIMED and pace.remaining is not None:
                self._is_timed = True
                self._say_the_time(pace.timed + pace.remaining)

        return on_step

    def on_trial(self, number: int, trial: Trial) -> None:
        outcome = "its training failed" if trial.loss is None else f"loss {trial.loss:.4f}"
        written = " (as it is written)" if number == 1 else ""
        click.echo(f"trial {number} of {self._count}: {outcome}{written}", err=True)

    def _say_the_time(self, one: float) -> None:
        click.echo(
            f"a trial takes {time_in_words(one)} at most, "
            f"{self._count} of them {time_in_words(one * self._count)}",
            err=True,
        )


def _say_the_best(count: int, tuned: Tuned) -> None:
    """Tell on standard error what a search of some trials found."""
    named = ", ".join(f"{name} {_shown(value)}" for name, value in tuned.best.values.items())
    click.echo(
        f"best of {amount(count, 'trial')}: loss {tuned.best.loss:.4f}, as it was written "
        f"{tuned.trials[0].loss:.4f}; {named}",
        err=True,
    )


def _shown(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
