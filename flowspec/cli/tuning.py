"""The search of `flowspec fit --tune N`, and what it says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from flowspec.diagnostics.diagnostic import FlowError
from flowspec.diagnostics.quantities import amount, time_in_words
from flowspec.diagnostics.source import Source

if TYPE_CHECKING:
    from flowspec.ir.flow import Flow
    from flowspec.train.ensemble import Ensemble
    from flowspec.train.run import Place
    from flowspec.train.training import Training
    from flowspec.train.tuning.space import Choice, Values
    from flowspec.train.tuning.study import Search, Trial


@dataclass(frozen=True)
class Tuned:
    """The text with the best values, and the files that tell how they were found."""

    source: Source
    files: Mapping[str, bytes]


TIMED = 1.0
"""Seconds of steps after which it is told how long a trial takes."""


class Tuning:
    """A search over a text.

    count     trials
    training  gives the training of a text's flow: one, or those of its folds
    fixed     names of settings that stay as they are
    """

    def __init__(
        self,
        source: Source,
        count: int,
        training: Callable[[Flow], Training | Ensemble],
        fixed: Sequence[str],
        stop: Callable[[], bool],
    ):
        self._source = source
        self._count = count
        self._training = training
        self._fixed = fixed
        self._stop = stop
        self._is_timed = False

    def run(self, place: Place, resume: bool) -> Tuned:
        """Run the trials that are left.

        Errors:  Stopped, where it was interrupted: it is kept; and FlowError, where there is
                 nothing to tune, or the flow as it is written cannot be trained.
        """
        from flowspec.train.tuning.study import Search

        choices, seed, identity = self._plan()
        with Search(place.tuning, choices, seed, identity, resume) as search:
            if (done := len(search.trials)) < self._count:
                self._say_the_space(choices, done)
            while len(search.trials) < self._count:
                self._say_the_trial(search, search.run(lambda values: self._score(choices, values)))
            best, first = search.best, search.trials[0]
            self._say_the_best(choices, best, first)
            text = self._text(choices, best.values)
            files = {"tuning.csv": search.table().encode(), "best.flow": text.encode()}
        return Tuned(Source(text, self._source.name), files)

    def _plan(self) -> tuple[list[Choice], int, str]:
        """The choices, the seed of the search, and what tells that it is the same one.

        Errors:  FlowError, where nothing can be chosen or compared.
        """
        from flowspec.language.checker import check
        from flowspec.train.ensemble import members_of
        from flowspec.train.tuning.space import choices
        from flowspec.train.tuning.study import NothingToCompare, NothingToTune

        training = self._training(check(self._source))
        if not training.batches.rows[1]:
            raise FlowError(NothingToCompare())
        rows = training.batches.rows[0] or 0
        settings = members_of(training)[0].settings
        found = choices(self._source, settings, self._fixed, rows)
        if not found or not members_of(training)[0].trained:
            raise FlowError(NothingToTune())
        told = [self._source.text, training.batches.fingerprint, settings, *found]
        identity = hashlib.sha256("\n".join(map(str, told)).encode()).hexdigest()
        return found, settings.seed, identity

    def _text(self, choices: Sequence[Choice], values: Values) -> str:
        from flowspec.train.tuning.space import text_of

        return text_of(self._source, choices, values)

    def _score(self, choices: Sequence[Choice], values: Values) -> float | None:
        """The loss of rows held out; None where a training fails that is not the written one."""
        from flowspec.language.checker import check
        from flowspec.train.ensemble import members_of

        is_written = all(values[choice.name] == choice.written for choice in choices)
        try:
            training = self._training(check(Source(self._text(choices, values))))
            training.run(on_step=self._watch(training))
        except FlowError:
            if is_written:
                raise
            return None
        losses = [member.course.best for member in members_of(training)]
        return sum(losses) / len(losses)

    def _watch(self, training: Training | Ensemble) -> Callable[[], None]:
        """What happens after each step: the first trial tells how long one takes."""
        from flowspec.train.pace import Pace
        from flowspec.train.training import Stopped

        pace = Pace()

        def on_step() -> None:
            if self._stop():
                raise Stopped(training.course.epoch)
            pace.step(training.done)
            if not self._is_timed and pace.timed >= TIMED and pace.remaining is not None:
                self._is_timed = True
                one = pace.timed + pace.remaining
                click.echo(
                    f"a trial takes {time_in_words(one)} at most, "
                    f"{self._count} of them {time_in_words(one * self._count)}",
                    err=True,
                )

        return on_step

    def _say_the_space(self, choices: Sequence[Choice], done: int) -> None:
        after = f", of which {done} are done" if done else ""
        click.echo(f"a search of {amount(self._count, 'trial')}{after}, over", err=True)
        for choice in choices:
            click.echo(f"  {choice.in_words}", err=True)

    def _say_the_trial(self, search: Search, trial: Trial) -> None:
        number = len(search.trials)
        outcome = "its training failed" if trial.loss is None else f"loss {trial.loss:.4f}"
        written = " (as it is written)" if number == 1 else ""
        click.echo(f"trial {number} of {self._count}: {outcome}{written}", err=True)

    def _say_the_best(self, choices: Sequence[Choice], best: Trial, first: Trial) -> None:
        named = ", ".join(f"{c.name} {_shown(best.values[c.name])}" for c in choices)
        click.echo(
            f"best of {amount(self._count, 'trial')}: loss {best.loss:.4f}, as it was written "
            f"{first.loss:.4f}; {named}",
            err=True,
        )


def _shown(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
