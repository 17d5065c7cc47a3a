"""The univariate transforms of zuko, and those of FlowSpec that equal them.

Each maker takes zuko's function or module, its settings, the shapes of its parameters and the
number of coordinates, and gives the transform with the weights that it holds itself.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import zuko
from numpy.typing import NDArray
from torch import nn
from zuko.flows import neural, polynomial, spline

from flowspec.importers.zuko.networks import (
    array_of,
    hidden_layers_of,
    modules_of,
    refused,
    widths_of,
)
from flowspec.transforms.elementwise.monotonic_affine import MonotonicAffine
from flowspec.transforms.splines.bernstein import Bernstein, BoundedBernstein
from flowspec.transforms.splines.gaussianization import Gaussianization
from flowspec.transforms.splines.rational_quadratic import RQS
from flowspec.transforms.splines.steered import IntegratedNetwork, MonotoneNetwork
from flowspec.transforms.splines.sum_of_squares import SumOfSquares
from flowspec.transforms.transform import Univariate

Settings = dict[str, Any]
Shapes = Sequence[tuple[int, ...]]
Made = tuple[Univariate, dict[str, NDArray[Any]]]


def _affine(function: Any, settings: Settings, shapes: Shapes, size: int) -> Made:
    return MonotonicAffine(**settings), {}


def _spline(function: Any, settings: Settings, shapes: Shapes, size: int) -> Made:
    return RQS(bins=shapes[0][0], **settings), {}


def _circular_spline(function: Any, settings: Settings, shapes: Shapes, size: int) -> Made:
    return RQS(bins=shapes[0][0], bound=math.pi, turn=True, **settings), {}


def _bernstein(function: Any, settings: Settings, shapes: Shapes, size: int) -> Made:
    kind = BoundedBernstein if function is zuko.transforms.BoundedBernsteinTransform else Bernstein
    return kind(degree=shapes[0][0] - 1, **settings), {}


def _sum_of_squares(function: Any, settings: Settings, shapes: Shapes, size: int) -> Made:
    polynomials, count = shapes[0]
    return SumOfSquares(degree=count - 1, polynomials=polynomials, **settings), {}


def _gaussianization(function: Any, settings: Settings, shapes: Shapes, size: int) -> Made:
    return Gaussianization(components=shapes[0][0], **settings), {}


def _monotone(module: Any, settings: Settings, shapes: Shapes, size: int) -> Made:
    step = MonotoneNetwork(signals=shapes[0][0], hidden=widths_of(module.network))
    return step, _stacked_weights(module.network, size)


def _integrated(module: Any, settings: Settings, shapes: Shapes, size: int) -> Made:
    hidden, activation, normalize = hidden_layers_of(module.integrand)
    if normalize:
        raise refused("a normalized network of an unconstrained monotonic neural network")
    step = IntegratedNetwork(signals=shapes[0][0], hidden=hidden, activation=activation)
    return step, _stacked_weights(module.integrand, size)


def _stacked_weights(network: nn.Sequential, size: int) -> dict[str, NDArray[Any]]:
    """Weights of a stack of networks.

    The first one is split into that of the number and that of the signal.
    """
    weights = {}
    for index, module in enumerate(modules_of(network)):
        weight, bias = array_of(module.weight), array_of(module.bias)
        if weight.ndim == 2:  # one network for all coordinates
            weight = np.broadcast_to(weight, (size, *weight.shape))
            bias = np.broadcast_to(bias, (size, *bias.shape))
        path = f"univariate.network.{index}"
        if index == 0:
            weights[f"{path}.signal_weight"] = weight[..., 1:]
            weight = weight[..., :1]
        weights |= {f"{path}.weight": weight, f"{path}.bias": bias}
    return weights


UNIVARIATES: dict[Any, Callable[[Any, Settings, Shapes, int], Made]] = {
    zuko.transforms.MonotonicAffineTransform: _affine,
    zuko.transforms.MonotonicRQSTransform: _spline,
    spline.CircularRQSTransform: _circular_spline,
    zuko.transforms.BernsteinTransform: _bernstein,
    zuko.transforms.BoundedBernsteinTransform: _bernstein,
    polynomial.ShiftedSOSPTransform: _sum_of_squares,
    zuko.transforms.GaussianizationTransform: _gaussianization,
    neural.MNN: _monotone,
    neural.UMNN: _integrated,
}


def univariate_of(
    function: Any, shapes: Sequence[Sequence[int]], size: int
) -> tuple[Univariate, dict[str, NDArray[Any]]]:
    """A univariate transform, and the weights that it holds itself.

    Their paths are those in the conditioned transform.
    """
    settings: Settings = {}
    while isinstance(function, functools.partial):
        if function.args:
            raise refused("a univariate with positional arguments", "name them")
        settings = {**function.keywords, **settings}
        function = function.func
    for kind, maker in UNIVARIATES.items():
        if function is kind or type(function) is kind:
            return maker(function, settings, [tuple(shape) for shape in shapes], size)
    raise refused(f"the univariate {getattr(function, '__name__', type(function).__name__)}")
