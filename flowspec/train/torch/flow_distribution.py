"""The distribution that a flow's module gives when it is called."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from numpy.typing import ArrayLike
from torch import Size, Tensor
from torch.distributions import Distribution

from flowspec.diagnostics.diagnostic import FlowError, mistake
from flowspec.diagnostics.inputs import WrongInput
from flowspec.diagnostics.kinds import SHAPE, require
from flowspec.diagnostics.prompt import in_a_line
from flowspec.model import density
from flowspec.train.torch.axes import NO_SHAPE, Axes, Shape, flat_context
from flowspec.train.torch.bindable import Bindable
from flowspec.train.torch.distribution import NormalizingFlow
from flowspec.train.torch.flow_base import FlowBase
from flowspec.train.torch.flow_transform import FlowTransform
from flowspec.train.torch.inputs import as_points


@mistake
class WrongPointShape(WrongInput):
    message = "the points have shape {shape}"
    help = "give a tensor of shape ({wanted})"
    shape: tuple[int, ...]
    wanted: str


class FlowDistribution(NormalizingFlow):
    """The distribution that a flow's module gives.

    Densities and samples run as the exported graphs do.
    """

    base: FlowBase

    def __init__(self, module: Bindable, context: Tensor | None, batch_shape: Size | None = None):
        self.module = module
        self.context = context
        super().__init__(FlowTransform(module, context), FlowBase(module, context, batch_shape))

    def __repr__(self) -> str:
        flow = self.module.flow
        names = [flow.base.title, *(step.transform.title for step in flow.steps)]
        return f"NormalizingFlow({in_a_line(names)})"

    def expand(self, batch_shape: Shape, _instance: Distribution | None = None) -> FlowDistribution:
        return FlowDistribution(self.module, self.context, Size(batch_shape))

    def log_prob(self, value: Tensor | ArrayLike) -> Tensor:
        """Log-density of points (*, D), or (*,) of a scalar flow, as torch has it; a table is read
        by the names of its columns. One column may be (N,) or (N, 1)."""
        value = as_points(
            value, "x", self.module.flow.columns, not self.event_shape, self.base.like()
        )
        axes = Axes(not self.event_shape, self._batch_of(value))
        value = value.expand(Size((*axes.batch, *self.event_shape)))
        ops, flow = self.module.bound(value, flat_context(self.context, axes.batch))
        return axes.rows(density.log_prob(ops, flow, axes.last(value)))

    def _batch_of(self, value: Tensor) -> Size:
        """The batch shape of some points together with the distribution's own."""
        batch = value.shape[: value.ndim - len(self.event_shape)]
        event = value.shape[len(batch) :]
        if event != self.event_shape or not _can_broadcast(batch, self.batch_shape):
            wanted = ", ".join(["...", *map(str, (*self.batch_shape, *self.event_shape))])
            raise FlowError(WrongPointShape(shape=tuple(value.shape), wanted=wanted))
        return Size(torch.broadcast_shapes(batch, self.batch_shape))

    def rsample_and_log_prob(self, sample_shape: Shape = NO_SHAPE) -> tuple[Tensor, Tensor]:
        require("rsample_and_log_prob", sample_shape=(sample_shape, SHAPE))
        return self.from_noise(self.base.noise(sample_shape))

    def from_noise(self, noise: Tensor | ArrayLike) -> tuple[Tensor, Tensor]:
        """Samples and their log-densities from standard draws (*, K).

        The draws are of the kinds that `flow.noise` lists.
        """
        noise = as_points(noise, "noise", self.module.flow.noise, False, self.base.like())
        axes = Axes(False, noise.shape[:-1])
        ops, flow = self.module.bound(noise, flat_context(self.context, axes.batch))
        x, log_prob = density.sample(ops, flow, axes.last(noise))
        return Axes(not self.event_shape, axes.batch).first(x), axes.rows(log_prob)


def _can_broadcast(one: Sequence[int], other: Sequence[int]) -> bool:
    """True if two shapes fit together."""
    pairs = zip(reversed(one), reversed(other), strict=False)
    return all(a in (1, b) or b == 1 for a, b in pairs)
