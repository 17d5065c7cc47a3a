"""A search over a text, from its plan to the best values.

`flowspec.tune` and `flowspec fit --tune` share this door.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from flowspec.diagnostics.diagnostic import FlowError
from flowspec.diagnostics.source import Source
from flowspec.ir.flow import Flow
from flowspec.language.checker import check
from flowspec.train.ensemble import Ensemble, members_of
from flowspec.train.training import Training
from flowspec.train.tuning.space import Choice, Values, choices, text_of
from flowspec.train.tuning.study import NothingToCompare, NothingToTune, Search
from flowspec.train.tuning.tuned import Tuned
from flowspec.train.tuning.watcher import Watcher


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
        fixed: Collection[str],
        watcher: Watcher,
    ):
        self._source = source
        self._count = count
        self._training = training
        self._fixed = fixed
        self._watcher = watcher

    def run(self, folder: Path, resume: bool) -> Tuned:
        """Run the trials that are left.

        folder   where the search is kept
        resume   go on with the one that is kept there

        Errors:  what a watcher raises, where it interrupts: the search is kept; and FlowError,
                 where there is nothing to tune, or the flow as it is written cannot be trained.
        """
        found, seed, identity = self._plan()
        with Search(folder, found, seed, identity, resume) as search:
            if (done := len(search.trials)) < self._count:
                self._watcher.on_space(found, done)
            while (number := len(search.trials) + 1) <= self._count:
                trial = search.run(lambda values: self._score(found, values))
                self._watcher.on_trial(number, trial)
            trials, table = tuple(search.trials), search.table()
            text = text_of(self._source, found, search.best.values)
        return Tuned(Source(text, self._source.name), trials, table)

    def _plan(self) -> tuple[list[Choice], int, str]:
        """The choices, the seed of the search, and what tells that it is the same one.

        Errors:  FlowError, where nothing can be chosen or compared.
        """
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

    def _score(self, found: Sequence[Choice], values: Values) -> float | None:
        """The loss of rows held out; None where a training fails that is not the written one."""
        is_written = all(values[choice.name] == choice.written for choice in found)
        try:
            training = self._training(check(Source(text_of(self._source, found, values))))
            training.run(on_step=self._watcher.on_training(training))
        except FlowError:
            if is_written:
                raise
            return None
        losses = [member.course.best for member in members_of(training)]
        return sum(losses) / len(losses)
