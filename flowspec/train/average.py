"""The exponential mean of weights over the steps of a training: calmer than the last of them.

Source: Acceleration of stochastic approximation by averaging, Polyak and Juditsky, 1992,
doi:10.1137/0330046.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

WARMING = 10
"""The mean forgets faster in as many steps, so that it leaves the start behind."""


class Average:
    """The mean of the trained weights of a module, in which step n counts `decay` times n + 1."""

    def __init__(self, module: nn.Module, decay: float):
        self._parameters = dict(module.named_parameters())
        self._decay = decay
        self._steps = 0
        self._means = {n: p.detach().clone() for n, p in self._parameters.items()}

    def step(self) -> None:
        """Take in the present weights."""
        self._steps += 1
        decay = min(self._decay, (1 + self._steps) / (WARMING + self._steps))
        with torch.no_grad():
            for name, parameter in self._parameters.items():
                self._means[name].lerp_(parameter, 1 - decay)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The module with the means as its weights, while the block runs."""
        own = {name: parameter.detach().clone() for name, parameter in self._parameters.items()}
        self._set(self._means)
        try:
            yield
        finally:
            self._set(own)

    def to_state(self) -> dict[str, Any]:
        """The means as a checkpoint keeps them."""
        return {"steps": self._steps, "means": {n: m.clone() for n, m in self._means.items()}}

    def load_state(self, state: dict[str, Any]) -> None:
        """The means that a checkpoint kept."""
        self._steps = state["steps"]
        for name, mean in self._means.items():
            mean.copy_(state["means"][name])

    def _set(self, values: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, parameter in self._parameters.items():
                parameter.copy_(values[name])
