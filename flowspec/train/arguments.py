"""Arguments that `fit` and `tune` take alike."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from flowspec.diagnostics.diagnostic import suggest
from flowspec.ir.settings import ranges
from flowspec.model.model import Model
from flowspec.train.engine import Engine


def engine_for(engine: Engine | None, precision: int | str | None, start: Model) -> Engine:
    """The machine to train on, in the precision that is asked for, or that of the model."""
    if engine is not None:
        return (
            engine if precision is None else dataclasses.replace(engine, precision=str(precision))
        )
    own = "64" if start.dtype == "float64" else "32"
    return Engine(precision=str(precision or own))


def check_settings(function: str, names: Iterable[str]) -> None:
    """Raise a `TypeError`, as Python does, where a function is given what is no setting."""
    for name in names:
        if name not in ranges():
            near = suggest(name, ranges())
            advice = f"; did you mean `{near}`?" if near else ""
            raise TypeError(f"{function}() has no argument `{name}`{advice}")
