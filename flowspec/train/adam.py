"""Adam and AdamW, as one call of torch's fused kernels for all weights.

`torch.optim` takes the same steps, but loads torch's compiler with its first: three seconds, in
which a small table is trained.

Source: Adam: A Method for Stochastic Optimization, Kingma and Ba, 2015, arXiv:1412.6980,
algorithm 1; Decoupled Weight Decay Regularization, Loshchilov and Hutter, 2019, arXiv:1711.05101,
algorithm 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from flowspec.ir.settings import Settings

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
"""Those of the papers."""


def adam(module: torch.nn.Module, settings: Settings) -> Adam:
    """The optimizer of a module, whose weight decay is for networks with hidden layers alone: 0 is
    the start of no scale, of no matrix, and of no line on the context.
    """
    named = dict(module.named_parameters())
    return Adam(
        list(named.values()),
        settings.learning_rate,
        settings.weight_decay,
        settings.optimizer == "adamw",
        decayed(list(named)),
    )


def decayed(names: Sequence[str]) -> list[bool]:
    """For each parameter, True if it is one of a network that has hidden layers."""
    places = [name.partition(".network.") for name in names]
    layers: dict[str, set[str]] = {}
    for network, _, weight in places:
        layers.setdefault(network, set()).add(weight.rpartition(".")[0])
    return [bool(inside) and len(layers[network]) > 1 for network, inside, _ in places]


class Adam:
    """The steps of a training.

    rate       the learning rate, set anew before each step
    decoupled  true for AdamW, whose weight decay stands beside the gradient
    decays     which of the weights the decay is for
    """

    def __init__(
        self,
        weights: Sequence[Tensor],
        rate: float,
        weight_decay: float,
        decoupled: bool,
        decays: Sequence[bool],
    ):
        self.weights = list(weights)
        self.rate = rate
        self.weight_decay = weight_decay
        self._decays = decays
        self._step = torch._fused_adamw_ if decoupled else torch._fused_adam_
        self._means = [torch.zeros_like(weight) for weight in self.weights]
        self._squares = [torch.zeros_like(weight) for weight in self.weights]
        self._steps = [torch.zeros((), device=weight.device) for weight in self.weights]

    def forget_gradients(self) -> None:
        """Forget the gradients of the step before."""
        for weight in self.weights:
            weight.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move the weights that have a gradient."""
        moved = [i for i, weight in enumerate(self.weights) if weight.grad is not None]
        if not self.weight_decay:
            self._move(moved, 0.0)
            return
        self._move([i for i in moved if self._decays[i]], self.weight_decay)
        self._move([i for i in moved if not self._decays[i]], 0.0)

    def _move(self, chosen: Sequence[int], weight_decay: float) -> None:
        if not chosen:
            return
        gradients = [gradient for i in chosen if (gradient := self.weights[i].grad) is not None]
        state = (self.weights, self._means, self._squares, self._steps)
        weights, means, squares, steps = ([each[i] for i in chosen] for each in state)
        torch._foreach_add_(steps, 1)
        self._step(
            weights,
            gradients,
            means,
            squares,
            [],
            steps,
            lr=self.rate,
            beta1=BETA1,
            beta2=BETA2,
            weight_decay=weight_decay,
            eps=EPSILON,
            amsgrad=False,
            maximize=False,
        )

    def to_state(self) -> dict[str, Any]:
        """The state as a checkpoint keeps it, copied so that steps do not change it."""
        kept = {"means": self._means, "squares": self._squares, "steps": self._steps}
        return {name: [tensor.clone() for tensor in tensors] for name, tensors in kept.items()}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from a state."""
        ours = {"means": self._means, "squares": self._squares, "steps": self._steps}
        for name, tensors in ours.items():
            for tensor, kept in zip(tensors, state[name], strict=True):
                tensor.copy_(kept)
