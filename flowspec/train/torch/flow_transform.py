"""The steps of a flow as a transform of torch, with the supports as its constraints."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Size, Tensor
from torch.distributions import Transform, constraints

from flowspec.model.binding import BoundFlow
from flowspec.ops.torch import TorchOps
from flowspec.support.membership import outside_of
from flowspec.support.space import Space
from flowspec.train.torch.axes import Axes, as_tensor, flat_context
from flowspec.train.torch.bindable import Bindable
from flowspec.transforms import chain


class SpaceConstraint(constraints.Constraint):
    """The points of a support, as a constraint of torch."""

    is_discrete = False

    def __init__(self, space: Space):
        self.space = space
        self.event_dim = len(space.shape)

    def check(self, value: Tensor) -> Tensor:
        axes = Axes(self.space.scalar, value.shape[: value.ndim - self.event_dim])
        x = axes.last(value)
        nan = torch.isnan(x) if self.space.scalar else torch.isnan(x).any(0)
        outside = as_tensor(outside_of(TorchOps(value.dtype, value.device), self.space, x))
        return axes.rows(~(outside | nan))

    def __repr__(self) -> str:
        return f"support({self.space})"


class FlowTransform(Transform):
    """The steps of a flow, from base to data."""

    bijective = True

    def __init__(self, module: Bindable, context: Tensor | None):
        super().__init__()
        self.module = module
        self.context = context

    @property
    def domain(self) -> SpaceConstraint:  # type: ignore[override]  # torch declares an attribute
        return SpaceConstraint(self.module.flow.base_space)

    @property
    def codomain(self) -> SpaceConstraint:  # type: ignore[override]  # torch declares an attribute
        return SpaceConstraint(self.module.flow.space)

    @property
    def inv(self) -> InverseFlowTransform:
        return InverseFlowTransform(self)

    def _bound(self, x: Tensor, event_dim: int) -> tuple[TorchOps, BoundFlow, Axes]:
        batch = x.shape[: x.ndim - event_dim]
        ops, flow = self.module.bound(x, flat_context(self.context, batch))
        return ops, flow, Axes(event_dim == 0, batch)

    def call_and_ladj(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """y and log |det dy/dx|."""
        ops, flow, axes = self._bound(x, self.domain.event_dim)
        y, log_det = chain.forward(ops, flow.steps, axes.last(x))
        return axes.first(y), axes.log_dets(log_det, x)

    def inverse_and_log_det(self, y: Tensor) -> tuple[Tensor, Tensor]:
        """x and log |det dy/dx| at that x."""
        ops, flow, axes = self._bound(y, self.codomain.event_dim)
        x, log_det, _ = chain.inverse(ops, flow.steps, axes.last(y))
        return axes.first(x), axes.log_dets(log_det, y)

    def _call(self, x: Tensor) -> Tensor:
        return self.call_and_ladj(x)[0]

    def _inverse(self, y: Tensor) -> Tensor:
        return self.inverse_and_log_det(y)[0]

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return self.call_and_ladj(x)[1]

    def forward_shape(self, shape: Sequence[int]) -> Size:
        batch = shape[: len(shape) - self.domain.event_dim]
        return Size((*batch, *self.module.flow.shape))

    def inverse_shape(self, shape: Sequence[int]) -> Size:
        batch = shape[: len(shape) - self.codomain.event_dim]
        return Size((*batch, *self.module.flow.base_space.shape))


class InverseFlowTransform(Transform):
    """The steps of a flow, from data to base."""

    bijective = True

    def __init__(self, forward: FlowTransform):
        super().__init__()
        self._forward = forward

    @property
    def domain(self) -> SpaceConstraint:  # type: ignore[override]  # torch declares an attribute
        return self._forward.codomain

    @property
    def codomain(self) -> SpaceConstraint:  # type: ignore[override]  # torch declares an attribute
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
        y: Tensor = self._forward(x)
        return y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return self.call_and_ladj(x)[1]

    def forward_shape(self, shape: Sequence[int]) -> Size:
        return self._forward.inverse_shape(shape)

    def inverse_shape(self, shape: Sequence[int]) -> Size:
        return self._forward.forward_shape(shape)
