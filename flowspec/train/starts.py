"""Starts that depend on data: those of `Standardize`, `ActNorm` and the networks' context."""

from __future__ import annotations

from collections.abc import Collection

import torch

from flowspec.train.feed.rows import Rows
from flowspec.train.torch.axes import Axes, as_tensor, flat_context
from flowspec.train.torch.module import FlowModule
from flowspec.transforms import chain


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
        batch = rows.values.shape[:1]
        y = Axes(module.flow.space.scalar, batch).last(rows.values)
        for index in range(len(module.flow.steps) - 1, -1, -1):
            transform = module.flow.steps[index].transform
            measured = transform.measurements(y.double().numpy(), f"steps.{index}", weights)
            module.set_values({path: value for path, value in measured.items() if path in learned})
            ops, flow = module.bound(rows.values, flat_context(rows.context, batch))
            y = as_tensor(chain.inverse(ops, flow.steps[index : index + 1], y)[0])
