"""The base of a flow as a distribution of torch."""

from __future__ import annotations

import torch
from torch import Size, Tensor
from torch.distributions import Distribution

from flowspec.bases.base import every_base
from flowspec.model import density
from flowspec.train.torch.axes import NO_SHAPE, Axes, Shape, flat_context
from flowspec.train.torch.bindable import Bindable, first_tensor
from flowspec.train.torch.flow_transform import SpaceConstraint


class FlowBase(Distribution):
    """The base of a flow as a torch distribution."""

    arg_constraints = {}

    def __init__(self, module: Bindable, context: Tensor | None, batch_shape: Size | None = None):
        self.module = module
        self.context = context
        if batch_shape is None:
            batch_shape = context.shape[:-1] if context is not None else NO_SHAPE
        event_shape = Size(module.flow.base_space.shape)
        super().__init__(batch_shape, event_shape, validate_args=False)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]  # torch declares an attribute
        return all(base.reparametrized for base in every_base(self.module.flow.base))

    @property
    def support(self) -> SpaceConstraint:
        return SpaceConstraint(self.module.flow.base_space)

    def expand(self, batch_shape: Shape, _instance: Distribution | None = None) -> FlowBase:
        return FlowBase(self.module, self.context, Size(batch_shape))

    def like(self) -> Tensor:
        """A tensor of the module's dtype and device."""
        tensor = first_tensor(self.module)
        if tensor is not None:
            return tensor
        return self.context if self.context is not None else torch.empty(0)

    def noise(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        """Standard draws (*sample_shape, *batch_shape, K) from torch's generator."""
        like = self.like()
        shape = Size((*sample_shape, *self.batch_shape))
        draws = [_draw(kind, shape, like) for kind in self.module.flow.noise]
        return torch.stack(draws, dim=-1)

    def rsample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        if not self.has_rsample:
            raise NotImplementedError(
                f"{self.module.flow.base.title} has no reparametrized sampler; use sample()"
            )
        return self._from_noise(self.noise(sample_shape))

    def sample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        with torch.no_grad():
            return self._from_noise(self.noise(sample_shape))

    def _from_noise(self, noise: Tensor) -> Tensor:
        axes = Axes(False, noise.shape[:-1])
        ops, flow = self.module.bound(noise, flat_context(self.context, axes.batch))
        x = density.sample_base(ops, flow, axes.last(noise))
        return Axes(flow.base_space.scalar, axes.batch).first(x)

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density of the base; -inf outside its support."""
        batch = value.shape[: value.ndim - len(self.event_shape)]
        batch = Size(torch.broadcast_shapes(batch, self.batch_shape))
        axes = Axes(self.module.flow.base_space.scalar, batch)
        value = value.expand(*batch, *self.event_shape)
        ops, flow = self.module.bound(value, flat_context(self.context, batch))
        return axes.rows(density.base_log_prob(ops, flow, axes.last(value)))


def _draw(kind: str, shape: Size, like: Tensor) -> Tensor:
    """Normal numbers, or uniform ones that are neither 0 nor 1."""
    if kind == "normal":
        return torch.randn(shape, dtype=like.dtype, device=like.device)
    info = torch.finfo(like.dtype)
    draws = torch.rand(shape, dtype=like.dtype, device=like.device)
    return draws.clamp(info.tiny, 1 - info.eps / 2)
