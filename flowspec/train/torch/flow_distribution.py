"""What a flow's module gives when it is called: transform, base and distribution, as torch has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch import Size, Tensor
from torch.distributions import Distribution, Transform, constraints

from flowspec.bases.base import Base
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.diagnostics.inputs import WrongInput
from flowspec.model import density
from flowspec.ops.torch import TorchOps
from flowspec.parts.trees import children
from flowspec.support.membership import outside_of
from flowspec.support.space import Space
from flowspec.train.torch.distribution import NO_SHAPE, NormalizingFlow

if TYPE_CHECKING:
    from flowspec.train.torch.module import FlowModule


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
        return Size(
            (*shape[: len(shape) - self.codomain.event_dim], *self.module.flow.base_space.shape)
        )


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
        batch = (
            (context.shape[:-1] if context is not None else Size())
            if batch_shape is None
            else batch_shape
        )
        super().__init__(batch, Size(module.flow.base_space.shape), validate_args=False)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]  # torch declares an attribute
        return all(part.reparametrized for part in every_base(self.module.flow.base))

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
            else torch.rand(shape, dtype=like.dtype, device=like.device).clamp(
                info.tiny, 1 - info.eps / 2
            )
            for kind in kinds
        ]
        return torch.stack(draws, dim=-1)

    def rsample(self, sample_shape=NO_SHAPE) -> Tensor:
        if not self.has_rsample:
            raise NotImplementedError(
                f"{self.module.flow.base.title} has no reparametrized sampler; use sample()"
            )
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


def every_base(base: Base) -> Iterator[Base]:
    """A base and those inside it."""
    yield base
    for _, child in children(base):
        if isinstance(child, Base):
            yield from every_base(child)


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
        alike = all(
            a in (1, b) or b == 1
            for a, b in zip(reversed(batch), reversed(self.batch_shape), strict=False)
        )
        if value.shape[len(batch) :] != event or not alike:
            wanted = ", ".join(["...", *map(str, (*self.batch_shape, *event))])
            what = f"the points have shape {tuple(value.shape)}"
            raise FlowError(WrongInput(what=what, advice=f"give a tensor of shape ({wanted})"))
        return torch.broadcast_shapes(batch, self.batch_shape)

    def rsample_and_log_prob(self, sample_shape=NO_SHAPE) -> tuple[Tensor, Tensor]:
        base: FlowBase = self.base  # type: ignore[assignment]
        return self.from_noise(base.noise(sample_shape))

    def from_noise(self, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Samples and their log-densities from standard draws (*, K) of the kinds that `flow.noise` lists."""
        rows = _Rows(False, noise.shape[:-1])
        ops, flow = self.module.bound(noise, flat_context(self.context, rows.batch))
        x, log_prob = density.sample(ops, flow, rows.last(noise))
        return _Rows(not self.event_shape, rows.batch).first(x), rows.each(log_prob)
