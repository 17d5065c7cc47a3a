"""Deep flows: a calm start, and shorter steps, so that their first batches do not explode."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

import numpy as np

from flowspec.ir.flow import Flow
from flowspec.ir.settings import Settings
from flowspec.train.torch.module import FlowModule
from flowspec.transforms.learned.conditioned import Conditioned

DEEP = 8
"""Steps with networks from which on a flow is deep.

Each of them stretches rows that lie far out by a factor, and all of them by the product.
"""


def calm(module: FlowModule, kept: Collection[str] = ()) -> None:
    """Make the steps of a deep flow start as the identity: their last layers from zero.

    kept   the paths of fields that stay as they are
    """
    layers = last_layers(module.flow)
    learned = module.flow.learned() if len(layers) > DEEP else {}
    starts = {
        path: np.zeros(np.shape(value.init))
        for path, value in learned.items()
        if path not in kept and path.rpartition(".")[0] in layers
    }
    module.set_values(starts)


def gentle(flow: Flow, settings: Settings) -> Settings:
    """Settings whose learning rate, where it is the default, suits the depth of a flow."""
    count = len(last_layers(flow))
    if count <= DEEP or settings.learning_rate != Settings().learning_rate:
        return settings
    return dataclasses.replace(settings, learning_rate=settings.learning_rate * DEEP / count)


def last_layers(flow: Flow) -> list[str]:
    """The paths of the last layers of the networks of the steps."""
    transforms = [step.transform for step in flow.steps]
    return [
        f"steps.{index}.network.{len(transform.network) - 1}"
        for index, transform in enumerate(transforms)
        if isinstance(transform, Conditioned) and transform.network
    ]
