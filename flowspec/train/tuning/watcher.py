"""What is told of a search while it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # so that commands watch a search without loading Optuna
    from flowspec.train.ensemble import Ensemble
    from flowspec.train.training import Training
    from flowspec.train.tuning.space import Choice
    from flowspec.train.tuning.study import Trial


class Watcher:
    """Watches nothing: each method is for those who do."""

    def on_space(self, choices: Sequence[Choice], done: int) -> None:
        """Called before the trials that are left.

        choices  what is searched
        done     trials of a search that is gone on with
        """

    def on_training(self, training: Training | Ensemble) -> Callable[[], None]:
        """Called before the training of a trial; gives what is called after each of its steps."""
        return lambda: None

    def on_trial(self, number: int, trial: Trial) -> None:
        """Called after each trial; the first one, which is as it is written, has number 1."""
