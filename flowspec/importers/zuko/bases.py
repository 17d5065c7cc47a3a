"""Bases of zuko as bases of FlowSpec."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
import zuko
from numpy.typing import NDArray
from torch import nn
from zuko.lazy import UnconditionalDistribution
from zuko.mixtures import GMM

from flowspec.bases.base import Base
from flowspec.bases.gaussian_mixture import GaussianMixture
from flowspec.bases.join import Join
from flowspec.bases.normal import Normal
from flowspec.bases.uniform import CircularUniform, Uniform
from flowspec.importers.zuko.networks import (
    array_of,
    hidden_layers_of,
    modules_of,
    network_weights,
    refused,
)

SEAM = 1e-5
"""The length by which zuko's NCSF widens the circle."""


def base_of(base: nn.Module) -> tuple[Base, dict[str, NDArray[Any]]]:
    """The base, and the weights of its network."""
    if isinstance(base, GMM):
        return _gaussian_mixture(base)
    if not isinstance(base, UnconditionalDistribution):
        raise refused(f"the base {type(base).__name__}")
    kind = base.f
    arrays = {
        name: array_of(value)
        for name, value in base.kwargs.items()
        if isinstance(value, torch.Tensor)
    }
    if not arrays:
        raise refused("a base whose parameters have no names", "write `loc=..., scale=...`")
    if kind is zuko.distributions.DiagNormal:
        return Normal(arrays["loc"], arrays["scale"]), {}
    if kind is zuko.distributions.BoxUniform:
        return _uniform(arrays["lower"], arrays["upper"]), {}
    raise refused(f"the base {getattr(kind, '__name__', kind)}")


def _uniform(low: NDArray[Any], high: NDArray[Any]) -> Base:
    """A box, or circles where zuko's NCSF has its base."""
    is_circle = np.allclose(low, -math.pi - SEAM, rtol=1e-6, atol=0)
    if is_circle and np.allclose(high, math.pi + SEAM, rtol=1e-6, atol=0):
        return CircularUniform(-math.pi, math.pi, size=len(low))
    pairs = zip(low.tolist(), high.tolist(), strict=True)
    return Join(tuple(Uniform(*ends) for ends in pairs))


def _gaussian_mixture(base: GMM) -> tuple[Base, dict[str, NDArray[Any]]]:
    settings = {
        "components": base.components,
        "covariance": base.covariance_type,
        "tied": base.tied,
        "epsilon": base.epsilon,
    }
    features = int(base.shapes[1][1])
    if not hasattr(base, "hyper"):
        free = np.concatenate([array_of(phi).reshape(-1) for phi in base.phi])
        return GaussianMixture(features, **settings), {"network.0.values": free}
    hidden, activation, normalize = hidden_layers_of(base.hyper)
    made = GaussianMixture(
        features, **settings, hidden=hidden, activation=activation, normalize=normalize
    )
    return made, network_weights(modules_of(base.hyper), [None] * len(hidden), None)


def base_context_size(weights: dict[str, NDArray[Any]]) -> int:
    """The number of context variables that the network of a base takes."""
    weight = weights.get("network.0.weight")
    return 0 if weight is None else int(weight.shape[1])
