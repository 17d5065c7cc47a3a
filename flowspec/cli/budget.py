"""The settings of `flowspec fit --budget TIME`, and what it says of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

import click

from flowspec.diagnostics.quantities import amount, time_in_words
from flowspec.ir.settings import Settings

if TYPE_CHECKING:
    from flowspec.train.ensemble import Ensemble
    from flowspec.train.run import Place
    from flowspec.train.training import Training

UNITS = {"s": 1, "m": 60, "h": 3600}
TIME = re.compile(r"(\d+(?:\.\d+)?)([smh])")


class Time(click.ParamType[float]):
    """A time as it is written on the command line, in seconds: `30s`, `10m`, `2h`."""

    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        if isinstance(value, float):
            return value
        written = TIME.fullmatch(value)
        if not written or not (seconds := float(written[1]) * UNITS[written[2]]):
            self.fail(f"{value} is no time: write 30s, 10m or 2h", param, ctx)
        return seconds


def budgeted(
    settings: Settings,
    seconds: float,
    stated: Collection[str],
    training: Callable[[Settings], Training | Ensemble],
    place: Place,
    resume: bool,
) -> Settings:
    """The settings for a time, which are said; of a training that is kept, those that it has.

    stated    names of settings that stay
    training  gives the training for some settings, to measure its pace
    """
    from flowspec.train import budget

    if resume and place.is_kept:
        found = budget.kept(settings, place.checkpoint)
        click.echo(f"goes on with what was chosen: {budget.in_words(found)}", err=True)
        return found
    plan = budget.plan(settings, seconds, stated, training)
    if plan.steps:
        count = plan.settings.members
        members = f", {count} trainings" if count > 1 else ""
        click.echo(
            f"{amount(plan.rows, 'row')}, {1e3 * plan.step:.3g} ms a step{members}: "
            f"{budget.in_words(plan.settings)}, "
            f"about {time_in_words(plan.seconds)} of {time_in_words(seconds)}",
            err=True,
        )
    return plan.settings
