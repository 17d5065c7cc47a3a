"""`fit`: maximum likelihood, with a validation split, the best weights kept, and checkpoints to go on from."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from flowspec import density
from flowspec.diagnostics import Diagnostic, FlowError, mistake
from flowspec.flow import Flow
from flowspec.model import Model
from flowspec.settings import Settings
from flowspec.train.checkpoint import OtherTraining, StoppedBefore, read_checkpoint, write_checkpoint
from flowspec.train.engine import Engine
from flowspec.train.flow_distribution import flat_context
from flowspec.train.module import FlowModule, to_torch
from flowspec.train.rows import Rows, checked_rows

VALIDATION_ROWS = 8192
"""Rows that are scored at a time."""

ON_ANY = Engine()
OPTIMIZERS = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


@mistake
class NothingToLearn(Diagnostic):
    message = "the flow has nothing to learn"
    help = "write `learn(...)` where a parameter is to be trained, or add `Standardize`"


@mistake
class LossNotFinite(Diagnostic):
    message = "the {what} became {value} in epoch {epoch}, batch {batch}"
    note = "{kept}"
    help = "lower the learning rate, or look for rows far from all others"
    what: str
    value: str
    epoch: int
    batch: int
    kept: str = ""


class Stopped(Exception):
    """The training was asked to stop, and has written its checkpoint."""

    def __init__(self, epoch: int):
        super().__init__(f"stopped in epoch {epoch}")
        self.epoch = epoch


@dataclass(frozen=True)
class Epoch:
    """What one pass over the data gave.

    loss, validation   mean negative log-likelihoods, in nats per row; the validation loss is the loss, if no row is held out
    rate               the learning rate
    seconds            since the training began, in this process
    rows_per_second    of this pass
    """

    number: int
    loss: float
    validation: float
    rate: float
    seconds: float
    rows_per_second: float


def fit(
    flow: Flow | Model,
    data,
    context=None,
    *,
    weights=None,
    settings: Settings | None = None,
    engine: Engine | None = None,
    checkpoint: str | Path | None = None,
    resume: bool = False,
    on_epoch: Callable[[Epoch], None] | None = None,
    **changes: Any,
) -> Model:
    """Train what a flow learns on data, by maximum likelihood.

    data         (N, D), or (N,) for a scalar flow, in the order of `event`
    context      (N, C), for a conditional flow
    weights      (N,), how much each row counts; not the weights that are learned
    settings     hyper-parameters; single ones can be given by name: `fit(flow, data, epochs=50, learning_rate=1e-3)`
    engine       where to compute: `Engine(accelerator="cuda", precision="bf16")`; None: on a GPU, if there is one
    checkpoint   a file in which the training is kept once a minute
    resume       go on from that file, if it is there
    on_epoch     called after every epoch

    Same seed, same weights.

    Errors:  FlowError, where rows are not finite or outside the support, nothing is to be learned, a setting cannot be,
             or the loss stops being a number.
    """
    engine, checked = engine or Engine(), dataclasses.replace(settings or Settings(), **changes)
    rows = checked_rows(_flow(flow), data, context, weights, engine.dtype)
    keeper = Keeper(Path(checkpoint), resume) if checkpoint else None
    return Training(flow, rows, checked, engine).run(keeper, on_epoch)


def _flow(flow: Flow | Model) -> Flow:
    return flow.flow if isinstance(flow, Model) else flow


class Keeper:
    """Where and how often a training is kept, and whether it was asked to stop."""

    def __init__(self, path: Path, resume: bool = False, interval: float = 60.0, stop: Callable[[], bool] = lambda: False):
        self.path = path
        self.resume = resume
        self.interval = interval
        self.stop = stop
        self._last = time.monotonic()

    def found(self) -> dict[str, Any] | None:
        """The state to go on from; None to begin.

        Errors:  FlowError, where there is one that nobody asked for, or it cannot be read.
        """
        if not self.path.exists():
            return None
        state = read_checkpoint(self.path)
        if not self.resume:
            raise FlowError(StoppedBefore(path=str(self.path), epoch=state["epoch"]))
        return state

    def due(self) -> bool:
        """Is it time to write?"""
        return time.monotonic() - self._last >= self.interval

    def write(self, state: dict[str, Any]) -> None:
        """Keep a state."""
        write_checkpoint(self.path, state)
        self._last = time.monotonic()


class Training:
    """A flow that is being trained: what it has reached, and how it goes on.

    With several processes each does a part of every batch; all hold the same weights.
    """

    def __init__(self, flow: Flow | Model, rows: Rows, settings: Settings, engine: Engine = ON_ANY):
        self.model = flow if isinstance(flow, Model) else Model(flow, seed=settings.seed)
        if not self.model.flow.learned():
            raise FlowError(NothingToLearn())
        self.settings = settings
        self.engine = engine
        self.rows = rows
        order = torch.from_numpy(_random(settings.seed, 0).permutation(len(rows)))
        held_out = min(round(settings.validation * len(rows)), len(rows) - 1)
        self.train, self.held_out = order[held_out:], order[:held_out]
        self.module = to_torch(self.model, dtype=engine.dtype)
        self.trained = list(self.module.parameters())
        self.epoch, self.batch, self.total = 1, 0, 0.0
        self.best, self.best_state, self.waited = math.inf, _copied(self.module), 0
        self.history: list[Epoch] = []

    @property
    def finished(self) -> bool:
        """Is there nothing left to do?"""
        return not self.trained or self.epoch > self.settings.epochs or self.waited >= self.settings.patience

    def run(self, keeper: Keeper | None = None, on_epoch: Callable[[Epoch], None] | None = None) -> Model:
        """Train to the end, and give the model with the best weights."""
        state = keeper.found() if keeper else None
        if state is None:
            self.module.set_values(measured(self.module, self.rows[self.train]))
            self.best_state = _copied(self.module)
        else:
            assert keeper
            self._refuse_another(state, keeper.path)
        self._start(state)
        begin = time.monotonic() - (self.history[-1].seconds if self.history else 0.0)
        while not self.finished:
            started, rows = time.monotonic(), 0
            for index in self._batches():
                stop = self._step(index, keeper)
                rows += len(index)
                if keeper and (stop or keeper.due()):
                    self._keep(keeper)
                if stop:
                    self._end()
                    raise Stopped(self.epoch)
            now = time.monotonic()
            self._end_epoch(now - begin, rows / max(now - started, 1e-9))
            if on_epoch and self.processes.first:
                on_epoch(self.history[-1])
        if keeper:
            self._keep(keeper)
        self._end()
        self.module.load_state_dict(self.best_state)
        return self.module.to_model()

    def _start(self, state: dict[str, Any] | None) -> None:
        self.processes = self.engine.start()
        if self.trained:
            optimizer = OPTIMIZERS[self.settings.optimizer](
                self.trained, lr=self.settings.learning_rate, weight_decay=self.settings.weight_decay
            )
            rows = min(self.settings.batch_size, len(self.train)) // self.processes.count
            objective = _Objective(self.module, rows if self.engine.compiled else 0)
            self.objective, self.optimizer = self.processes.set_up(objective, optimizer)
        if state is not None:
            self._load(state)

    def _end(self) -> None:
        if self.trained:
            # They hold what connects the processes, which must be let go of before that is closed.
            del self.objective, self.optimizer
        self.processes.close()

    def _batches(self) -> Iterator[Tensor]:
        """The rows of the steps that this epoch still has; the same whether it was interrupted or not."""
        shuffled = self.train[torch.from_numpy(_random(self.settings.seed, self.epoch).permutation(len(self.train)))]
        yield from shuffled.split(self.settings.batch_size)[self.batch :]

    def _step(self, index: Tensor, keeper: Keeper | None) -> bool:
        """One step, on all processes. Is the training to stop?"""
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.rate(self.epoch)
        weight = self.rows[index].weight
        # The mean of the processes' gradients is the gradient of the sum of their shares.
        share = self._losses(self.processes.mine(index)) * (self.processes.count / max(weight, 1e-30))
        self.batch += 1
        loss, stop = self.processes.total(share.item() / self.processes.count, float(bool(keeper and keeper.stop())))
        self._require_finite("loss", loss, keeper)
        self.optimizer.zero_grad()
        self.processes.backward(share)
        self._require_finite("gradient", nn.utils.clip_grad_norm_(self.trained, self.settings.clip).item(), keeper)
        self.optimizer.step()
        self.total += loss * weight
        return stop > 0

    def _losses(self, index: Tensor) -> Tensor:
        """The sum of the weighted losses of some rows."""
        rows = self.rows[index]
        return self.objective(*map(self.processes.here, (rows.values, rows.context, rows.weights)))

    def _require_finite(self, what: str, value: float, keeper: Keeper | None) -> None:
        if not math.isfinite(value):
            kept = f"the training before it is kept in {keeper.path}" if keeper and keeper.path.exists() else ""
            raise FlowError(LossNotFinite(what=what, value=str(value), epoch=self.epoch, batch=self.batch, kept=kept))

    def _end_epoch(self, seconds: float, speed: float) -> None:
        loss = self.total / self.rows[self.train].weight
        score = self._score(self.held_out if len(self.held_out) else self.train)
        self.history.append(Epoch(self.epoch, loss, score, self.settings.rate(self.epoch), seconds, speed))
        if score < self.best:
            self.best, self.best_state, self.waited = score, _copied(self.module), 0
        else:
            self.waited += 1
        self.epoch, self.batch, self.total = self.epoch + 1, 0, 0.0

    def _score(self, chosen: Tensor) -> float:
        with torch.no_grad():
            found = sum(self._losses(index).item() for index in self.processes.mine(chosen).split(VALIDATION_ROWS))
        return self.processes.total(found)[0] / self.rows[chosen].weight

    # --- checkpoints ---------------------------------------------------------------------------------------

    def _keep(self, keeper: Keeper) -> None:
        if self.processes.first:
            keeper.write(self._state())

    def _identity(self) -> dict[str, str]:
        """What a training must share with the one that it goes on with."""
        flow = json.dumps(self.model.flow.to_json(), sort_keys=True)
        start = {path: value.tobytes() for path, value in sorted(self.model.complete_weights.items())}
        hashed = hashlib.sha256(flow.encode() + b"".join(start.values())).hexdigest()
        return {"flow": hashed, "data": self.rows.fingerprint}

    def _state(self) -> dict[str, Any]:
        return {
            **self._identity(),
            "settings": {**dataclasses.asdict(self.settings), **dataclasses.asdict(self.engine)},
            "module": self.module.state_dict(),
            "optimizer": self.optimizer.state_dict() if self.trained else {},
            "epoch": self.epoch,
            "batch": self.batch,
            "total": self.total,
            "best": self.best,
            "best_state": self.best_state,
            "waited": self.waited,
            "history": [dataclasses.asdict(epoch) for epoch in self.history],
        }

    def _refuse_another(self, state: dict[str, Any], path: Path) -> None:
        for name, value in self._identity().items():
            if state[name] != value:
                raise FlowError(OtherTraining(path=str(path), what=f"another {name}" if name == "flow" else "other data"))
        ours = {**dataclasses.asdict(self.settings), **dataclasses.asdict(self.engine)}
        for name, value in ours.items():
            if (before := state["settings"].get(name)) != value:
                raise FlowError(OtherTraining(path=str(path), what=f"another {name.replace('_', ' ')}: {before}, not {value}"))

    def _load(self, state: dict[str, Any]) -> None:
        self.module.load_state_dict(state["module"])
        if self.trained:
            self.optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.batch, self.total = state["epoch"], state["batch"], state["total"]
        self.best, self.best_state, self.waited = state["best"], state["best_state"], state["waited"]
        self.history = [Epoch(**each) for each in state["history"]]


class _Objective(nn.Module):
    """The sum of the negative log-likelihoods of some rows, each times its weight."""

    def __init__(self, module: FlowModule, compiled_rows: int = 0):
        """compiled_rows: for so many rows `torch.compile` makes one graph; each other number would need its own."""
        super().__init__()
        self.flow = module
        self._compiled_rows = compiled_rows
        self._compiled = torch.compile(self._sum, dynamic=False) if compiled_rows else self._sum

    def forward(self, values: Tensor, context: Tensor | None, weights: Tensor | None) -> Tensor:
        compiled = len(values) == self._compiled_rows and torch.is_grad_enabled()
        return (self._compiled if compiled else self._sum)(values, context, weights)

    def _sum(self, values: Tensor, context: Tensor | None, weights: Tensor | None) -> Tensor:
        losses = -self.flow(context).log_prob(values)
        return (losses if weights is None else losses * weights).sum()


def _copied(module: FlowModule) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}


def _random(seed: int, purpose: int) -> np.random.Generator:
    """Random numbers for one purpose: 0 for the split, else the number of the epoch."""
    return np.random.Generator(np.random.Philox(key=[seed % 2**64, purpose]))


def measured(module: FlowModule, rows: Rows) -> dict[str, np.ndarray]:
    """Values of the fields that are measured from data, at the place where each stands in the pipeline.

    From the data backwards: what a step measures is pulled back through the steps behind it, those that were
    measured before included.
    """
    found: dict[str, np.ndarray] = {}
    learned = module.flow.learned()
    with torch.no_grad():
        batch = rows.values.shape[:1]
        y = rows.values if module.flow.space.scalar else rows.values.T
        for index in range(len(module.flow.steps) - 1, -1, -1):
            here = module.flow.steps[index].transform.measurements(y.double().numpy(), f"steps.{index}")
            found |= {path: value for path, value in here.items() if path in learned}
            module.set_values(found)
            ops, flow = module.bound(rows.values, flat_context(rows.context, batch))
            y, _, _ = density.inverse(ops, flow.steps[index : index + 1], y)
    return found
