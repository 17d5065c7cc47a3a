"""The outcome of a search."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from flowspec.diagnostics.quantities import amount
from flowspec.diagnostics.source import Source
from flowspec.ir.flow import Flow
from flowspec.language.checker import check
from flowspec.train.tuning.study import Trial, best_of


@dataclass(frozen=True, repr=False)
class Tuned:
    """The best values that a search found, and all that it tried.

    source  the text with the best values in it
    trials  in order; the first one has the values that were written
    table   of the trials, as CSV
    """

    source: Source
    trials: tuple[Trial, ...]
    table: str

    @property
    def text(self) -> str:
        """The text with the best values in it, its comments kept."""
        return self.source.text

    @cached_property
    def flow(self) -> Flow:
        """The flow of the text, to be fitted."""
        return check(self.source)

    @property
    def best(self) -> Trial:
        """The trial with the least loss."""
        return best_of(self.trials)

    def __repr__(self) -> str:
        trials = amount(len(self.trials), "trial")
        return f"Tuned(best of {trials}: loss {self.best.loss:.4f})"
