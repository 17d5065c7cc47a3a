"""Networks of zuko: their settings, and their weights in FlowSpec's order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import zuko
from numpy.typing import NDArray
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
"""Settings of activations that must be torch's defaults."""


@mistake
class NotImported(Diagnostic):
    message = "cannot import {what} of the zuko flow"
    help = "{advice}"
    what: str
    advice: str = ""


def refused(what: str, advice: str = "") -> FlowError:
    return FlowError(NotImported(what=what, advice=advice))


def array_of(tensor: torch.Tensor) -> NDArray[Any]:
    return tensor.detach().cpu().double().numpy()


def modules_of(network: nn.Sequential) -> list[Any]:
    """The layers that hold weights, residual blocks among them."""
    return [
        module for module in network if isinstance(module, nn.Linear | zuko.nn.Linear | Residual)
    ]


def hidden_layers_of(network: nn.Sequential) -> tuple[tuple[int, ...], str, bool]:
    """Widths of the hidden layers, the activation, and a flag.

    The flag is true if blocks are residual, or features normalized.
    """
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


def rows_of(shapes: Sequence[Sequence[int]], size: int) -> NDArray[Any]:
    """Rows of the output layer, in FlowSpec's order.

    zuko's go coordinate by coordinate, FlowSpec's parameter by parameter.
    """
    total = sum(math.prod(shape) for shape in shapes)
    return np.arange(size * total).reshape(size, total).T.reshape(-1)


def network_weights(
    modules: list[nn.Module], units: Sequence[NDArray[Any] | None], rows: NDArray[Any] | None
) -> dict[str, NDArray[Any]]:
    """Weights by path, hidden units and outputs put into FlowSpec's order.

    units   for each hidden layer (or residual block) the places of its units in FlowSpec
    """
    weights: dict[str, NDArray[Any]] = {}
    before: NDArray[Any] | None = None
    level = 0
    blocks = any(isinstance(module, Residual) for module in modules)
    for index, module in enumerate(modules):
        if isinstance(module, Residual):
            before = units[level]
            linears = [layer for layer in module if isinstance(layer, nn.Linear)]
            for place, linear in enumerate(linears):
                path = f"network.{index}.layers.{place}"
                weights |= _linear_weights(linear, path, before, before)
        else:
            after = rows if index == len(modules) - 1 else units[level]
            weights |= _linear_weights(module, f"network.{index}", before, after)
            before = after
        level += isinstance(module, Residual) or not blocks
    return weights


def _linear_weights(
    module: Any, path: str, before: NDArray[Any] | None, after: NDArray[Any] | None
) -> dict[str, NDArray[Any]]:
    weight, bias = array_of(module.weight), array_of(module.bias)
    if after is not None:
        weight, bias = weight[after], bias[after]
    if before is not None:
        weight = weight[:, before]
    return {f"{path}.weight": weight, f"{path}.bias": bias}
