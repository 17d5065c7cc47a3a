"""Networks of zuko: what they are, and their weights in the order that they have here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import zuko
from torch import nn
from zuko.nn import LayerNorm, Residual

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake

ACTIVATIONS: dict[type, str] = {
    nn.ReLU: "relu",
    nn.ELU: "elu",
    nn.SiLU: "silu",
    nn.Tanh: "tanh",
    nn.GELU: "gelu",
    nn.Softplus: "softplus",
    nn.Sigmoid: "sigmoid",
    nn.LeakyReLU: "leaky_relu",
    nn.Identity: "identity",
}

DEFAULTS: dict[type, tuple[str, Any]] = {
    nn.ELU: ("alpha", 1.0),
    nn.LeakyReLU: ("negative_slope", 0.01),
    nn.GELU: ("approximate", "none"),
    nn.Softplus: ("beta", 1),
}
"""Settings of activations that must stand as torch has them."""


@mistake
class NotImported(Diagnostic):
    message = "cannot import {what} of the zuko flow"
    help = "{advice}"
    what: str
    advice: str = ""


def refused(what: str, advice: str = "") -> FlowError:
    return FlowError(NotImported(what=what, advice=advice))


def array_of(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().double().numpy()


def modules_of(network: nn.Sequential) -> list[Any]:
    """The layers that hold weights, residual blocks among them."""
    return [
        module for module in network if isinstance(module, nn.Linear | zuko.nn.Linear | Residual)
    ]


def hidden_layers_of(network: nn.Sequential) -> tuple[tuple[int, ...], str, bool]:
    """Widths of the hidden layers, the activation, and whether blocks are residual (or features normalised)."""
    names = {_activation(module) for module in network.modules() if _is_activation(module)}
    if len(names) > 1:
        raise refused(f"a network with several activations ({', '.join(sorted(names))})")
    special = any(isinstance(module, Residual | LayerNorm) for module in network.modules())
    return widths_of(network), names.pop() if names else "relu", special


def widths_of(network: nn.Sequential) -> tuple[int, ...]:
    """Widths of the hidden layers, or of the residual blocks."""
    blocks: list[Any] = [list(module)[-1] for module in network if isinstance(module, Residual)]
    return tuple(int(module.weight.shape[-2]) for module in blocks or modules_of(network)[:-1])


def _is_activation(module: nn.Module) -> bool:
    return not isinstance(module, nn.Sequential | nn.Linear | zuko.nn.Linear | LayerNorm)


def _activation(module: nn.Module) -> str:
    name, default = DEFAULTS.get(type(module), ("", None))
    if type(module) not in ACTIVATIONS or (name and getattr(module, name) != default):
        known = ", ".join(sorted(kind.__name__ for kind in ACTIVATIONS))
        raise refused(f"the activation {module}", f"there are {known}, with their default settings")
    return ACTIVATIONS[type(module)]


def rows_of(shapes: Sequence[Sequence[int]], size: int) -> np.ndarray:
    """Rows of the output layer: zuko's go coordinate by coordinate, ours parameter by parameter."""
    total = sum(math.prod(shape) for shape in shapes)
    return np.arange(size * total).reshape(size, total).T.reshape(-1)


def network_weights(
    modules: list[nn.Module], units: Sequence[np.ndarray | None], rows: np.ndarray | None
) -> dict[str, np.ndarray]:
    """Weights by path, hidden units and outputs put into our order.

    units   for each hidden layer (or residual block) the places that its units have here
    """
    found: dict[str, np.ndarray] = {}
    before: np.ndarray | None = None
    level = 0
    blocks = any(isinstance(module, Residual) for module in modules)
    for index, module in enumerate(modules):
        if isinstance(module, Residual):
            before = units[level]
            for place, linear in enumerate(each for each in module if isinstance(each, nn.Linear)):
                found |= _linear_weights(linear, f"network.{index}.layers.{place}", before, before)
        else:
            after = rows if index == len(modules) - 1 else units[level]
            found |= _linear_weights(module, f"network.{index}", before, after)
            before = after
        level += isinstance(module, Residual) or not blocks
    return found


def _linear_weights(
    module: Any, path: str, before: np.ndarray | None, after: np.ndarray | None
) -> dict[str, np.ndarray]:
    weight, bias = array_of(module.weight), array_of(module.bias)
    if after is not None:
        weight, bias = weight[after], bias[after]
    if before is not None:
        weight = weight[:, before]
    return {f"{path}.weight": weight, f"{path}.bias": bias}
