"""`fit`: a flow and data, in whatever form a user has them, to a trained model."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import torch

from flowspec.diagnostics.diagnostic import FlowError, mistake
from flowspec.diagnostics.inputs import WrongInput
from flowspec.diagnostics.kinds import (
    FUNCTION,
    NUMBER,
    PATH,
    SWITCH,
    WHOLE,
    one_of,
    require,
)
from flowspec.export.cost import check_compilation
from flowspec.ir.flow import Flow
from flowspec.ir.settings import Settings
from flowspec.model.kinds import FLOW_OR_MODEL
from flowspec.model.model import Model
from flowspec.train import budget as budgets
from flowspec.train.arguments import check_settings, engine_for
from flowspec.train.checkpoint import Keeper
from flowspec.train.course import Epoch
from flowspec.train.engine import Engine
from flowspec.train.ensemble import Ensemble, training_of
from flowspec.train.feed.noise import Drawn
from flowspec.train.feed.opening import batches_of
from flowspec.train.feed.rows import as_contexts
from flowspec.train.objectives import LogDensity, ReverseKL
from flowspec.train.run import Place, Run
from flowspec.train.torch.module import FlowModule
from flowspec.train.training import Training
from flowspec.train.warm import bundle_model


@mistake
class OneSource(WrongInput):
    message = "a flow learns from data or from a `log_density`"
    help = "give one of the two"


@mistake
class NothingToDequantize(WrongInput):
    message = "a `log_density` is of real numbers: nothing is dequantized"
    help = "leave `dequantize` out"


@mistake
class NothingToLeaveOut(WrongInput):
    message = "`dropout` is for flows that learn from data, not from a `log_density`"
    help = "leave `dropout` out"


@mistake
class NoRowsToWeigh(WrongInput):
    message = "a flow that learns from a `log_density` has no rows to weigh or to hold out"
    help = "leave them out"


@mistake
class BudgetBeside(WrongInput):
    message = "a `budget` chooses the epochs for data: it does not go with `{what}`"
    help = "leave one of them out"
    what: str


@mistake
class NoBudget(WrongInput):
    message = "{seconds} seconds are no time to train in"
    help = "give `budget` in seconds, such as 60.0"
    seconds: float


@mistake
class TooFewDraws(WrongInput):
    message = "an epoch of {draws} draws teaches nothing"
    help = "give `draws` of at least 1"
    draws: int


def fit(
    flow: Flow | Model,
    data: Any = None,
    context: Any = None,
    *,
    weights: Any = None,
    held_out: Any = None,
    log_density: LogDensity | None = None,
    draws: int = 25_600,
    settings: Settings | None = None,
    engine: Engine | None = None,
    precision: int | str | None = None,
    start_from: str | Path | None = None,
    remeasure: bool = False,
    output: str | Path | None = None,
    checkpoint: str | Path | None = None,
    checkpoint_every: float = 60.0,
    resume: bool = False,
    budget: float | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
    **changes: Any,
) -> Model:
    """The flow, trained: on data by maximum likelihood, or by reverse KL on a known log-density.

    A `Model` is trained on from its weights: what was measured from its own data (`Standardize`,
    `ActNorm`, the scale of the context) stays.

    data         (N, D), or (N,) of one column, in the order of `event`; or a data frame, an Arrow
                 table, a structured array, a mapping, or the path of a table, whose columns are
                 found by name; or a torch Dataset whose items are `x` or `(x, context)`, the same
                 at each look; or a DataLoader that gives batches of them, or any other iterable
    context      (N, C), or (N,) of one variable, for a conditional flow; or a table as above.
                 A table of data may hold it too
    weights      (N,), how much each row counts; not the weights that are learned. Of a table: the
                 name of a column
    held_out     rows that decide which weights are best, in place of a share of the data: whatever
                 `data` may be but a loader, or `(x, context)`
    log_density  x (N, D) -> (N,), or (x, context) -> (N,): a function of torch tensors, known up
                 to a constant, to learn from in the place of data. A conditional flow then draws
                 its contexts from the rows of `context`
    draws        samples of an epoch, where there is no data
    settings     hyper-parameters, in place of those of the file; single ones can be given by name:
                 `fit(flow, data, epochs=50, learning_rate=1e-3)`
    engine       the device: `Engine(accelerator="cuda", precision="bf16")`; None: a GPU, if there
                 is one
    precision    32, 64 or "bf16": of the training. What is trained in float64 is compiled so, too
    start_from   the directory of a bundle of this flow, from whose weights to go on
    remeasure    measure from this data anew what was measured from the data of the model
    output       the directory of a bundle to leave, with metrics and pictures, as `flowspec fit`
                 does; while it runs, the training is kept in `OUTPUT.training`
    checkpoint   without `output`, a file in which the training is kept
    checkpoint_every  seconds between checkpoints
    resume       go on from what is kept, if there is something; a finished `output` is read
    budget       seconds that the training of data may take: the epochs are chosen for them from the
                 pace of its first steps, and, where neither the file nor a setting says them,
                 batches and learning rate for the rows
    on_epoch     called after every epoch

    Same seed, same weights.

    Errors:  FlowError, where rows are not finite or outside the support, nothing is to be
             learned, a setting cannot be, the loss stops being a number, or `output` cannot be
             written.
    """
    require(
        "fit",
        flow=(flow, FLOW_OR_MODEL),
        log_density=(log_density, FUNCTION.or_none()),
        draws=(draws, WHOLE),
        settings=(settings, one_of("settings", Settings).or_none()),
        engine=(engine, one_of("an engine", Engine).or_none()),
        precision=(precision, one_of("32, 64 or bf16", int, str).or_none()),
        start_from=(start_from, PATH.or_none()),
        remeasure=(remeasure, SWITCH),
        output=(output, PATH.or_none()),
        checkpoint=(checkpoint, PATH.or_none()),
        checkpoint_every=(checkpoint_every, NUMBER),
        resume=(resume, SWITCH),
        budget=(budget, NUMBER.or_none()),
        on_epoch=(on_epoch, FUNCTION.or_none()),
    )
    if budget is not None:
        _check_budget(budget, log_density, changes)
    if output is not None and checkpoint is not None:
        raise TypeError("fit() keeps checkpoints beside `output`: leave `checkpoint` out")
    if isinstance(flow, Model) and start_from is not None:
        raise TypeError("fit() goes on from the model: leave `start_from` out")
    check_settings("fit", changes)
    written = flow.flow if isinstance(flow, Model) else flow
    chosen = dataclasses.replace(settings or Settings(**written.train), **changes)
    model = flow if isinstance(flow, Model) else Model(flow, seed=chosen.seed)
    start = model if start_from is None else bundle_model(model.flow, Path(start_from))
    engine = engine_for(engine, precision, start)
    place = Place(Path(output)) if output is not None else None
    if place is not None:
        check_compilation(start.flow)
    with place.held(engine.is_rank_zero) if place else nullcontext():
        if place and resume and place.is_finished:
            return place.finished_model(None if chosen.is_mixed else model.flow)
        sources = (data, context, weights, held_out)
        if (data is None) == (log_density is None):
            raise FlowError(OneSource())
        if log_density is None:

            def training_for(own: Settings) -> Training | Ensemble:
                batches = batches_of(model.flow, *sources, own, engine.dtype)
                return training_of(start, batches, own, engine, remeasure)

            if budget is not None:
                kept = place.checkpoint if place else Path(checkpoint) if checkpoint else None
                stated = {*written.train, *changes, *_changed(settings or Settings())}
                chosen = _within(budget, chosen, stated, training_for, kept if resume else None)
            training = training_for(chosen)
        else:
            batches = _drawn(model.flow, *sources, chosen, draws, engine.dtype)
            objective = partial(_reverse_kl, log_density)
            training = Training(start, batches, chosen, engine, objective)
        if place:
            steps = training.batches.steps
            longer = budgets.longer(chosen, budget, steps, "budget = {}")
            run = Run(training, place, resume=resume, interval=checkpoint_every, longer=longer)
            return _run(run, on_epoch)
        keeper = Keeper(Path(checkpoint), resume, checkpoint_every) if checkpoint else None
        return training.run(keeper, on_epoch)


def _within(
    seconds: float,
    settings: Settings,
    stated: Collection[str],
    training: Callable[[Settings], Training | Ensemble],
    kept: Path | None,
) -> Settings:
    """The settings that a time allows; of a training that is kept, those that it has."""
    if kept is not None and kept.exists():
        return budgets.kept(settings, kept)
    return budgets.plan(settings, seconds, stated, training).settings


def _changed(settings: Settings) -> set[str]:
    """The names of settings that are not the defaults."""
    return {name for name, value in vars(Settings()).items() if getattr(settings, name) != value}


def _check_budget(
    seconds: float, log_density: LogDensity | None, changes: Mapping[str, object]
) -> None:
    """Raise a `FlowError` where a time chooses nothing."""
    if log_density is not None or "epochs" in changes:
        raise FlowError(BudgetBeside(what="log_density" if log_density else "epochs"))
    if not seconds > 0:
        raise FlowError(NoBudget(seconds=seconds))


def _run(run: Run, on_epoch: Callable[[Epoch], None] | None) -> Model:
    model = run.train(on_epoch)
    run.write(model)
    return model


def _reverse_kl(log_density: LogDensity, module: FlowModule, rows: int) -> ReverseKL:
    return ReverseKL(module, log_density)


def _drawn(
    flow: Flow,
    data: None,
    context: Any,
    weights: Any,
    held_out: Any,
    settings: Settings,
    draws: int,
    dtype: torch.dtype,
) -> Drawn:
    """Noise in the place of data, for a flow that learns from a `log_density`."""
    if settings.dequantize:
        raise FlowError(NothingToDequantize())
    if settings.dropout:
        raise FlowError(NothingToLeaveOut())
    if weights is not None or held_out is not None or settings.folds > 1:
        raise FlowError(NoRowsToWeigh())
    if draws < 1:
        raise FlowError(TooFewDraws(draws=draws))
    contexts = as_contexts(flow, context)
    tensor = None if contexts is None else torch.from_numpy(contexts).to(dtype)
    return Drawn(flow, settings, draws, tensor, dtype)
