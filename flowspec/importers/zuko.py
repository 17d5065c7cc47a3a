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
from typing import Any

import numpy as np
import torch
import zuko
from torch import nn
from zuko.flows import coupling, gaussianization
from zuko.flows.autoregressive import MaskedAutoregressiveTransform
from zuko.lazy import LazyComposedTransform, LazyInverse, UnconditionalDistribution, UnconditionalTransform
from zuko.nn import LayerNorm, MaskedLinear, Residual

from flowspec.assembly import assemble
from flowspec.bases.base import Base
from flowspec.bases.join import Join
from flowspec.bases.normal import Normal
from flowspec.bases.uniform import CircularUniform, Uniform
from flowspec.diagnostics import Diagnostic, FlowError, mistake
from flowspec.flow import Declaration
from flowspec.importers.univariates import UNIVARIATES
from flowspec.model import Model
from flowspec.networks.masked import Plan
from flowspec.parameter import parameters
from flowspec.support import REAL, Space
from flowspec.transforms.autoregressive import Autoregressive
from flowspec.transforms.continuous import Continuous
from flowspec.transforms.coupling import Coupling
from flowspec.transforms.elementwise import Elementwise
from flowspec.transforms.inverse import Inverse
from flowspec.transforms.linear import Linear
from flowspec.transforms.permute import Permute
from flowspec.transforms.rotate import rotation
from flowspec.transforms.softclip import ContinuedSoftclip
from flowspec.transforms.transform import Transform, Univariate
from flowspec.weights import as_weights

SEARCHED = 10.0
"""zuko looks for inverses between -10 and 10."""

SEAM = 1e-5
"""By how much zuko's NCSF widens the circle."""

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


def _refused(what: str, advice: str = "") -> FlowError:
    return FlowError(NotImported(what=what, advice=advice))


@dataclass
class _Found:
    """A step, and its weights by their paths inside it."""

    transform: Transform
    weights: dict[str, np.ndarray] = field(default_factory=dict)


def from_zuko(flow: nn.Module) -> Model:
    """A trained zuko flow as a model with the same densities and samples.

    Errors:  FlowError, where the flow holds what FlowSpec has no counterpart for; the message names it.
    Example:
        >>> model = from_zuko(zuko.flows.NSF(3, context=2))
        >>> flowspec.compile(model, "nsf")
    """
    if not isinstance(flow, zuko.lazy.Flow):
        raise _refused(f"a {type(flow).__name__}", "give a flow of zuko.flows, or a zuko.lazy.Flow")
    base, size = _base(flow.base)
    with torch.no_grad():
        found = [_step(transform, size) for transform in reversed(list(_flat(flow.transform)))]
    columns = max((_columns(transform, size) for transform in _flat(flow.transform)), default=0)
    context = Declaration(tuple(f"c{i}" for i in range(columns)), Space((REAL,) * columns)) if columns else None
    made = assemble(base, [each.transform for each in found], context)
    weights = {f"steps.{i}.{path}": value for i, each in enumerate(found) for path, value in each.weights.items()}
    return Model(made, as_weights(made, weights))


def _flat(transform: nn.Module) -> Iterator[nn.Module]:
    if isinstance(transform, LazyComposedTransform):
        for inner in transform.transforms:
            yield from _flat(inner)
    else:
        yield transform


def _array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().double().numpy()


# --- bases -------------------------------------------------------------------------------------------


def _base(base: nn.Module) -> tuple[Base, int]:
    if not isinstance(base, UnconditionalDistribution):
        raise _refused(f"the base {type(base).__name__}")
    kind = base.f
    held = {name: _array(value) for name, value in base.kwargs.items() if isinstance(value, torch.Tensor)}
    if kind is zuko.distributions.DiagNormal:
        return Normal(held["loc"], held["scale"]), len(held["loc"])
    if kind is zuko.distributions.BoxUniform:
        low, high = held["lower"], held["upper"]
        if np.allclose(low, -math.pi - SEAM, rtol=1e-6, atol=0) and np.allclose(high, math.pi + SEAM, rtol=1e-6, atol=0):
            return CircularUniform(-math.pi, math.pi, size=len(low)), len(low)
        return Join(tuple(Uniform(*ends) for ends in zip(low.tolist(), high.tolist(), strict=True))), len(low)
    raise _refused(f"the base {getattr(kind, '__name__', kind)}")


