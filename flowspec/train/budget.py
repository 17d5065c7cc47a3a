"""Settings for a time that a training may take: from the rows, and the pace of its first steps."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Collection
from pathlib import Path

from flowspec.ir.settings import Settings
from flowspec.train.checkpoint import read_checkpoint
from flowspec.train.ensemble import Ensemble, members_of
from flowspec.train.pace import WARM_STEPS
from flowspec.train.training import Training

CHOSEN = ("epochs", "patience", "batch_size", "learning_rate")
"""The settings that are chosen."""
KEPT_SETTINGS = (*CHOSEN, "steps")
"""Those that a training goes on with."""
BY_ROWS = ((20_000, 256, 1e-2), (200_000, 1024, 2e-3))
"""By rows: up to so many, the rows of a step, and the learning rate."""
LARGEST = 4096, 1e-3
"""The same of more rows."""
MOST_STEPS = 20_000
"""Steps that are enough for a small table, however much time there is."""
SHARE, LONGEST = 0.05, 5.0
"""The pace is measured in this share of the time, and in so many seconds at most."""
KEPT = 0.1
"""The share of the time that is left for validation, checkpoints and the bundle."""
FEWEST_STEPS = 5


@dataclasses.dataclass(frozen=True)
class Plan:
    """Settings for a time, and what they rest on.

    step    seconds of a step; 0 where nothing is trained step by step
    steps   of an epoch
    """

    settings: Settings
    rows: int
    step: float = 0.0
    steps: int = 0

    @property
    def seconds(self) -> float:
        """What all epochs take."""
        return self.step * self.steps * self.settings.epochs * self.settings.members


def plan(
    settings: Settings,
    seconds: float,
    stated: Collection[str],
    training: Callable[[Settings], Training | Ensemble],
) -> Plan:
    """The settings for a time.

    stated    names of settings that stay
    training  gives the training for some settings, to measure its pace
    """
    rows = training(settings).batches.rows[0] or 0
    settings = by_rows(settings, rows, stated)
    one = members_of(training(settings))[0]
    if not one.trained:
        return Plan(settings, rows)
    step, steps = seconds_of_a_step(one, seconds), one.batches.steps or 1
    return Plan(within(settings, seconds, step, steps, stated), rows, step, steps)


class _Enough(Exception):
    """The pace is known."""


def kept(settings: Settings, checkpoint: Path) -> Settings:
    """Settings with what was chosen for a training that is kept."""
    state = read_checkpoint(checkpoint)["settings"]
    return dataclasses.replace(settings, **{name: state[name] for name in KEPT_SETTINGS})


def by_rows(settings: Settings, rows: int, stated: Collection[str]) -> Settings:
    """Settings whose batches and learning rate suit the rows.

    stated   names of the settings that stay, as the file or the command has them
    """
    fitting = ((size, rate) for most, size, rate in BY_ROWS if rows <= most)
    size, rate = next(fitting, LARGEST)
    return dataclasses.replace(
        settings,
        batch_size=settings.batch_size if "batch_size" in stated else size,
        learning_rate=settings.learning_rate if "learning_rate" in stated else rate,
    )


def within(
    settings: Settings, seconds: float, step: float, steps: int, stated: Collection[str]
) -> Settings:
    """Settings with as many epochs as a time allows, and a patience in proportion.

    step     seconds of a step
    steps    of an epoch
    """
    defaults = Settings()
    time_for = (1 - KEPT) * seconds / settings.members
    most = max(defaults.epochs, MOST_STEPS // steps)
    epochs = min(max(1, int(time_for / (step * steps))), most)
    patience = max(defaults.patience, epochs * defaults.patience // defaults.epochs)
    if "patience" in stated:
        patience = settings.patience
    return dataclasses.replace(settings, epochs=epochs, patience=patience, steps=0)


def longer(settings: Settings, seconds: float | None, steps: int | None, named: str) -> str:
    """The option that trains longer than a time allowed, in words; nothing without a time.

    steps   of an epoch
    named   how a time is given, with {} in its place
    """
    if seconds is None:
        return ""
    if settings.epochs >= max(Settings().epochs, MOST_STEPS // (steps or 1)):
        return f"`epochs = {2 * settings.epochs}`, without a budget"
    return f"`{named.format(_doubled(seconds, named))}`"


def _doubled(seconds: float, named: str) -> str:
    """Twice a time, on the command line in its largest whole unit: 20m."""
    twice = 2 * seconds
    if not named.startswith("--"):
        return f"{twice:g}"
    sizes = ((3600, "h"), (60, "m"), (1, "s"))
    size, unit = next((each for each in sizes if twice % each[0] == 0), (1, "s"))
    return f"{twice / size:g}{unit}"


def seconds_of_a_step(
    training: Training, budget: float, clock: Callable[[], float] = time.monotonic
) -> float:
    """The time of a step of a training, of which the first ones are taken."""
    longest = min(SHARE * budget, LONGEST)
    times: list[float] = []

    def on_step() -> None:
        times.append(clock())
        counted = times[WARM_STEPS:]
        if len(counted) > FEWEST_STEPS and counted[-1] - counted[0] >= longest:
            raise _Enough

    with contextlib.suppress(_Enough):
        training.run(on_step=on_step)
    counted = times[WARM_STEPS:] if len(times) > WARM_STEPS + 1 else times
    return (counted[-1] - counted[0]) / max(1, len(counted) - 1)


def in_words(settings: Settings) -> str:
    """The chosen settings as options of the command."""
    return " ".join(f"--{n.replace('_', '-')} {getattr(settings, n):g}" for n in CHOSEN)
