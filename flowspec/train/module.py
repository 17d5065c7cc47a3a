"""`to_torch`: a flow as an `nn.Module`, whose call gives a distribution.

Learned parameters are kept unconstrained, under the path they have in the flow: the module's
`steps.1.raw_scale` stands for the flow's `steps.1.scale`, and the standard bijector onto the
parameter's constraint leads from one to the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Size, Tensor, nn
from torch.distributions import Distribution, Transform, constraints

from flowspec import density
from flowspec.bases.base import Base
from flowspec.binding import Binding, fixed_arrays
from flowspec.bounds import outside_of, prepare
from flowspec.diagnostics import FlowError
from flowspec.flow import Flow
from flowspec.model import Model
from flowspec.ops.numpy import REFERENCE
from flowspec.ops.torch import TorchOps
from flowspec.parameter import Learn, ParameterSpec, children, parameters, value_range, values
from flowspec.runtime.inputs import ContextMissing, WrongInput
from flowspec.support import Interval, Space
from flowspec.train.distribution import NO_SHAPE, NormalizingFlow
from flowspec.transforms.standard import from_real
from flowspec.weights import as_weights


def to_torch(
    flow: Flow | Model,
    weights: Mapping[str, np.ndarray] | str | Path | None = None,
    dtype: torch.dtype | None = None,
) -> FlowModule:
    """The flow as a torch module.

    weights   values to start from, for a `Flow`: path -> array, or a safetensors file
    dtype     of what is learned; None is torch's default
    Errors:   FlowError, where the weights do not fit.
    Example:
        >>> module = to_torch(parse("Normal(learn(0), learn(1)) |> Exp"))
        >>> loss = -module().log_prob(data).mean()
    """
    model = flow if isinstance(flow, Model) else Model(flow, as_weights(flow, weights))
    return FlowModule(model, dtype or torch.get_default_dtype())


class FlowModule(nn.Module):
    """A flow whose parameters torch can train. Call it, with the context if there is one, for the distribution."""

    def __init__(self, model: Model, dtype: torch.dtype):
        super().__init__()
        self.flow = model.flow
        self._start_dtype = dtype
        self._raw: dict[str, tuple[nn.Module, str, Interval | None]] = {}
        """Where each learned value is held, and the bounds that it is kept in (None: it is not trained)."""
        for prefix, part in self.flow.parts:
            for path, owner, name, value in values(part, prefix):
                if isinstance(value, Learn):
                    self._register(path, parameters(owner)[name], value, model.complete_weights[path])
        self._interpreters: dict[tuple[torch.dtype, torch.device], tuple[TorchOps, dict[str, Tensor]]] = {}
        for space in self._spaces():
            prepare(space)
        self._binding = Binding(self.flow)
        self._interpreter(dtype, torch.device("cpu"))

    def _register(self, path: str, spec: ParameterSpec, value: Learn, start: np.ndarray) -> None:
        *parents, leaf = path.split(".")
        holder: nn.Module = self
        for name in parents:
            if name not in dict(holder.named_children()):
                holder.add_module(name, nn.Module())
            holder = getattr(holder, name)
        if value.trained:
            bounds = value_range(value, spec.within)
            holder.register_parameter(f"raw_{leaf}", nn.Parameter(self._tensor(_unconstrained(start, bounds))))
            self._raw[path] = (holder, f"raw_{leaf}", bounds)
        else:
            holder.register_buffer(leaf, self._tensor(start))
            self._raw[path] = (holder, leaf, None)

    def _tensor(self, array) -> Tensor:
        return torch.tensor(np.asarray(array), dtype=self._start_dtype)

    def forward(self, context: Tensor | None = None) -> FlowDistribution:
        """The distribution of the flow, given the context (*, C) if the flow has one."""
        self._check_context(context)
        return FlowDistribution(self, context)

    def _check_context(self, context: Tensor | None) -> None:
        names = self.flow.context.names if self.flow.context else ()
        if names and context is None:
            raise FlowError(ContextMissing(names=", ".join(names), count=len(names)))
        if context is not None and not names:
            raise FlowError(WrongInput(what="this flow has no context", advice="leave it out"))
        if context is not None and (context.ndim == 0 or context.shape[-1] != len(names)):
            advice = f"give a tensor of shape (..., {len(names)})"
            raise FlowError(WrongInput(what=f"the context has shape {tuple(context.shape)}", advice=advice))

    def parameter_values(self, ops: TorchOps) -> dict[str, Tensor]:
        """What is learned, inside its constraints, by path."""
        return {path: _constrained(ops, getattr(holder, leaf), bounds) for path, (holder, leaf, bounds) in self._raw.items()}

    def bound(self, like: Tensor, context: Tensor | None) -> tuple[TorchOps, Flow]:
        """The interpreter for tensors like the given one, and the flow bound for it. context is (C, N)."""
        ops, constants = self._interpreter(like.dtype, like.device)
        return ops, self._binding.bind(ops, self.parameter_values(ops), context, constants)

    def _interpreter(self, dtype: torch.dtype, device: torch.device) -> tuple[TorchOps, dict[str, Tensor]]:
        """The interpreter for a dtype on a device, and the fixed arrays there.

        They are made of the float64 originals, so a change of dtype rounds once.
        """
        key = (dtype, device)
        if key not in self._interpreters:
            ops = TorchOps(dtype, device)
            self._interpreters[key] = ops, {path: ops.constant(array) for path, array in fixed_arrays(self.flow).items()}
        return self._interpreters[key]

    def _apply(self, fn, recurse=True):
        # What follows from dtype and device is made here, and not in a call that torch.compile traces.
        moved = super()._apply(fn, recurse)
        held = next(iter([*self.parameters(), *self.buffers()]), None)
        if held is not None:
            self._interpreter(held.dtype, held.device)
        return moved

    def _spaces(self) -> Iterator[Space]:
        yield self.flow.space
        yield self.flow.base_space
        for step in self.flow.steps:
            yield step.input
            yield step.output
        for base in _every(self.flow.base):
            yield base.space

    def set_values(self, found: Mapping[str, np.ndarray]) -> None:
        """Put values (inside their constraints) in the place of what is learned: data-dependent starts."""
        with torch.no_grad():
            for path, value in found.items():
                holder, leaf, bounds = self._raw[path]
                start = np.asarray(value) if bounds is None else _unconstrained(np.asarray(value), bounds)
                getattr(holder, leaf).copy_(torch.as_tensor(start))

    def to_model(self) -> Model:
        """The flow with the present values of what is learned."""
        ops = TorchOps(torch.float64)
        with torch.no_grad():
            held = {p: (getattr(h, leaf).detach().cpu().double(), bounds) for p, (h, leaf, bounds) in self._raw.items()}
            found = {path: _constrained(ops, raw, bounds).numpy() for path, (raw, bounds) in held.items()}
        return Model(self.flow, as_weights(self.flow, {path: _inside(v, held[path][1]) for path, v in found.items()}))


def _constrained(ops: TorchOps, raw: Tensor, bounds: Interval | None) -> Tensor:
    """The value that an unconstrained number stands for."""
    for step in from_real(bounds) if bounds else ():
        raw = step.forward(ops, raw)
    return raw


def _unconstrained(value: np.ndarray, bounds: Interval) -> np.ndarray:
    for step in reversed(from_real(bounds)):
        value = step.inverse(REFERENCE, value)
    return value


def _inside(value: np.ndarray, bounds: Interval | None) -> np.ndarray:
    """A value that rounding has put on an end of its constraint, moved inside."""
    if bounds is None:
        return value
    low = np.nextafter(bounds.low, math.inf) if math.isfinite(bounds.low) else -math.inf
    high = np.nextafter(bounds.high, -math.inf) if math.isfinite(bounds.high) else math.inf
    return np.clip(value, low, high)


# --- the distribution ------------------------------------------------------------------------------------


class _Rows:
    """(*batch, D) and (D, N): what users have, and what formulas take."""

    def __init__(self, scalar: bool, batch: Size):
        self.scalar = scalar
        self.batch = batch

    def last(self, x: Tensor) -> Tensor:
        return x.reshape(-1) if self.scalar else x.reshape(-1, x.shape[-1]).T

    def first(self, x: Tensor) -> Tensor:
        return x.reshape(self.batch) if self.scalar else x.T.reshape(*self.batch, x.shape[0])

    def each(self, log_prob) -> Tensor:
        return log_prob.expand(self.batch.numel()).reshape(self.batch)


class SpaceConstraint(constraints.Constraint):
    """The points of a support, as torch's constraints say it."""

    is_discrete = False

    def __init__(self, space: Space):
        self.space = space
        self.event_dim = len(space.shape)

    def check(self, value: Tensor) -> Tensor:
        rows = _Rows(self.space.scalar, value.shape[: value.ndim - self.event_dim])
        x = rows.last(value)
        nan = torch.isnan(x) if self.space.scalar else torch.isnan(x).any(0)
        return rows.each(~(outside_of(TorchOps(value.dtype, value.device), self.space, x) | nan))

    def __repr__(self) -> str:
        return f"support({self.space})"


