"""zuko flows to models.

zuko composes its transforms from data to base; here they stand the other way round. Where zuko's flow
is no distribution over all that its base gives (an image that is cut off), the model is one, and equals
it wherever zuko is consistent with itself: see `ContinuedSoftclip`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import zuko
from torch import nn
from zuko.flows import coupling, gaussianization
from zuko.flows.autoregressive import MaskedAutoregressiveTransform
from zuko.lazy import (
    LazyComposedTransform,
    LazyInverse,
    UnconditionalDistribution,
    UnconditionalTransform,
)
from zuko.mixtures import GMM
from zuko.nn import MaskedLinear

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
    rows_of,
)
from flowspec.importers.zuko.univariates import univariate_of
from flowspec.ir.assembly import assemble
from flowspec.ir.pipeline import Declaration
from flowspec.model.model import Model
from flowspec.model.weights import as_weights
from flowspec.networks.masks import Plan
from flowspec.parts.fields import parameters
from flowspec.support.space import Space
from flowspec.support.support import REAL
from flowspec.transforms.elementwise.softclip import ContinuedSoftclip
from flowspec.transforms.forms.inverse import Inverse
from flowspec.transforms.learned.autoregressive import Autoregressive
from flowspec.transforms.learned.conditioned import Conditioned
from flowspec.transforms.learned.continuous import Continuous
from flowspec.transforms.learned.coupling import Coupling
from flowspec.transforms.learned.elementwise import Elementwise
from flowspec.transforms.linear.linear import Linear
from flowspec.transforms.linear.permute import Permute
from flowspec.transforms.linear.rotate import rotation
from flowspec.transforms.transform import Transform

SEARCHED = 10.0
"""zuko looks for inverses between -10 and 10."""

SEAM = 1e-5
"""By how much zuko's NCSF widens the circle."""


@dataclass
class _Found:
    """A step, and its weights by their paths inside it."""

    transform: Transform
    weights: dict[str, np.ndarray] = field(default_factory=dict)


def from_zuko(flow: nn.Module) -> Model:
    """A trained zuko flow as a model with the same densities and samples.

    Errors:  FlowError, where the flow holds what FlowSpec has no counterpart for; the message names it.
    Example:
        >>> import zuko
        >>> from flowspec.importers import from_zuko
        >>> model = from_zuko(zuko.flows.NSF(3, context=2))
        >>> model.log_prob([0.0, 0.0, 0.0], context=[1.0, 2.0]).shape
        (1,)
    """
    if not isinstance(flow, zuko.lazy.Flow | GMM):
        raise refused(
            f"a {type(flow).__name__}", "give a flow of zuko.flows, a zuko.lazy.Flow or a GMM"
        )
    transforms = list(_flat(flow.transform)) if isinstance(flow, zuko.lazy.Flow) else []
    base, held = _base(flow.base if isinstance(flow, zuko.lazy.Flow) else flow)
    size = base.event_shape[0]
    with torch.no_grad():
        found = [_step(transform, size) for transform in reversed(transforms)]
    taken = [_columns(transform, size) for transform in reversed(transforms)]
    columns = max(_base_columns(held), *taken, 0)
    if any(
        count < columns and isinstance(each.transform, Conditioned)
        for each, count in zip(found, taken, strict=True)
    ):
        raise refused(
            "a flow in which some steps take the context and others do not",
            "give all of them the context",
        )
    context = (
        Declaration(tuple(f"c{i}" for i in range(columns)), Space((REAL,) * columns))
        if columns
        else None
    )
    made = assemble(base, [each.transform for each in found], context)
    weights = {f"base.{path}": value for path, value in held.items()}
    weights |= {
        f"steps.{i}.{path}": value
        for i, each in enumerate(found)
        for path, value in each.weights.items()
    }
    # zuko's networks take the context as it is: what would bring it to one scale stays as it starts.
    weights |= {
        path: np.asarray(value.init)
        for path, value in made.learned().items()
        if path.startswith("context.")
    }
    return Model(made, as_weights(made, weights))


def _flat(transform: nn.Module) -> Iterator[nn.Module]:
    if isinstance(transform, LazyComposedTransform):
        for inner in transform.transforms:
            yield from _flat(inner)
    else:
        yield transform


# --- bases ----------------------------------------------------------------------------------------


def _base(base: nn.Module) -> tuple[Base, dict[str, np.ndarray]]:
    """The base, and the weights of its network."""
    if isinstance(base, GMM):
        return _gaussian_mixture(base)
    if not isinstance(base, UnconditionalDistribution):
        raise refused(f"the base {type(base).__name__}")
    kind = base.f
    held = {
        name: array_of(value)
        for name, value in base.kwargs.items()
        if isinstance(value, torch.Tensor)
    }
    if not held:
        raise refused("a base whose parameters have no names", "write `loc=..., scale=...`")
    if kind is zuko.distributions.DiagNormal:
        return Normal(held["loc"], held["scale"]), {}
    if kind is zuko.distributions.BoxUniform:
        low, high = held["lower"], held["upper"]
        if np.allclose(low, -math.pi - SEAM, rtol=1e-6, atol=0) and np.allclose(
            high, math.pi + SEAM, rtol=1e-6, atol=0
        ):
            return CircularUniform(-math.pi, math.pi, size=len(low)), {}
        return Join(
            tuple(Uniform(*ends) for ends in zip(low.tolist(), high.tolist(), strict=True))
        ), {}
    raise refused(f"the base {getattr(kind, '__name__', kind)}")


