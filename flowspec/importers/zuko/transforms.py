"""Transforms of zuko as transforms of FlowSpec."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import zuko
from numpy.typing import NDArray
from torch import nn
from zuko.flows import coupling, gaussianization
from zuko.flows.autoregressive import MaskedAutoregressiveTransform
from zuko.lazy import LazyInverse, UnconditionalTransform
from zuko.nn import MaskedLinear

from flowspec.importers.zuko.networks import (
    array_of,
    hidden_layers_of,
    modules_of,
    network_weights,
    refused,
    rows_of,
)
from flowspec.importers.zuko.univariates import univariate_of
from flowspec.networks.masks import Plan
from flowspec.parts.fields import parameters
from flowspec.transforms.elementwise.softclip import ContinuedSoftclip
from flowspec.transforms.forms.inverse import Inverse
from flowspec.transforms.learned.autoregressive import Autoregressive
from flowspec.transforms.learned.continuous import Continuous
from flowspec.transforms.learned.coupling import Coupling
from flowspec.transforms.learned.elementwise import Elementwise
from flowspec.transforms.linear.linear import Linear
from flowspec.transforms.linear.permute import Permute
from flowspec.transforms.linear.rotate import rotation
from flowspec.transforms.transform import Transform

SEARCHED = 10.0
"""zuko looks for inverses between -10 and 10."""


@dataclass
class Imported:
    """A transform, and its weights by their paths inside it."""

    transform: Transform
    weights: dict[str, NDArray[Any]] = field(default_factory=dict)


def context_size_of(transform: nn.Module, size: int) -> int:
    """The number of context variables that a transform takes."""
    if isinstance(transform, LazyInverse):
        return context_size_of(transform.transform, size)
    if isinstance(transform, MaskedAutoregressiveTransform):
        return int(transform.hyper.in_features - size)
    if isinstance(transform, coupling.GeneralCouplingTransform):
        return int(transform.hyper.in_features - transform.mask.sum())
    if isinstance(transform, gaussianization.ElementWiseTransform):
        return int(transform.hyper.in_features) if hasattr(transform, "hyper") else 0
    if isinstance(transform, zuko.flows.FFJTransform):
        return int(transform.ode.in_features - size - 2 * len(transform.freqs))
    return 0


def transform_of(transform: nn.Module, size: int) -> Imported:
    """A transform of zuko on so many coordinates as one of FlowSpec, with its weights."""
    if isinstance(transform, LazyInverse):
        inner = transform_of(transform.transform, size)
        weights = {f"transform.{path}": value for path, value in inner.weights.items()}
        return Imported(Inverse(inner.transform), weights)
    if isinstance(transform, MaskedAutoregressiveTransform):
        return _autoregressive(transform, size)
    if isinstance(transform, coupling.GeneralCouplingTransform):
        return _coupling(transform, size)
    if isinstance(transform, gaussianization.ElementWiseTransform):
        return _elementwise(transform, size)
    if isinstance(transform, zuko.flows.FFJTransform):
        return _continuous(transform)
    if isinstance(transform, UnconditionalTransform):
        return Imported(_fixed(transform))
    raise refused(f"the transform {type(transform).__name__}")


def _fixed(transform: UnconditionalTransform) -> Transform:
    """Transforms without a network."""
    kind, settings = transform.f, transform.kwargs
    if kind is zuko.transforms.SoftclipTransform:
        half_width = float(settings.get("bound", 1.0))
        end = min(SEARCHED, half_width * SEARCHED / (SEARCHED + 1))
        return Inverse(ContinuedSoftclip(half_width, end))
    if kind is zuko.transforms.RotationTransform:
        return Linear(rotation(array_of(settings.get("A", next(iter(transform.args), None)))).T)
    if kind is zuko.transforms.PermutationTransform:
        order = settings.get("order", next(iter(transform.args), None))
        return Inverse(Permute(tuple(int(i) for i in order)))
    raise refused(f"the transform {getattr(kind, '__name__', kind)}")


def _autoregressive(transform: MaskedAutoregressiveTransform, size: int) -> Imported:
    masks = [
        module.mask for module in transform.hyper.modules() if isinstance(module, MaskedLinear)
    ]
    hidden, activation, residual = hidden_layers_of(transform.hyper)
    context_size = transform.hyper.in_features - size
    adjacency = _adjacency(transform, masks, size)
    order: tuple[int, ...] = ()
    matrix: tuple[tuple[int, ...], ...] = ()
    if transform.order is not None:
        order = tuple(int(i) for i in transform.order)
    else:
        matrix = tuple(tuple(int(v) for v in row) for row in adjacency)
    univariate, fields = univariate_of(transform.univariate, transform.shapes, size)
    step = Autoregressive(
        univariate,
        hidden=hidden,
        activation=activation,
        residual=residual,
        order=order,
        adjacency=matrix,
        periodic=False,
    )
    rows = rows_of(transform.shapes, size)
    outputs = len(rows) // size
    plan = Plan(np.tile(adjacency, (outputs, 1)), *_stages(step, size, context_size, outputs))
    units = [plan.units(width)[1] for width in hidden]
    weights = network_weights(modules_of(transform.hyper), units, rows)
    return Imported(step, {**weights, **fields})


def _adjacency(
    transform: MaskedAutoregressiveTransform, masks: Sequence[torch.Tensor], size: int
) -> NDArray[Any]:
    """(coordinates, inputs): true where one depends on the other, by the masks of the network."""
    if transform.order is not None:
        order = transform.order.cpu().numpy()
        context = np.ones((size, transform.hyper.in_features - size), bool)
        return np.concatenate([order[:, None] > order, context], axis=1)
    paths = functools.reduce(
        lambda paths, mask: mask.double() @ paths, masks[1:], masks[0].double()
    )
    return np.asarray((paths > 0).cpu().numpy()[:: transform.total])


def _stages(
    step: Autoregressive, size: int, context_size: int, outputs: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The stages at which inputs are known and outputs can be, by the transform's own plan."""
    stages = step.generations(size)
    return np.concatenate([stages + 1, np.zeros(context_size, int)]), np.tile(stages, outputs)


