"""A flow that is being trained: steps, epochs, and checkpoints to go on from."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import nullcontext
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.ir.flow import Flow
from flowspec.ir.settings import Settings, ranges
from flowspec.model.model import Model
from flowspec.train.adam import adam
from flowspec.train.average import Average
from flowspec.train.checkpoint import Keeper
from flowspec.train.clipping import clip_gradients
from flowspec.train.course import Course, Epoch
from flowspec.train.deep import calm, gentle
from flowspec.train.engine import Engine
from flowspec.train.feed.batches import SCORED, Batches
from flowspec.train.feed.rows import Rows
from flowspec.train.identity import check_same, identity, plain_settings
from flowspec.train.objectives import Likelihood, Objective, check_gradients
from flowspec.train.outcome import (
    FEW,
    LARGEST_LOSS,
    MOST_SKIPPED,
    FailedTraining,
    LossNotFinite,
    divergence,
)
from flowspec.train.starts import set_measured
from flowspec.train.torch.module import FlowModule, to_torch

ON_ANY = Engine()
MakeObjective = Callable[[FlowModule, int], Objective]
"""(module, rows for which `torch.compile` makes one graph) -> the loss."""


@mistake
class NothingToLearn(Diagnostic):
    message = "the flow has nothing to learn"
    help = "write `learn(...)` where a parameter is to be trained, or add `Standardize`"


@mistake
class NoBatches(Diagnostic):
    message = "the loader gave no batches in epoch {epoch}"
    help = "give one that holds something, and begins anew each time it is asked"
    epoch: int


class Stopped(Exception):
    """The training was asked to stop, and has written its checkpoint."""

    def __init__(self, epoch: int):
        super().__init__(f"stopped in epoch {epoch}")
        self.epoch = epoch


class Training:
    """A flow that is being trained: the course so far, and how it goes on.

    With several processes each does a share of every batch; all hold the same weights.
    """

    def __init__(
        self,
        flow: Flow | Model,
        batches: Batches,
        settings: Settings,
        engine: Engine = ON_ANY,
        objective: MakeObjective = Likelihood,
        remeasure: bool = False,
        shared: Collection[str] = (),
    ):
        """The training of a flow, or of a model from its weights on.

        remeasure   of a model, measure anew from the data what was measured once; else the values
                    that it has stay
        shared      the paths of values of the model that stay nevertheless
        """
        model = flow if isinstance(flow, Model) else Model(flow, seed=settings.seed)
        if not model.flow.learned():
            raise FlowError(NothingToLearn())
        settings = gentle(model.flow, settings)
        chosen = dataclasses.replace(model.flow, train=_chosen(model.flow, settings))
        settings = settings.over(batches.steps)
        self.model = dataclasses.replace(model, flow=chosen)
        self.settings = settings
        self.engine = engine
        self.batches = batches
        self.module = to_torch(self.model, dtype=engine.dtype)
        if objective is not Likelihood:
            check_gradients(self.model.flow, self.module)
        self._make_objective = objective
        self.remeasure = remeasure
        self._shared = shared
        self.trained = list(self.module.parameters())
        self.course = Course(_copied(self.module))
        self._average: Average | None = None
        self._compared: Rows | None = None
        self._good: dict[str, Any] = {}
        """What steps change, at the start of the last epoch that did not begin among batches
        without a step: it is kept where a loss becomes infinite, when all else is spoiled.
        """

    @property
    def is_rank_zero(self) -> bool:
        """True in the process that writes files and reports."""
        started = getattr(self, "processes", None)
        return started.is_rank_zero if started else self.engine.is_rank_zero

    @property
    def is_finished(self) -> bool:
        """True if there is nothing left to do."""
        return (
            not self.trained
            or self.course.epoch > self.settings.epochs
            or self.course.waited >= self.settings.patience
        )

    @property
    def size(self) -> tuple[int, int | None, int]:
        """Numbers that are trained, rows that train them (None: not known), and columns."""
        numbers = sum(parameter.numel() for parameter in self.trained)
        return numbers, self.batches.rows[0], len(self.model.flow.columns)

    @property
    def done(self) -> float:
        """The share of all steps that are behind it."""
        within = self.course.batch / self.batches.steps if self.batches.steps else 0.0
        return (self.course.epoch - 1 + within) / self.settings.epochs

    def run(
        self,
        keeper: Keeper | None = None,
        on_epoch: Callable[[Epoch], None] | None = None,
        on_step: Callable[[], None] | None = None,
    ) -> Model:
        """Train to the end, and give the model with the best weights.

        Errors:  FailedTraining, where it diverged.
        """
        state = keeper.kept_state() if keeper else None
        if keeper and state is not None:
            check_same(state, self._identity, self._settings, keeper.path)
        else:
            self._measure_starts()
        self._start(state)
        if state is None and self.trained:
            self.course.start = self._compared_loss()
        history = self.course.history
        begin = time.monotonic() - (history[-1].seconds if history else 0.0)
        while not self.is_finished:
            if keeper and not self.course.streak:
                self._good = self._copied_state()
            started = time.monotonic()
            rows = self._run_epoch(keeper, on_step)
            now = time.monotonic()
            self._end_epoch(now - begin, rows / max(now - started, 1e-9))
            if on_epoch and self.processes.is_rank_zero:
                on_epoch(self.course.history[-1])
        if keeper:
            self._keep(keeper)
        return self._outcome()

    def _measure_starts(self) -> None:
        calm(self.module, tuple(self.model.weights))
        kept = tuple(self._shared if self.remeasure else self.model.weights)
        if self.model.flow.learned().keys() - {*kept}:
            if (rows := self.batches.measured()) is not None:
                set_measured(self.module, rows, kept)
                self._compared = rows[:SCORED]
            self.course.best_state = _copied(self.module)

    def _start(self, state: dict[str, Any] | None) -> None:
        self.processes = self.engine.start()
        if self.trained:
            most = self.batches.rows[0] or self.settings.batch_size
            rows = min(self.settings.batch_size, most) // self.processes.count
            objective = self._make_objective(self.module, rows if self.engine.compiled else 0)
            self._advice = objective.advice
            self.objective = self.processes.set_up(objective)
            self.trained = list(self.module.parameters())
            self.optimizer = adam(self.module, self.settings)
            if self.settings.ema:
                self._average = Average(self.module, self.settings.ema)
        if state is not None:
            self._load(state)

    def _end(self) -> None:
        if self.trained:
            # They hold what connects the processes, which must be let go of before that is closed.
            del self.objective, self.optimizer
        self.processes.close()

    def _outcome(self) -> Model:
        """The model with the best weights, which the module has from then on."""
        self.module.load_state_dict(self.course.best_state)
        model = self._model()
        failure = None
        if self.course.start is not None:
            best = self.course.best if self._is_judged_held_out else self._compared_loss()
            failure = divergence(self.course.start, best, self._advice)
        self._end()
        if failure:
            raise FailedTraining(failure, model)
        return model

    def _model(self) -> Model:
        dtype = "float64" if self.engine.dtype == torch.float64 else "float32"
        return dataclasses.replace(self.module.to_model(), dtype=dtype)

    # --- epochs and steps -------------------------------------------------------------------------

    def _run_epoch(self, keeper: Keeper | None, on_step: Callable[[], None] | None) -> int:
        """The steps that this epoch still has, and the number of rows they took.

        They are the same whether it was interrupted or not.
        """
        count = 0
        for rows in self.batches.epoch(self.course.epoch, self.course.batch):
            stop = self._step(rows, keeper)
            count += len(rows)
            if on_step and self.processes.is_rank_zero:
                on_step()
            if keeper and (stop or keeper.is_due()):
                self._keep(keeper)
            if stop:
                self._end()
                raise Stopped(self.course.epoch)
        if not self.course.batch:
            raise FlowError(NoBatches(epoch=self.course.epoch))
        return count

    def _step(self, rows: Rows, keeper: Keeper | None) -> bool:
        """One step, on all processes. True if the training is to stop."""
        self.optimizer.rate = self.settings.rate(self.course.epoch)
        weight = rows.weight
        # The mean of the processes' gradients is the gradient of the sum of their shares.
        seed = self.settings.seed, self.course.epoch, self.course.batch, self.processes.rank
        with self.module.thinned(self.settings.dropout, *seed):
            share = self._losses(rows) * (self.processes.count / max(weight, 1e-30))
        self.course.batch += 1
        loss, stop = self.processes.total(
            share.item() / self.processes.count, float(bool(keeper and keeper.stop()))
        )
        if not _is_finite(loss):
            self._skip("loss", loss, keeper)
            return stop > 0
        self.optimizer.forget_gradients()
        self.processes.backward(share)
        norm = clip_gradients(self.trained, self.settings.clip)
        if not _is_finite(norm):
            self._skip("gradient", norm, keeper)
            return stop > 0
        self.optimizer.step()
        if self._average:
            self._average.step()
        self.course.add(loss, weight)
        return stop > 0

    def _losses(self, rows: Rows) -> Tensor:
        """The sum of the weighted losses of this process's share of some rows."""
        share = self.processes.share(rows)
        losses: Tensor = self.objective(*map(self.processes.to_device, share.tensors))
        return losses

    def _skip(self, quantity: str, value: float, keeper: Keeper | None) -> None:
        """Leave a batch out. All processes have the same loss and gradient, and do so.

        Errors:  FailedTraining, where there are too many, one after the other, or a whole epoch.
        """
        self.course.skip()
        is_whole = self.course.skipped == self.course.batch == self.batches.steps
        if self.course.streak == MOST_SKIPPED or is_whole:
            self._fail(quantity, value, keeper)

    def _fail(self, quantity: str, value: float, keeper: Keeper | None) -> None:
        kept = ""
        if keeper and (epochs := len(self.course.history)):
            if self.processes.is_rank_zero:
                keeper.write({**self._state(), **self._good})
            kept = f"the training up to the end of epoch {epochs} is kept in {keeper.path}"
        mistake = LossNotFinite(
            quantity=quantity,
            value=f"{value:.4g}",
            epoch=self.course.epoch,
            batch=self.course.batch,
            advice=self._advice,
            kept=kept,
        )
        self.module.load_state_dict(self.course.best_state)
        raise FailedTraining(mistake, self._model())

    def _end_epoch(self, seconds: float, speed: float) -> None:
        number, loss = self.course.epoch, self.course.loss
        rate = self.settings.rate(number)
        with self._average.in_place() if self._average else nullcontext():
            validation = self._mean_loss(self.batches.scored())
            epoch = Epoch(number, loss, validation, rate, seconds, speed, self.course.skipped)
            if self.course.end_epoch(epoch):
                self.course.best_state = _copied(self.module)

    def _mean_loss(self, parts: Iterable[Rows]) -> float | None:
        """The mean loss of some rows, if there are any."""
        total, weight = 0.0, 0.0
        with torch.no_grad():
            for rows in parts:
                total += self._losses(rows).item()
                weight += rows.weight
        return self.processes.total(total)[0] / weight if weight else None

    @property
    def _is_judged_held_out(self) -> bool:
        return self.batches.rows[1] >= FEW

    def _compared_loss(self) -> float | None:
        """The mean loss of rows that are the same at the start and at the end, if there are any.

        They are the rows that are held out, or some of those that are trained on, if these are few.
        """
        if self._is_judged_held_out:
            return self._mean_loss(self.batches.scored())
        if self._compared is None and (rows := self.batches.measured()) is not None:
            self._compared = rows[:SCORED]
        return self._mean_loss([] if self._compared is None else [self._compared])

    # --- checkpoints ------------------------------------------------------------------------------

    def _keep(self, keeper: Keeper) -> None:
        if self.processes.is_rank_zero:
            keeper.write(self._state())

    @cached_property
    def _identity(self) -> dict[str, str]:
        """Hashes that a training must share with the one that it goes on with."""
        return identity(self.model, self.batches.fingerprint, self.remeasure)

    @property
    def _settings(self) -> dict[str, Any]:
        return plain_settings(self.settings, self.engine)

    def _state(self) -> dict[str, Any]:
        return {
            **self._identity,
            "settings": self._settings,
            "module": self.module.state_dict(),
            "optimizer": self.optimizer.to_state() if self.trained else {},
            **self._average_state(),
            **self.course.to_state(),
        }

    def _copied_state(self) -> dict[str, Any]:
        """The state that steps change, copied so that they do not."""
        optimizer = self.optimizer.to_state()
        module = _copied(self.module)
        average = self._average_state()
        return {"module": module, "optimizer": optimizer, **average, **self.course.sums}

    def _average_state(self) -> dict[str, Any]:
        return {"average": self._average.to_state()} if self._average else {}

    def _load(self, state: dict[str, Any]) -> None:
        self.module.load_state_dict(state["module"])
        if self.trained:
            self.optimizer.load_state(state["optimizer"])  # the rate is set anew at each step
        if self._average:
            self._average.load_state(state["average"])
        self.course = Course.from_state(state)


def _chosen(flow: Flow, settings: Settings) -> dict[str, Any]:
    """The hyper-parameters that the file, or whoever trains it, has chosen."""
    defaults = Settings()
    return {
        name: value
        for name in ranges()
        if (value := getattr(settings, name)) != getattr(defaults, name) or name in flow.train
    }


def _is_finite(value: float) -> bool:
    return abs(value) < LARGEST_LOSS


def _copied(module: FlowModule) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}
