"""`tune`: the values of an architecture and of its training that score best on rows held out."""

from __future__ import annotations

import dataclasses
import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from flowspec.data.locks import held
from flowspec.diagnostics.diagnostic import FlowError, mistake
from flowspec.diagnostics.inputs import WrongInput
from flowspec.diagnostics.kinds import (
    FUNCTION,
    PATH,
    SWITCH,
    WHOLE,
    Kind,
    one_of,
    require,
)
from flowspec.diagnostics.source import Source
from flowspec.ir.flow import Flow
from flowspec.ir.kinds import instead_of_a_flow
from flowspec.ir.settings import Settings, ranges
from flowspec.language.checker import check
from flowspec.language.parser import read_source
from flowspec.model.model import Model
from flowspec.train.arguments import check_settings, engine_for
from flowspec.train.engine import Engine
from flowspec.train.ensemble import SINGLE, Ensemble, training_of
from flowspec.train.feed.batches import Batches
from flowspec.train.feed.opening import batches_of
from flowspec.train.training import Training
from flowspec.train.tuning.watcher import Watcher

if TYPE_CHECKING:  # Optuna is loaded for a search only
    from flowspec.train.tuning.study import Trial
    from flowspec.train.tuning.tuned import Tuned

SUFFIX = ".flow"

FLOW_OR_TEXT = Kind(
    "a flow, its text or its path",
    lambda value: isinstance(value, Flow | str) or PATH.holds(value),
    lambda value: "" if isinstance(value, str | os.PathLike) else instead_of_a_flow(value),
)


@mistake
class FlowWithoutText(WrongInput):
    message = "the flow has no text in which other values could be written"
    help = "give the text, the path of a file, or what `flowspec.parse` or `flowspec.read` made"


@mistake
class FlowUnlikeText(WrongInput):
    message = "the flow is no longer the one that was read from its text"
    help = "give the text itself"


@mistake
class NoTrials(WrongInput):
    message = "a search of {trials:trial} tries nothing"
    help = "give `trials` of at least 1"
    trials: int


@mistake
class SearchOnDevices(WrongInput):
    message = "a search is done on one device"
    help = "leave `devices` out"


def tune(
    flow: Flow | str | Path,
    data: Any,
    context: Any = None,
    *,
    trials: int = 20,
    weights: Any = None,
    held_out: Any = None,
    settings: Settings | None = None,
    engine: Engine | None = None,
    precision: int | str | None = None,
    folder: str | Path | None = None,
    resume: bool = False,
    on_trial: Callable[[Trial], None] | None = None,
    **changes: Any,
) -> Tuned:
    """The best of some trainings: of the flow as it is written, and with values around those.

    What is tried is what `flowspec fit --tune` tries, and with the same seed the same trials.

    flow       a flow that was read from a text; or its text; or the path of its file, which as a
               str ends in `.flow`
    data       as `flowspec.fit` takes it, and so are `context`, `weights`, `held_out`, `engine`
               and `precision`
    trials     trainings, the one of the flow as it is written among them
    settings   hyper-parameters, in place of those of the file: all of them stay as they are, and
               the architecture alone is searched; single ones that stay can be given by name:
               `tune(flow, data, epochs=50)`. Give them to `fit`, too: they are not in the text
    folder     a place for the search, to go on from; None: it is not kept
    resume     go on with the search that is kept there, if there is one
    on_trial   called after every trial

    Example: `tuned = flowspec.tune("moons.flow", rows)`, `model = flowspec.fit(tuned.flow, rows)`

    Errors:  FlowError, where there is nothing to tune, no rows are held out, the flow cannot be
             trained as it is written, or another search is kept in the folder.
    """
    require(
        "tune",
        flow=(flow, FLOW_OR_TEXT),
        trials=(trials, WHOLE),
        settings=(settings, one_of("settings", Settings).or_none()),
        engine=(engine, one_of("an engine", Engine).or_none()),
        precision=(precision, one_of("32, 64 or bf16", int, str).or_none()),
        folder=(folder, PATH.or_none()),
        resume=(resume, SWITCH),
        on_trial=(on_trial, FUNCTION.or_none()),
    )
    check_settings("tune", changes)
    if resume and folder is None:
        raise TypeError("tune() keeps its trials in `folder`: give it to go on with them")
    if trials < 1:
        raise FlowError(NoTrials(trials=trials))
    if engine and engine.devices > 1:
        raise FlowError(SearchOnDevices())
    _check_optuna()
    from flowspec.train.tuning.tuning import Tuning

    source = _source_of(flow)
    written = check(source)
    own = partial(_settings, settings, changes)
    machine = engine_for(engine, precision, Model(written))
    batches = batches_of(written, data, context, weights, held_out, own(written), machine.dtype)
    fixed = ranges() if settings else changes
    training = partial(_training, batches, own, machine)
    with _place(folder) as place:
        return Tuning(source, trials, training, [*fixed], _Calling(on_trial)).run(place, resume)


def _settings(settings: Settings | None, changes: Mapping[str, Any], flow: Flow) -> Settings:
    """The settings of a trial, which is one training whatever an ensemble would be."""
    return dataclasses.replace(settings or Settings(**flow.train), **{**changes, **SINGLE})


def _training(
    batches: Batches, settings: Callable[[Flow], Settings], machine: Engine, flow: Flow
) -> Training | Ensemble:
    """The training of a trial: of its flow, on the rows of all of them."""
    own = settings(flow)
    return training_of(Model(flow, seed=own.seed), batches.reseeded(own), own, machine)


class _Calling(Watcher):
    """Calls a function with each trial."""

    def __init__(self, function: Callable[[Trial], None] | None):
        self._function = function

    def on_trial(self, number: int, trial: Trial) -> None:
        if self._function:
            self._function(trial)


def _source_of(flow: Flow | str | Path) -> Source:
    """The text of whatever `tune` takes as a flow.

    Errors:  FlowError, where it has none, or is another flow than its text writes.
    """
    if isinstance(flow, Flow):
        if flow.source is None:
            raise FlowError(FlowWithoutText())
        if check(flow.source) != flow:
            raise FlowError(FlowUnlikeText())
        return flow.source
    if isinstance(flow, str) and not (flow.endswith(SUFFIX) and "\n" not in flow):
        return Source(flow)
    return read_source(flow)


@contextmanager
def _place(folder: str | Path | None) -> Iterator[Path]:
    """A folder in which no other search is at work; a temporary one where none is given."""
    if folder is None:
        with TemporaryDirectory() as name:
            yield Path(name)
        return
    with held(Path(folder) / "lock", str(folder)):
        yield Path(folder)


def _check_optuna() -> None:
    """Raise a `ModuleNotFoundError` that says what to install where Optuna is not."""
    if importlib.util.find_spec("optuna") is None:
        raise ModuleNotFoundError(
            'this needs optuna; install it with `pip install "flowspec[tune]"`', name="optuna"
        )