class FlowTransform(Transform):
    """The steps of a flow, from base to data."""

    bijective = True

    def __init__(self, module: FlowModule, context: Tensor | None):
        super().__init__()
        self.module = module
        self.context = context

    @property
    def domain(self):
        return SpaceConstraint(self.module.flow.base_space)

    @property
    def codomain(self):
        return SpaceConstraint(self.module.flow.space)

    @property
    def inv(self) -> InverseFlowTransform:
        return InverseFlowTransform(self)

    def _bound(self, x: Tensor, event_dim: int):
        batch = x.shape[: x.ndim - event_dim]
        ops, flow = self.module.bound(x, flat_context(self.context, batch))
        return ops, flow, _Rows(event_dim == 0, batch)

    def call_and_ladj(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """y and log |det dy/dx|."""
        ops, flow, rows = self._bound(x, self.domain.event_dim)
        y, log_det = density.forward(ops, flow.steps, rows.last(x))
        return rows.first(y), rows.each(torch.as_tensor(log_det, dtype=x.dtype, device=x.device))

    def inverse_and_log_det(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """x and log |det dy/dx| at that x."""
        ops, flow, rows = self._bound(y, self.codomain.event_dim)
        x, log_det, _ = density.inverse(ops, flow.steps, rows.last(y))
        return rows.first(x), rows.each(torch.as_tensor(log_det, dtype=y.dtype, device=y.device))

    def _call(self, x: Tensor) -> Tensor:
        return self.call_and_ladj(x)[0]

    def _inverse(self, y: Tensor) -> Tensor:
        return self.inverse_and_log_det(y)[0]

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return self.call_and_ladj(x)[1]

    def forward_shape(self, shape):
        return Size((*shape[: len(shape) - self.domain.event_dim], *self.module.flow.shape))

    def inverse_shape(self, shape):
        return Size((*shape[: len(shape) - self.codomain.event_dim], *self.module.flow.base_space.shape))


class InverseFlowTransform(Transform):
    """The steps of a flow, from data to base."""

    bijective = True

    def __init__(self, forward: FlowTransform):
        super().__init__()
        self._forward = forward

    @property
    def domain(self):
        return self._forward.codomain

    @property
    def codomain(self):
        return self._forward.domain

    @property
    def inv(self) -> FlowTransform:
        return self._forward

    def call_and_ladj(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """x and log |det dx/dy|."""
        x, log_det = self._forward.inverse_and_log_det(y)
        return x, -log_det

    def _call(self, y: Tensor) -> Tensor:
        return self.call_and_ladj(y)[0]

    def _inverse(self, x: Tensor) -> Tensor:
        return self._forward(x)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return self.call_and_ladj(x)[1]

    def forward_shape(self, shape):
        return self._forward.inverse_shape(shape)

    def inverse_shape(self, shape):
        return self._forward.forward_shape(shape)


def flat_context(context: Tensor | None, batch: Size) -> Tensor | None:
    """The context (*, C) for points of a batch shape, as (C, N)."""
    if context is None:
        return None
    return context.expand(*batch, context.shape[-1]).reshape(-1, context.shape[-1]).T


class FlowBase(Distribution):
    """The base of a flow as a torch distribution."""

    arg_constraints = {}

    def __init__(self, module: FlowModule, context: Tensor | None, batch_shape: Size | None = None):
        self.module = module
        self.context = context
        batch = (context.shape[:-1] if context is not None else Size()) if batch_shape is None else batch_shape
        super().__init__(batch, Size(module.flow.base_space.shape), validate_args=False)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]  # torch declares an attribute
        return all(part.reparametrised for part in _every(self.module.flow.base))

    @property
    def support(self):
        return SpaceConstraint(self.module.flow.base_space)

    def expand(self, batch_shape, _instance=None) -> FlowBase:
        return FlowBase(self.module, self.context, Size(batch_shape))

    def _like(self) -> Tensor:
        """A tensor of the module's dtype and device."""
        held = next(iter([*self.module.parameters(), *self.module.buffers()]), None)
        if held is not None:
            return held
        return self.context if self.context is not None else torch.empty(0)

    def noise(self, sample_shape=NO_SHAPE) -> Tensor:
        """Standard draws (*sample_shape, *batch_shape, K) from torch's generator."""
        like, kinds = self._like(), self.module.flow.noise
        shape = (*sample_shape, *self.batch_shape)
        info = torch.finfo(like.dtype)
        draws = [
            torch.randn(shape, dtype=like.dtype, device=like.device)
            if kind == "normal"
            else torch.rand(shape, dtype=like.dtype, device=like.device).clamp(info.tiny, 1 - info.eps / 2)
            for kind in kinds
        ]
        return torch.stack(draws, dim=-1)

    def rsample(self, sample_shape=NO_SHAPE) -> Tensor:
        if not self.has_rsample:
            raise NotImplementedError(f"{self.module.flow.base.title} has no reparametrised sampler; use sample()")
        return self._drawn(self.noise(sample_shape))

    def sample(self, sample_shape=NO_SHAPE) -> Tensor:
        with torch.no_grad():
            return self._drawn(self.noise(sample_shape))

    def _drawn(self, noise: Tensor) -> Tensor:
        rows = _Rows(False, noise.shape[:-1])
        ops, flow = self.module.bound(noise, flat_context(self.context, rows.batch))
        x = density.sample_base(ops, flow, rows.last(noise))
        return _Rows(flow.base_space.scalar, rows.batch).first(x)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density of the base; -inf outside its support."""
        scalar = self.module.flow.base_space.scalar
        batch = value.shape[: value.ndim - len(self.event_shape)]
        rows = _Rows(scalar, torch.broadcast_shapes(batch, self.batch_shape))
        value = value.expand(*rows.batch, *self.event_shape)
        ops, flow = self.module.bound(value, flat_context(self.context, rows.batch))
        return rows.each(density.base_log_prob(ops, flow, rows.last(value)))


def _every(base):
    """A base and those inside it."""
    yield base
    for _, child in children(base):
        if isinstance(child, Base):
            yield from _every(child)


class FlowDistribution(NormalizingFlow):
    """The distribution that a flow's module gives. Densities and samples run as the exported graphs do."""

    def __init__(self, module: FlowModule, context: Tensor | None, batch_shape: Size | None = None):
        self.module = module
        self.context = context
        super().__init__(FlowTransform(module, context), FlowBase(module, context, batch_shape))

    def __repr__(self) -> str:
        flow = self.module.flow
        names = [flow.base.title, *(step.transform.title for step in flow.steps)]
        return f"NormalizingFlow({' |> '.join(names)})"

    def expand(self, batch_shape, _instance=None) -> FlowDistribution:
        return FlowDistribution(self.module, self.context, Size(batch_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        rows = _Rows(not self.event_shape, self._batch_of(value))
        value = value.expand(*rows.batch, *self.event_shape)
        ops, flow = self.module.bound(value, flat_context(self.context, rows.batch))
        return rows.each(density.log_prob(ops, flow, rows.last(value)))

    def _batch_of(self, value: Tensor) -> Size:
        """The batch shape of some points together with the distribution's own."""
        event = self.event_shape
        batch = value.shape[: value.ndim - len(event)]
        alike = all(a in (1, b) or b == 1 for a, b in zip(reversed(batch), reversed(self.batch_shape), strict=False))
        if value.shape[len(batch) :] != event or not alike:
            wanted = ", ".join(["...", *map(str, (*self.batch_shape, *event))])
            what = f"the points have shape {tuple(value.shape)}"
            raise FlowError(WrongInput(what=what, advice=f"give a tensor of shape ({wanted})"))
        return torch.broadcast_shapes(batch, self.batch_shape)

    def rsample_and_log_prob(self, sample_shape=NO_SHAPE) -> tuple[Tensor, Tensor]:
        base: FlowBase = self.base  # type: ignore[assignment]
        noise = base.noise(sample_shape)
        rows = _Rows(False, noise.shape[:-1])
        ops, flow = self.module.bound(noise, flat_context(self.context, rows.batch))
        x, log_prob = density.sample(ops, flow, rows.last(noise))
        return _Rows(not self.event_shape, rows.batch).first(x), rows.each(log_prob)
