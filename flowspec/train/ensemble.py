"""Ensembles: one flow trained several times from other seeds, the results mixed evenly.

In a cross-validation the members are its folds: each row is held out by one of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from flowspec.bases.base import Base
from flowspec.bases.mixture import Mixture
from flowspec.bases.transformed import Transformed
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.ir.assembly import assemble
from flowspec.ir.flow import Flow
from flowspec.ir.settings import Settings
from flowspec.model.model import Model
from flowspec.train.checkpoint import Keeper
from flowspec.train.course import Course, Epoch
from flowspec.train.engine import Engine
from flowspec.train.feed.batches import Batches, Fold
from flowspec.train.gaussians import MOST_ROWS, check_gaussians, gaussians
from flowspec.train.training import Training

Start = Callable[[int], Model]
"""A seed -> the model that a member starts from."""


UNMIXED = ("ensemble", "folds", "gaussians", "seed")
"""Settings of an ensemble that the mixture has not."""
SINGLE: dict[str, Any] = {"ensemble": 1, "gaussians": 0.0}
"""Settings of the trials of a search: each is one training, or its folds."""


@mistake
class EnsembleOnDevices(Diagnostic):
    message = "an ensemble is trained on one device"
    help = "leave `devices` out, or train with `ensemble = 1` and without `folds`"


class Ensemble:
    """Trainings one after the other, which are run and reported as one.

    Each has a checkpoint of its own: those that are finished are read when it goes on.
    """

    def __init__(
        self,
        start: Start,
        batches: Batches,
        settings: Settings,
        engine: Engine,
        remeasure: bool = False,
    ):
        if engine.devices > 1:
            raise FlowError(EnsembleOnDevices())
        if settings.gaussians:
            check_gaussians(start(settings.seed).flow)
        mixture_of([start(settings.seed).flow] * 2)  # what cannot be mixed is told beforehand
        self._start = start
        self._settings = settings
        self._batches = self._fold(batches, settings, 0) if settings.folds > 1 else batches
        self.engine = engine
        self._remeasure = remeasure
        self.members: list[Training] = []
        self.members.append(self._member(0))

    def _member(self, index: int) -> Training:
        """A training with its own seed, or its own fold."""
        settings = dataclasses.replace(self._settings, seed=self._settings.seed + index)
        start = self._start(settings.seed)
        batches = self._batches_of(index, settings, start)
        shared = self._shared() if index else {}
        start = dataclasses.replace(start, weights={**start.weights, **shared})
        return Training(
            start, batches, settings, self.engine, remeasure=self._remeasure, shared=tuple(shared)
        )

    def _batches_of(self, index: int, settings: Settings, start: Model) -> Batches:
        """The batches of a member.

        Rows are split anew for it, but not where a context is brought to one scale.
        """
        if index == 0:
            return self._batches
        if settings.folds > 1:
            return self._fold(self._batches, settings, index)
        return self._batches if start.flow.context else self._batches.reseeded(settings)

    def _fold(self, batches: Batches, settings: Settings, index: int) -> Batches:
        return batches.of_fold(settings, Fold(index, settings.folds, self._settings.seed))

    def _shared(self) -> dict[str, np.ndarray]:
        """The scale of the context, which all members have from the first one."""
        weights = self.members[0].module.to_model().weights
        return {path: value for path, value in weights.items() if path.startswith("context.")}

    @property
    def count(self) -> int:
        """How many members it will have."""
        return self._settings.members

    @property
    def is_split(self) -> bool:
        """True for the folds of a cross-validation."""
        return self._settings.folds > 1

    @property
    def shares_held_out(self) -> bool:
        """True if all members hold out the same rows."""
        own = all(member.batches is self._batches for member in self.members)
        return not self.is_split and (own or self._batches.has_table_held_out)

    @property
    def settings(self) -> Settings:
        """Those of the first member."""
        return self.members[0].settings

    @property
    def batches(self) -> Batches:
        """Those of the first member."""
        return self._batches

    @property
    def course(self) -> Course:
        """That of the member that is trained."""
        return self.members[-1].course

    @property
    def is_rank_zero(self) -> bool:
        """True in the process that writes files and reports."""
        return self.members[-1].is_rank_zero

    @property
    def done(self) -> float:
        """The share of all steps that are behind it."""
        return (len(self.members) - 1 + self.members[-1].done) / self.count

    def run(
        self,
        keeper: Keeper | None = None,
        on_epoch: Callable[[Epoch], None] | None = None,
        on_step: Callable[[], None] | None = None,
    ) -> Model:
        """Train every member to its end, and mix them. Errors as `Training.run` has them."""
        models = []
        for index in range(self.count):
            if index == len(self.members):
                self.members.append(self._member(index))
            kept = keeper.of_member(index) if keeper else None
            models.append(self.members[index].run(kept, on_epoch, on_step))
        share = self._settings.gaussians
        if share:
            rows = self._batches.known(MOST_ROWS)
            models.append(gaussians(models[0], rows, self._settings.seed))
        return mixed(models, share)


def training_of(
    start: Model, batches: Batches, settings: Settings, engine: Engine, remeasure: bool = False
) -> Training | Ensemble:
    """The training that settings ask for, or the ensemble of them."""
    if not settings.is_mixed:
        return Training(start, batches, settings, engine, remeasure=remeasure)
    seeded = partial(_seeded, start)
    return Ensemble(seeded, batches, settings, engine, remeasure)


def members_of(training: Training | Ensemble) -> list[Training]:
    """The trainings of an ensemble, or the only one."""
    return training.members if isinstance(training, Ensemble) else [training]


def _seeded(start: Model, seed: int) -> Model:
    return dataclasses.replace(start, seed=seed)


def mixed(models: Sequence[Model], last: float = 0.0) -> Model:
    """The mixture of models with the same columns.

    last   the share of the last one; the others, or without it all, have the same weight
    """
    weights = {}
    for index, model in enumerate(models):
        for path, value in model.complete_weights.items():
            weights[_path(model.flow, index, path)] = value
    flow = mixture_of([model.flow for model in models], last)
    return Model(flow, weights, dtype=models[0].dtype)


def mixture_of(flows: Sequence[Flow], last: float = 0.0) -> Flow:
    """The flow of a mixture.

    Errors:  FlowError, where the supports of the flows do not make one.
    """
    first = flows[0]
    weights = np.ones(len(flows))
    if last:
        weights = np.append(np.full(len(flows) - 1, (1 - last) / (len(flows) - 1)), last)
    base = Mixture(weights, tuple(map(_as_base, flows)))
    made = assemble(base, (), first.context, first.event)
    kept: dict[str, Any] = {n: v for n, v in first.train.items() if n not in UNMIXED}
    return dataclasses.replace(made, train=kept)


def _as_base(flow: Flow) -> Base:
    transforms = tuple(step.transform for step in flow.steps)
    return Transformed(flow.base, transforms) if transforms else flow.base


def _path(flow: Flow, index: int, path: str) -> str:
    """The place in the mixture of what stands at a path of a member."""
    if path.startswith("context."):
        return path
    inner = path if flow.steps else path.removeprefix("base.")
    return f"base.bases.{index}.{inner}"
