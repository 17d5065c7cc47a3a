"""Starts that depend on data: what `Standardize`, `ActNorm` and the networks' context are measured from."""

from __future__ import annotations

import torch

from flowspec.model import density
from flowspec.parts.measuring import location_and_scale
from flowspec.train.feed.rows import Rows
from flowspec.train.torch.flow_distribution import flat_context
from flowspec.train.torch.module import FlowModule


def set_measured(module: FlowModule, rows: Rows) -> None:
    """Give the fields that are measured from data their values, each at the place where it stands in the pipeline.

    From the data backwards: what a step measures is pulled back through the steps behind it, those that were
    measured before included.
    """
    weights = None if rows.weights is None else rows.weights.double().numpy()
    if module.flow.standard and rows.context is not None:
        here = location_and_scale(rows.context.double().numpy().T, weights)
        module.set_values({f"context.{name}": value for name, value in here.items()})
    learned = module.flow.learned()
    with torch.no_grad():
        batch = rows.values.shape[:1]
        y = rows.values if module.flow.space.scalar else rows.values.T
        for index in range(len(module.flow.steps) - 1, -1, -1):
            here = module.flow.steps[index].transform.measurements(
                y.double().numpy(), f"steps.{index}", weights
            )
            module.set_values({path: value for path, value in here.items() if path in learned})
            ops, flow = module.bound(rows.values, flat_context(rows.context, batch))
            y, _, _ = density.inverse(ops, flow.steps[index : index + 1], y)