# --- steps -------------------------------------------------------------------------------------------


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
    raise _refused(f"the transform {type(transform).__name__}")


def _fixed(transform: UnconditionalTransform) -> Transform:
    """Transforms without a network."""
    kind, given = transform.f, transform.kwargs
    if kind is zuko.transforms.SoftclipTransform:
        bound = float(given.get("bound", 1.0))
        return Inverse(ContinuedSoftclip(bound, min(SEARCHED, bound * SEARCHED / (SEARCHED + 1))))
    if kind is zuko.transforms.RotationTransform:
        return Linear(rotation(_array(given.get("A", next(iter(transform.args), None)))).T)
    if kind is zuko.transforms.PermutationTransform:
        order = given.get("order", next(iter(transform.args), None))
        return Inverse(Permute(tuple(int(i) for i in order)))
    raise _refused(f"the transform {getattr(kind, '__name__', kind)}")


def _autoregressive(transform: MaskedAutoregressiveTransform, size: int) -> _Found:
    masks = [module.mask for module in transform.hyper.modules() if isinstance(module, MaskedLinear)]
    hidden, activation, residual = _hidden(transform.hyper)
    columns = transform.hyper.in_features - size
    adjacency = _adjacency(transform, masks, size)
    order: tuple[int, ...] = ()
    matrix: tuple[tuple[int, ...], ...] = ()
    if transform.order is not None:
        order = tuple(int(i) for i in transform.order)
    else:
        matrix = tuple(tuple(int(v) for v in row) for row in adjacency)
    univariate, fields = _univariate(transform.univariate, transform.shapes, size)
    step = Autoregressive(
        univariate, hidden=hidden, activation=activation, residual=residual, order=order, adjacency=matrix, periodic=False
    )
    rows = _rows(transform.shapes, size)
    plan = Plan(np.tile(adjacency, (len(rows) // size, 1)), *_stages(step, size, columns, len(rows) // size))
    units = [plan.units(width)[1] for width in hidden]
    weights = _network_weights(_modules(transform.hyper), units, rows)
    return _Found(step, {**weights, **fields})


def _adjacency(transform, masks: Sequence[torch.Tensor], size: int) -> np.ndarray:
    """Which coordinate depends on which inputs, by the masks of the network."""
    if transform.order is not None:
        order = transform.order.cpu().numpy()
        context = np.ones((size, transform.hyper.in_features - size), bool)
        return np.concatenate([order[:, None] > order, context], axis=1)
    paths = functools.reduce(lambda found, mask: mask.double() @ found, masks[1:], masks[0].double())
    return (paths > 0).cpu().numpy()[:: transform.total]


def _stages(step: Autoregressive, size: int, columns: int, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    """When inputs are known and outputs can be, as the step itself works it out."""
    stages = step.generations(size)
    return np.concatenate([stages + 1, np.zeros(columns, int)]), np.tile(stages, outputs)


def _coupling(transform, size: int) -> _Found:
    mask = tuple(int(v) for v in transform.mask)
    hidden, activation, normalize = _hidden(transform.hyper)
    moved = size - sum(mask)
    univariate, fields = _univariate(transform.univariate, transform.shapes, moved)
    step = Coupling(univariate, mask=mask, hidden=hidden, activation=activation, normalize=normalize, periodic=False)
    weights = _network_weights(_modules(transform.hyper), [None] * len(hidden), _rows(transform.shapes, moved))
    return _Found(step, {**weights, **fields})


def _elementwise(transform, size: int) -> _Found:
    univariate, fields = _univariate(transform.univariate, transform.shapes, size)
    if not hasattr(transform, "hyper"):
        names = list(parameters(univariate))
        free = {f"univariate.{name}": np.moveaxis(_array(phi), 0, -1) for name, phi in zip(names, transform.phi, strict=True)}
        return _Found(Elementwise(univariate), {**free, **fields})
    hidden, activation, normalize = _hidden(transform.hyper)
    step = Elementwise(univariate, hidden=hidden, activation=activation, normalize=normalize)
    weights = _network_weights(_modules(transform.hyper), [None] * len(hidden), _rows(transform.shapes, size))
    return _Found(step, {**weights, **fields})


def _continuous(transform) -> _Found:
    hidden, activation, normalize = _hidden(transform.ode)
    if normalize:
        raise _refused("a normalised network of a continuous flow")
    step = Continuous(hidden=hidden, activation=activation, frequencies=len(transform.freqs))
    return _Found(step, _network_weights(_modules(transform.ode), [None] * len(hidden), None))


# --- networks ----------------------------------------------------------------------------------------


def _modules(network: nn.Sequential) -> list[Any]:
    """The layers that hold weights, residual blocks among them."""
    return [module for module in network if isinstance(module, nn.Linear | zuko.nn.Linear | Residual)]


def _hidden(network: nn.Sequential) -> tuple[tuple[int, ...], str, bool]:
    """Widths of the hidden layers, the activation, and whether blocks are residual (or features normalised)."""
    names = {_activation(module) for module in network.modules() if _is_activation(module)}
    if len(names) > 1:
        raise _refused(f"a network with several activations ({', '.join(sorted(names))})")
    special = any(isinstance(module, Residual | LayerNorm) for module in network.modules())
    blocks: list[Any] = [list(module)[-1] for module in network if isinstance(module, Residual)]
    linear = blocks or _modules(network)[:-1]
    return tuple(int(module.weight.shape[0]) for module in linear), names.pop() if names else "relu", special


def _is_activation(module: nn.Module) -> bool:
    return not isinstance(module, nn.Sequential | nn.Linear | zuko.nn.Linear | LayerNorm)


def _activation(module: nn.Module) -> str:
    plain = {
        nn.ELU: ("alpha", 1.0),
        nn.LeakyReLU: ("negative_slope", 0.01),
        nn.GELU: ("approximate", "none"),
        nn.Softplus: ("beta", 1),
    }
    name, default = plain.get(type(module), ("", None))
    if type(module) not in ACTIVATIONS or (name and getattr(module, name) != default):
        known = ", ".join(sorted(kind.__name__ for kind in ACTIVATIONS))
        raise _refused(f"the activation {module}", f"there are {known}, with their default settings")
    return ACTIVATIONS[type(module)]


def _rows(shapes: Sequence[Sequence[int]], size: int) -> np.ndarray:
    """Rows of the output layer: zuko's go coordinate by coordinate, ours parameter by parameter."""
    total = sum(math.prod(shape) for shape in shapes)
    return np.arange(size * total).reshape(size, total).T.reshape(-1)


def _network_weights(
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


def _linear_weights(module: Any, path: str, before: np.ndarray | None, after: np.ndarray | None) -> dict[str, np.ndarray]:
    weight, bias = _array(module.weight), _array(module.bias)
    if after is not None:
        weight, bias = weight[after], bias[after]
    if before is not None:
        weight = weight[:, before]
    return {f"{path}.weight": weight, f"{path}.bias": bias}


# --- univariates ---------------------------------------------------------------------------------------


def _univariate(function: Any, shapes: Sequence[Sequence[int]], size: int) -> tuple[Univariate, dict[str, np.ndarray]]:
    """A univariate step, and the weights that it holds itself, by their paths in the conditioned step."""
    settings: dict[str, Any] = {}
    while isinstance(function, functools.partial):
        if function.args:
            raise _refused("a univariate with positional arguments", "name them")
        settings = {**function.keywords, **settings}
        function = function.func
    for kind, maker in UNIVARIATES.items():
        if function is kind or type(function) is kind:
            return maker(function, settings, [tuple(shape) for shape in shapes], size)
    raise _refused(f"the univariate {getattr(function, '__name__', type(function).__name__)}")
