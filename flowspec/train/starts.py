"""Starts that depend on data: those of `Standardize`, `ActNorm` and the networks' context."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from operator import attrgetter
from typing import Any

import numpy as np
import torch
from torch import Tensor

from flowspec.bases.base import Base
from flowspec.bases.transformed import Transformed
from flowspec.model.binding import BoundFlow
from flowspec.ops.torch import TorchOps
from flowspec.parts.trees import values
from flowspec.parts.values import Learn
from flowspec.support.membership import move_to_safety, outside_of
from flowspec.train.feed.rows import Rows
from flowspec.train.torch.axes import Axes, as_tensor, flat_context
from flowspec.train.torch.module import FlowModule
from flowspec.transforms import chain
from flowspec.transforms.chain import Step
from flowspec.transforms.transform import Transform


def set_measured(module: FlowModule, rows: Rows, kept: Collection[str] = ()) -> None:
    """Set the fields that are measured from data, each at its place in the pipeline.

    From the data backwards: the points that a step measures are pulled back through the steps
    behind it, those that were measured before included.

    kept   the paths of fields that stay as they are
    """
    # Of a large table they are some of the rows, which may all be of weight 0.
    counted = rows.weights if rows.weight > 0 else None
    weights = None if counted is None else counted.double().numpy()
    learned = module.flow.learned().keys() - {*kept}
    if module.flow.standard and rows.context is not None:
        measured = module.flow.standard.measurements(rows.context.double().numpy().T, weights)
        named = {f"context.{name}": value for name, value in measured.items()}
        module.set_values({path: value for path, value in named.items() if path in learned})
    with torch.no_grad():
        measuring = _Measuring(module, rows, learned)
        y = Axes(module.flow.space.scalar, rows.values.shape[:1]).last(rows.values)
        transforms = [step.transform for step in module.flow.steps]
        y = measuring.steps(transforms, "steps", attrgetter("steps"), y, weights)
        measuring.base(module.flow.base, "base", y, weights)


class _Measuring:
    """The walk from the data to the base, with each step measured on its way.

    paths   of the fields to be set
    """

    def __init__(self, module: FlowModule, rows: Rows, paths: Collection[str]):
        self._module = module
        self._rows = rows
        self._paths = paths

    def steps(
        self,
        transforms: Sequence[Transform],
        path: str,
        bound: Callable[[BoundFlow], Sequence[Step]],
        y: Tensor,
        weights: np.ndarray | None,
    ) -> Tensor:
        """Measure transforms on the points y behind them: gives the points before them.

        bound   finds them in the bound flow, where some may have become one
        """
        for index in range(len(bound(self._bound()[1])) - 1, -1, -1):
            for place in bound(self._bound()[1])[index].places:
                where = f"{path}.{place}"
                seen = self._bound()[1].seen
                features = None if seen is None else as_tensor(seen).double().numpy()
                points = y.double().numpy()
                self._set(transforms[place].measurements(points, where, weights, features))
            ops, flow = self._bound()
            y = as_tensor(chain.inverse(ops, [bound(flow)[index]], y)[0])
        return y

    def base(self, base: Base, path: str, y: Tensor, weights: np.ndarray | None) -> None:
        """Measure the flows that stand in a base, each on the points that it can have."""
        measured = (v for _, _, _, v in values(base, "") if isinstance(v, Learn) and not v.trained)
        if not any(measured):
            return
        for name, child, points in base.shared_out(y):
            ops, _ = self._bound()
            outside = outside_of(ops, child.space, points)
            points = as_tensor(move_to_safety(ops, child.space, points, outside))
            inside = (1.0 - ops.number(outside)).double().numpy()
            counted = inside if weights is None else weights * inside
            if isinstance(child, Transformed):
                place = f"{path}.{name}"
                steps = partial(_steps_at, place)
                points = self.steps(child.steps, f"{place}.steps", steps, points, counted)
            self.base(child, f"{path}.{name}", points, counted)

    def _bound(self) -> tuple[TorchOps, BoundFlow]:
        rows = self._rows
        return self._module.bound(rows.values, flat_context(rows.context, rows.values.shape[:1]))

    def _set(self, measured: Mapping[str, np.ndarray]) -> None:
        self._module.set_values({p: v for p, v in measured.items() if p in self._paths})


def _steps_at(path: str, flow: BoundFlow) -> Sequence[Step]:
    """The steps of a flow that stands in the base of a bound one: at `base.bases.0`."""
    component: Any = flow
    for name in path.split("."):
        component = component[int(name)] if name.isdigit() else getattr(component, name)
    steps: Sequence[Step] = component.chain.steps
    return steps
