"""`fit`: maximum likelihood by Adam, with a validation split and the best weights kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from flowspec import density
from flowspec.diagnostics import Diagnostic, FlowError, mistake
from flowspec.flow import Flow
from flowspec.model import Model
from flowspec.runtime.inputs import ContextMissing, WrongInput
from flowspec.tables import check_rows
from flowspec.train.module import FlowModule, flat_context, to_torch


@mistake
class NothingToLearn(Diagnostic):
    message = "the flow has nothing to learn"
    help = "write `learn(...)` where a parameter is to be trained, or add `Standardize`"


@mistake
class LossNotFinite(Diagnostic):
    message = "the loss became {value} in epoch {epoch}, batch {batch}"
    help = "lower the learning rate, or look for rows far from all others"
    value: str
    epoch: int
    batch: int


@dataclass(frozen=True)
class Epoch:
    """What one pass over the data gave: mean negative log-likelihoods, in nats per row."""

    number: int
    loss: float
    validation: float


def fit(
    flow: Flow | Model,
    data,
    context=None,
    *,
    epochs: int = 200,
    batch_size: int = 256,
    learning_rate: float = 1e-2,
    validation: float = 0.1,
    patience: int = 30,
    seed: int = 0,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> Model:
    """Train what a flow learns on data, by maximum likelihood.

    data         (N, D), or (N,) for a scalar flow, in the order of `event`
    context      (N, C), for a conditional flow
    epochs       passes over the data, at most
    validation   share of the rows held out; the weights that are best on them are kept
    patience     epochs without a better validation loss after which training stops
    seed         of the split, the order of the batches and everything random: same seed, same weights
    on_epoch     called after every epoch

    Errors:  FlowError, where rows are not finite or outside the support, nothing is to be learned, or the loss
             stops being a number.
    """
    model = flow if isinstance(flow, Model) else Model(flow, seed=seed)
    _check_settings(learning_rate, validation, seed)
    if not model.flow.learned():
        raise FlowError(NothingToLearn())
    rows, given = _checked(model.flow, data, context)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(rows), generator=generator)
    held_out = min(round(validation * len(rows)), len(rows) - 1)
    train, test = order[held_out:], order[:held_out]
    module = to_torch(model)
    module.set_values(measured(module, rows[train], None if given is None else given[train]))
    _train(module, rows, given, train, test, generator, epochs, batch_size, learning_rate, patience, on_epoch)
    return module.to_model()


def _check_settings(learning_rate: float, validation: float, seed: int) -> None:
    problems = []
    if not 0 < learning_rate < math.inf:
        problems.append(WrongInput(what=f"the learning rate is {learning_rate}", advice="give a positive number, such as 0.01"))
    if not 0 <= validation < 1:
        problems.append(WrongInput(what=f"the share held out is {validation}", advice="give a number from 0 to less than 1"))
    if not -(2**63) <= seed < 2**63:
        problems.append(WrongInput(what=f"the seed {seed} does not fit into 64 bits", advice="give a smaller one"))
    if problems:
        raise FlowError(problems)


def _checked(flow: Flow, data, context) -> tuple[torch.Tensor, torch.Tensor | None]:
    values = np.asarray(data, np.float64)
    width = len(flow.columns)
    matrix = values[:, None] if values.ndim == 1 and width == 1 else values
    if matrix.ndim != 2 or matrix.shape[1] != width:
        raise FlowError(
            WrongInput(what=f"the data has shape {values.shape}, and the flow {width} columns", advice=f"give (rows, {width})")
        )
    if not len(matrix):
        raise FlowError(WrongInput(what="the data has no rows", advice="give at least two"))
    check_rows(matrix, flow.columns, flow.space, "data")
    if flow.context and context is None:
        raise FlowError(ContextMissing(names=", ".join(flow.context.names), count=len(flow.context.names)))
    given = None
    if flow.context:
        columns = np.asarray(context, np.float64).reshape(len(matrix), -1)
        check_rows(columns, flow.context.names, flow.context.space, "context")
        given = torch.tensor(columns, dtype=torch.get_default_dtype())
    rows = torch.tensor(matrix[:, 0] if flow.space.scalar else matrix, dtype=torch.get_default_dtype())
    return rows, given


def measured(module: FlowModule, rows: torch.Tensor, given: torch.Tensor | None) -> dict[str, np.ndarray]:
    """Values of the fields that are measured from data, at the place where each stands in the pipeline.

    From the data backwards: what a step measures is pulled back through the steps behind it, those that were
    measured before included.
    """
    found: dict[str, np.ndarray] = {}
    learned = module.flow.learned()
    with torch.no_grad():
        batch = rows.shape[:1]
        y = rows if module.flow.space.scalar else rows.T
        for index in range(len(module.flow.steps) - 1, -1, -1):
            here = module.flow.steps[index].transform.measurements(y.double().numpy(), f"steps.{index}")
            found |= {path: value for path, value in here.items() if path in learned}
            module.set_values(found)
            ops, flow = module.bound(rows, flat_context(given, batch))
            y, _, _ = density.inverse(ops, flow.steps[index : index + 1], y)
    return found


def _train(module, rows, given, train, test, generator, epochs, batch_size, learning_rate, patience, on_epoch) -> None:
    trained = list(module.parameters())
    if not trained:
        return
    optimiser = torch.optim.Adam(trained, lr=learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(epochs, 1), eta_min=learning_rate / 100)
    best, best_state, waited = math.inf, _state(module), 0
    for number in range(1, epochs + 1):
        shuffled = train[torch.randperm(len(train), generator=generator)]
        total = 0.0
        for batch, index in enumerate(shuffled.split(batch_size), start=1):
            loss = _loss(module, rows[index], None if given is None else given[index])
            if not torch.isfinite(loss):
                raise FlowError(LossNotFinite(value=f"{loss.item()}", epoch=number, batch=batch))
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 10.0)
            optimiser.step()
            total += loss.item() * len(index)
        schedule.step()
        held = test if len(test) else train
        with torch.no_grad():
            score = _loss(module, rows[held], None if given is None else given[held]).item()
        if on_epoch:
            on_epoch(Epoch(number, total / len(train), score))
        if score < best:
            best, best_state, waited = score, _state(module), 0
        else:
            waited += 1
        if waited >= patience:
            break
    module.load_state_dict(best_state)


def _loss(module: FlowModule, rows: torch.Tensor, given: torch.Tensor | None) -> torch.Tensor:
    return -module(given).log_prob(rows).mean()


def _state(module: FlowModule) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in module.state_dict().items()}
