"""The trials of a search, which are kept in a folder until its bundle is written.

The same seed gives the same trials, wherever the search was interrupted: each is drawn with random
numbers of its own, and from nothing but the trials that are finished.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import optuna
from optuna.trial import FrozenTrial, TrialState

from flowspec.data.tables.csv import csv_text
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.diagnostics.quantities import amount
from flowspec.train.tuning.space import Choice, Values

FAILED = "failed"
"""Mark of a trial whose training failed; one that was interrupted has none."""


@mistake
class NothingToTune(Diagnostic):
    message = "the flow has nothing to tune"
    help = (
        "write an architecture, as `NSF(event)`, or `learn(...)` where something is to be trained"
    )


@mistake
class NothingToCompare(Diagnostic):
    message = "no rows are held out by which trials can be compared"
    help = "leave `validation = 0` out, or add `--folds 5`; in Python, `folds=5` or `held_out`"


@mistake
class StoppedTuning(Diagnostic):
    message = "a search that was stopped after {trials} is kept in {path}"
    help = (
        "add `--resume` to go on with it, or `--restart` to begin anew; in Python, "
        "`resume=True`, or another `folder`"
    )
    path: str
    trials: str


@mistake
class OtherTuning(Diagnostic):
    message = "the search kept in {path} is of another flow, other data or other settings"
    help = (
        "go on with the same flow, data and settings, or begin anew (`--restart`; in Python, "
        "another `folder`)"
    )
    path: str


class Trial(NamedTuple):
    """A trial that is finished.

    loss   nats a row, of rows held out; None where the training failed
    """

    values: Values
    loss: float | None


class Search:
    """A study in a folder.

    Errors:  FlowError, where there is one already and `resume` is not set, or it is another one.
    """

    def __init__(
        self, folder: Path, choices: Sequence[Choice], seed: int, identity: str, resume: bool
    ):
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.folder = folder
        self.choices = choices
        self._seed = seed
        folder.mkdir(parents=True, exist_ok=True)
        # By a function: `?` and `%` of a folder would mean something else in an address.
        connect = partial(sqlite3.connect, folder / "study.db")
        self._storage = optuna.storages.RDBStorage("sqlite://", {"creator": connect})
        self._study = optuna.create_study(
            study_name="fit", storage=self._storage, load_if_exists=True
        )
        kept = self._study.user_attrs.setdefault("identity", identity)
        if self.trials and not resume:
            trials = amount(len(self.trials), "trial")
            raise FlowError(StoppedTuning(path=str(folder), trials=trials))
        if kept != identity:
            raise FlowError(OtherTuning(path=str(folder)))
        self._study.set_user_attr("identity", identity)

    def __enter__(self) -> Search:
        return self

    def __exit__(self, *error: object) -> None:
        self._storage.remove_session()
        self._storage.engine.dispose()

    @property
    def trials(self) -> list[Trial]:
        """The trials that are finished, in order."""
        return [
            Trial(self._ordered(trial.params), trial.value if _is_scored(trial) else None)
            for trial in self._study.get_trials(deepcopy=False)
            if _is_over(trial)
        ]

    @property
    def best(self) -> Trial:
        """The trial with the least loss."""
        return best_of(self.trials)

    def run(self, score: Callable[[Values], float | None]) -> Trial:
        """Run the next trial: the first one has the values that are written."""
        count = len(self.trials)
        self._study.sampler = optuna.samplers.TPESampler(seed=(self._seed + count) % 2**32)
        distributions = {choice.name: choice.distribution for choice in self.choices}
        if count == 0:
            self._study.enqueue_trial({choice.name: choice.written for choice in self.choices})
        trial = self._study.ask(distributions)
        try:
            loss = score(trial.params)
        except BaseException:
            self._study.tell(trial, state=TrialState.FAIL)
            raise
        if loss is None:
            trial.set_user_attr(FAILED, True)
            self._study.tell(trial, state=TrialState.FAIL)
        else:
            self._study.tell(trial, loss)
        return self.trials[-1]

    def table(self) -> str:
        """All trials as CSV."""
        names = [choice.name for choice in self.choices]
        trials = self.trials
        columns: list[list[Any]] = [
            list(range(1, len(trials) + 1)),
            ["" if trial.loss is None else trial.loss for trial in trials],
            *([trial.values[name] for trial in trials] for name in names),
        ]
        return csv_text(["trial", "loss", *names], columns)

    def _ordered(self, values: Values) -> Values:
        """Values in the order of the choices."""
        names = [choice.name for choice in self.choices]
        return {name: values[name] for name in names if name in values}


def best_of(trials: Iterable[Trial]) -> Trial:
    """The trial with the least loss; the one that is written always has one."""
    return min(trials, key=lambda trial: math.inf if trial.loss is None else trial.loss)


def _is_scored(trial: FrozenTrial) -> bool:
    return trial.state == TrialState.COMPLETE


def _is_over(trial: FrozenTrial) -> bool:
    return _is_scored(trial) or FAILED in trial.user_attrs