def _gaussian_mixture(base: GMM) -> tuple[Base, dict[str, np.ndarray]]:
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


def _base_columns(held: dict[str, np.ndarray]) -> int:
    """How many context variables the network of a base takes."""
    return held["network.0.weight"].shape[1] if "network.0.weight" in held else 0


# --- steps ----------------------------------------------------------------------------------------


def _columns(transform: nn.Module, size: int) -> int:
    """How many context variables a transform takes."""
    if isinstance(transform, LazyInverse):
        return _columns(transform.transform, size)
    if isinstance(transform, MaskedAutoregressiveTransform):
        return transform.hyper.in_features - size
    if isinstance(transform, coupling.GeneralCouplingTransform):
        return transform.hyper.in_features - int(transform.mask.sum())
    if isinstance(transform, gaussianization.ElementWiseTransform):
        return transform.hyper.in_features if hasattr(transform, "hyper") else 0
    if isinstance(transform, zuko.flows.FFJTransform):
        return transform.ode.in_features - size - 2 * len(transform.freqs)
    return 0


def _step(transform: nn.Module, size: int) -> _Found:
    if isinstance(transform, LazyInverse):
        inner = _step(transform.transform, size)
        weights = {f"transform.{path}": value for path, value in inner.weights.items()}
        return _Found(Inverse(inner.transform), weights)
    if isinstance(transform, MaskedAutoregressiveTransform):
        return _autoregressive(transform, size)
    if isinstance(transform, coupling.GeneralCouplingTransform):
        return _coupling(transform, size)
    if isinstance(transform, gaussianization.ElementWiseTransform):
        return _elementwise(transform, size)
    if isinstance(transform, zuko.flows.FFJTransform):
        return _continuous(transform)
    if isinstance(transform, UnconditionalTransform):
        return _Found(_fixed(transform))
    raise refused(f"the transform {type(transform).__name__}")


def _fixed(transform: UnconditionalTransform) -> Transform:
    """Transforms without a network."""
    kind, given = transform.f, transform.kwargs
    if kind is zuko.transforms.SoftclipTransform:
        bound = float(given.get("bound", 1.0))
        return Inverse(ContinuedSoftclip(bound, min(SEARCHED, bound * SEARCHED / (SEARCHED + 1))))
    if kind is zuko.transforms.RotationTransform:
        return Linear(rotation(array_of(given.get("A", next(iter(transform.args), None)))).T)
    if kind is zuko.transforms.PermutationTransform:
        order = given.get("order", next(iter(transform.args), None))
        return Inverse(Permute(tuple(int(i) for i in order)))
    raise refused(f"the transform {getattr(kind, '__name__', kind)}")


def _autoregressive(transform: MaskedAutoregressiveTransform, size: int) -> _Found:
    masks = [
        module.mask for module in transform.hyper.modules() if isinstance(module, MaskedLinear)
    ]
    hidden, activation, residual = hidden_layers_of(transform.hyper)
    columns = transform.hyper.in_features - size
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
    plan = Plan(
        np.tile(adjacency, (len(rows) // size, 1)), *_stages(step, size, columns, len(rows) // size)
    )
    units = [plan.units(width)[1] for width in hidden]
    weights = network_weights(modules_of(transform.hyper), units, rows)
    return _Found(step, {**weights, **fields})


def _adjacency(transform, masks: Sequence[torch.Tensor], size: int) -> np.ndarray:
    """Which coordinate depends on which inputs, by the masks of the network."""
    if transform.order is not None:
        order = transform.order.cpu().numpy()
        context = np.ones((size, transform.hyper.in_features - size), bool)
        return np.concatenate([order[:, None] > order, context], axis=1)
    paths = functools.reduce(
        lambda found, mask: mask.double() @ found, masks[1:], masks[0].double()
    )
    return (paths > 0).cpu().numpy()[:: transform.total]


def _stages(
    step: Autoregressive, size: int, columns: int, outputs: int
) -> tuple[np.ndarray, np.ndarray]:
    """When inputs are known and outputs can be, as the step itself works it out."""
    stages = step.generations(size)
    return np.concatenate([stages + 1, np.zeros(columns, int)]), np.tile(stages, outputs)


def _coupling(transform, size: int) -> _Found:
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
    return _Found(step, {**weights, **fields})


def _elementwise(transform, size: int) -> _Found:
    univariate, fields = univariate_of(transform.univariate, transform.shapes, size)
    if not hasattr(transform, "hyper"):
        names = list(parameters(univariate))
        free = {
            f"univariate.{name}": np.moveaxis(array_of(phi), 0, -1)
            for name, phi in zip(names, transform.phi, strict=True)
        }
        return _Found(Elementwise(univariate), {**free, **fields})
    hidden, activation, normalize = hidden_layers_of(transform.hyper)
    step = Elementwise(univariate, hidden=hidden, activation=activation, normalize=normalize)
    weights = network_weights(
        modules_of(transform.hyper), [None] * len(hidden), rows_of(transform.shapes, size)
    )
    return _Found(step, {**weights, **fields})


def _continuous(transform) -> _Found:
    hidden, activation, normalize = hidden_layers_of(transform.ode)
    if normalize:
        raise refused("a normalised network of a continuous flow")
    step = Continuous(hidden=hidden, activation=activation, frequencies=len(transform.freqs))
    return _Found(step, network_weights(modules_of(transform.ode), [None] * len(hidden), None))
