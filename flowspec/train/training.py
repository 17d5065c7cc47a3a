"""A flow that is being trained: steps, epochs, the best weights, and checkpoints to go on from."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.ir.flow import Flow
from flowspec.ir.settings import Settings, ranges
from flowspec.model.model import Model
from flowspec.train.checkpoint import Keeper, OtherTraining
from flowspec.train.engine import Engine
from flowspec.train.feed.batches import Batches
from flowspec.train.feed.rows import Rows
from flowspec.train.objectives import Likelihood, check_gradients
from flowspec.train.starts import set_measured
from flowspec.train.torch.module import FlowModule, to_torch

ON_ANY = Engine()
CHANGEABLE = ("epochs", "patience", "learning_rate", "clip", "threads")
"""Settings that a training may go on with in other values than it began."""
OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}


@mistake
class NothingToLearn(Diagnostic):
    message = "the flow has nothing to learn"
    help = "write `learn(...)` where a parameter is to be trained, or add `Standardize`"


@mistake
class LossNotFinite(Diagnostic):
    message = "the {what} became {value} in epoch {epoch}, batch {batch}"
    note = "{kept}"
    help = "{advice}"
    what: str
    value: str
    epoch: int
    batch: int
    advice: str
    kept: str = ""


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


@dataclass(frozen=True)
class Epoch:
    """What one pass over the data gave.

    loss, validation   mean losses of the steps and of the rows held out, in nats per row; None, where no row is held out
    rate               the learning rate
    seconds            since the training began, in this process
    rows_per_second    of this pass
    """

    number: int
    loss: float
    validation: float | None
    rate: float
    seconds: float
    rows_per_second: float

    @property
    def decisive(self) -> float:
        """The loss that tells which weights are best."""
        return self.loss if self.validation is None else self.validation


Objective = Callable[[FlowModule, int], nn.Module]
"""(module, rows for which `torch.compile` makes one graph) -> what gives the sum of the losses of some rows."""


class Training:
    """A flow that is being trained: what it has reached, and how it goes on.

    With several processes each does a part of every batch; all hold the same weights.
    """

    def __init__(
        self,
        flow: Flow | Model,
        batches: Batches,
        settings: Settings,
        engine: Engine = ON_ANY,
        objective: Objective = Likelihood,
    ):
        model = flow if isinstance(flow, Model) else Model(flow, seed=settings.seed)
        if not model.flow.learned():
            raise FlowError(NothingToLearn())
        self.model = dataclasses.replace(
            model, flow=dataclasses.replace(model.flow, train=_asked(model.flow, settings))
        )
        self.settings = settings
        self.engine = engine
        self.batches = batches
        self.module = to_torch(self.model, dtype=engine.dtype)
        if objective is not Likelihood:
            check_gradients(self.model.flow, self.module)
        self._make_objective = objective
        self.trained = list(self.module.parameters())
        self.epoch, self.batch, self.total, self.weight = 1, 0, 0.0, 0.0
        self.best, self.best_state, self.waited = math.inf, _copied(self.module), 0
        self.history: list[Epoch] = []
        self._good: dict[str, Any] = {}
        """What changes within an epoch, as it was at its start: kept where a loss becomes infinite, when all else is spoiled."""

    @property
    def is_rank_zero(self) -> bool:
        """True in the process that writes files and reports."""
        started = getattr(self, "processes", None)
        return started.is_rank_zero if started else self.engine.is_rank_zero

    @property
    def finished(self) -> bool:
        """Is there nothing left to do?"""
        return (
            not self.trained
            or self.epoch > self.settings.epochs
            or self.waited >= self.settings.patience
        )

    @property
    def loss(self) -> float:
        """The mean loss of this epoch so far."""
        return self.total / max(self.weight, 1e-30)

    @property
    def done(self) -> float:
        """The share of all steps that are behind it."""
        within = self.batch / self.batches.steps if self.batches.steps else 0.0
        return (self.epoch - 1 + within) / self.settings.epochs

    def run(
        self,
        keeper: Keeper | None = None,
        on_epoch: Callable[[Epoch], None] | None = None,
        on_step: Callable[[], None] | None = None,
    ) -> Model:
        """Train to the end, and give the model with the best weights."""
        state = keeper.found() if keeper else None
        if state is None:
            if (rows := self.batches.measured()) is not None:
                set_measured(self.module, rows)
            self.best_state = _copied(self.module)
        else:
            assert keeper
            self._refuse_another(state, keeper.path)
        self._start(state)
        begin = time.monotonic() - (self.history[-1].seconds if self.history else 0.0)
        while not self.finished:
            self._good = self._copied_state() if keeper else {}
            started = time.monotonic()
            taken = self._run_epoch(keeper, on_step)
            now = time.monotonic()
            self._end_epoch(now - begin, taken / max(now - started, 1e-9))
            if on_epoch and self.processes.is_rank_zero:
                on_epoch(self.history[-1])
        if keeper:
            self._keep(keeper)
        self._end()
        self.module.load_state_dict(self.best_state)
        return self.module.to_model()

    def _run_epoch(self, keeper: Keeper | None, on_step: Callable[[], None] | None) -> int:
        """The steps that this epoch still has; the same whether it was interrupted or not. How many rows they took."""
        taken = 0
        for rows in self.batches.epoch(self.epoch, self.batch):
            stop = self._step(rows, keeper)
            taken += len(rows)
            if on_step and self.processes.is_rank_zero:
                on_step()
            if keeper and (stop or keeper.due()):
                self._keep(keeper)
            if stop:
                self._end()
                raise Stopped(self.epoch)
        if not self.batch:
            raise FlowError(NoBatches(epoch=self.epoch))
        return taken

    def _start(self, state: dict[str, Any] | None) -> None:
        self.processes = self.engine.start()
        if self.trained:
            rates = {"lr": self.settings.learning_rate, "weight_decay": self.settings.weight_decay}
            # Fused: one call for all weights. A flow has many small ones, and a call for each would take as long as the step.
            optimizer = OPTIMIZERS[self.settings.optimizer](self.trained, **rates, fused=True)
            most = self.batches.rows[0] or self.settings.batch_size
            rows = min(self.settings.batch_size, most) // self.processes.count
            objective = self._make_objective(self.module, rows if self.engine.compiled else 0)
            self._advice = str(objective.advice)
            self.objective, self.optimizer = self.processes.set_up(objective, optimizer)
        if state is not None:
            self._load(state)

    def _end(self) -> None:
        if self.trained:
            # They hold what connects the processes, which must be let go of before that is closed.
            del self.objective, self.optimizer
        self.processes.close()

    def _step(self, rows: Rows, keeper: Keeper | None) -> bool:
        """One step, on all processes. Is the training to stop?"""
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.rate(self.epoch)
        weight = rows.weight
        # The mean of the processes' gradients is the gradient of the sum of their shares.
        share = self._losses(rows) * (self.processes.count / max(weight, 1e-30))
        self.batch += 1
        loss, stop = self.processes.total(
            share.item() / self.processes.count, float(bool(keeper and keeper.stop()))
        )
        self._require_finite("loss", loss, keeper)
        self.optimizer.zero_grad()
        self.processes.backward(share)
        self._require_finite(
            "gradient", nn.utils.clip_grad_norm_(self.trained, self.settings.clip).item(), keeper
        )
        self.optimizer.step()
        self.total, self.weight = self.total + loss * weight, self.weight + weight
        return stop > 0

    def _losses(self, rows: Rows) -> Tensor:
        """The sum of the weighted losses of this process's part of some rows."""
        mine = self.processes.mine(rows)
        return self.objective(*map(self.processes.here, (mine.values, mine.context, mine.weights)))

    def _require_finite(self, what: str, value: float, keeper: Keeper | None) -> None:
        if not math.isfinite(value):
            kept = ""
            if keeper and self.history:
                if self.processes.is_rank_zero:
                    keeper.write({**self._state(), **self._good})
                kept = f"the training up to the end of epoch {len(self.history)} is kept in {keeper.path}"
            place: dict[str, Any] = {"epoch": self.epoch, "batch": self.batch}
            raise FlowError(
                LossNotFinite(what=what, value=str(value), advice=self._advice, kept=kept, **place)
            )

    def _end_epoch(self, seconds: float, speed: float) -> None:
        epoch = Epoch(
            self.epoch, self.loss, self._score(), self.settings.rate(self.epoch), seconds, speed
        )
        self.history.append(epoch)
        if epoch.decisive < self.best:
            self.best, self.best_state, self.waited = epoch.decisive, _copied(self.module), 0
        else:
            self.waited += 1
        self.epoch, self.batch, self.total, self.weight = self.epoch + 1, 0, 0.0, 0.0

    def _score(self) -> float | None:
        """The mean loss of the rows that are held out, if there are any."""
        found, weight = 0.0, 0.0
        with torch.no_grad():
            for rows in self.batches.scored():
                found, weight = found + self._losses(rows).item(), weight + rows.weight
        return self.processes.total(found)[0] / weight if weight else None

    # --- checkpoints ------------------------------------------------------------------------------

    def _keep(self, keeper: Keeper) -> None:
        if self.processes.is_rank_zero:
            keeper.write(self._state())

    @cached_property
    def _identity(self) -> dict[str, str]:
        """What a training must share with the one that it goes on with."""
        flow = json.dumps({**self.model.flow.to_json(), "train": None}, sort_keys=True)
        start = {
            path: value.tobytes() for path, value in sorted(self.model.complete_weights.items())
        }
        hashed = hashlib.sha256(flow.encode() + b"".join(start.values())).hexdigest()
        return {"flow": hashed, "data": self.batches.fingerprint}

    def _settings(self) -> dict[str, Any]:
        found = {**dataclasses.asdict(self.settings), **dataclasses.asdict(self.engine)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in found.items()
        }

    def _state(self) -> dict[str, Any]:
        return {
            **self._identity,
            "settings": self._settings(),
            "module": self.module.state_dict(),
            "optimizer": self.optimizer.state_dict() if self.trained else {},
            "epoch": self.epoch,
            "batch": self.batch,
            "total": self.total,
            "weight": self.weight,
            "best": self.best,
            "best_state": self.best_state,
            "waited": self.waited,
            "history": [dataclasses.asdict(epoch) for epoch in self.history],
        }

    def _copied_state(self) -> dict[str, Any]:
        """What steps change, apart from what they change it in."""
        optimizer = copy.deepcopy(self.optimizer.state_dict())
        sums = {"batch": self.batch, "total": self.total, "weight": self.weight}
        return {"module": _copied(self.module), "optimizer": optimizer, **sums}

    def _refuse_another(self, state: dict[str, Any], path: Path) -> None:
        for name, value in self._identity.items():
            if state[name] != value:
                raise FlowError(
                    OtherTraining(
                        path=str(path), what=f"another {name}" if name == "flow" else "other data"
                    )
                )
        for name, value in self._settings().items():
            if name not in CHANGEABLE and (before := state["settings"].get(name)) != value:
                raise FlowError(
                    OtherTraining(
                        path=str(path),
                        what=f"another {name.replace('_', ' ')}: {before}, not {value}",
                    )
                )

    def _load(self, state: dict[str, Any]) -> None:
        self.module.load_state_dict(state["module"])
        if self.trained:
            self.optimizer.load_state_dict(state["optimizer"])  # the rate is set anew at each step
        self.epoch, self.batch, self.total, self.weight = (
            state[name] for name in ("epoch", "batch", "total", "weight")
        )
        self.best, self.best_state, self.waited = (
            state["best"],
            state["best_state"],
            state["waited"],
        )
        self.history = [Epoch(**each) for each in state["history"]]


def _asked(flow: Flow, settings: Settings) -> dict[str, Any]:
    """The hyper-parameters that the file, or whoever trains it, has chosen."""
    defaults = Settings()
    return {
        name: value
        for name in ranges()
        if (value := getattr(settings, name)) != getattr(defaults, name) or name in flow.train
    }


def _copied(module: FlowModule) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}