def _coupling(transform: coupling.GeneralCouplingTransform, size: int) -> Imported:
    mask = tuple(int(v) for v in transform.mask)
    hidden, activation, normalize = hidden_layers_of(transform.hyper)
    moved = size - sum(mask)
    univariate, fields = univariate_of(transform.univariate, transform.shapes, moved)
    step = Coupling(
        univariate,
        mask=mask,
        hidden=hidden,
        activation=activation,
        normalize=normalize,
        periodic=False,
    )
    weights = network_weights(
        modules_of(transform.hyper), [None] * len(hidden), rows_of(transform.shapes, moved)
    )
    return Imported(step, {**weights, **fields})


def _elementwise(transform: gaussianization.ElementWiseTransform, size: int) -> Imported:
    univariate, fields = univariate_of(transform.univariate, transform.shapes, size)
    if not hasattr(transform, "hyper"):
        names = list(parameters(univariate))
        free = {
            f"univariate.{name}": np.moveaxis(array_of(phi), 0, -1)
            for name, phi in zip(names, transform.phi, strict=True)
        }
        return Imported(Elementwise(univariate), {**free, **fields})
    hidden, activation, normalize = hidden_layers_of(transform.hyper)
    step = Elementwise(univariate, hidden=hidden, activation=activation, normalize=normalize)
    weights = network_weights(
        modules_of(transform.hyper), [None] * len(hidden), rows_of(transform.shapes, size)
    )
    return Imported(step, {**weights, **fields})


def _continuous(transform: zuko.flows.FFJTransform) -> Imported:
    hidden, activation, normalize = hidden_layers_of(transform.ode)
    if normalize:
        raise refused("a normalized network of a continuous flow")
    step = Continuous(hidden=hidden, activation=activation, frequencies=len(transform.freqs))
    return Imported(step, network_weights(modules_of(transform.ode), [None] * len(hidden), None))
