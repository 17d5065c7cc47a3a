"""`NormalizingFlow`: a base distribution pushed through a transform, as a torch distribution."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Size, Tensor
from torch.distributions import Distribution, Independent, Transform, constraints
from torch.distributions.transforms import ComposeTransform, IndependentTransform
from torch.distributions.utils import _sum_rightmost

from flowspec.diagnostics.kinds import SHAPE, one_of, require
from flowspec.train.torch.axes import NO_SHAPE, Shape


class NormalizingFlow(Distribution):
    """Distribution of `transform(z)`, z drawn from `base`.

    transform   a torch Transform from base to data. (Of zuko's give the `.inv`.)
    base        a torch Distribution. Where the transform takes vectors, trailing batch dimensions
                of the base become event dimensions

    Example:
        >>> import torch
        >>> from flowspec import NormalizingFlow
        >>> from torch.distributions import ExpTransform, Normal
        >>> log_normal = NormalizingFlow(ExpTransform(), Normal(0.0, 1.0))
        >>> log_normal.log_prob(torch.tensor([1.0, -1.0]))
        tensor([-0.9189,    -inf])
    """

    arg_constraints = {}
    base: Distribution

    def __init__(self, transform: Transform, base: Distribution):
        require(
            "NormalizingFlow",
            transform=(transform, one_of("a transform of torch", Transform)),
            base=(base, one_of("a distribution of torch", Distribution)),
        )
        missing = transform.domain.event_dim - len(base.event_shape)
        self.transform = IndependentTransform(transform, -missing) if missing < 0 else transform
        self.base = Independent(base, missing) if missing > 0 else base
        shape = self.transform.forward_shape(self.base.batch_shape + self.base.event_shape)
        event_dim = self.transform.codomain.event_dim
        batch = len(shape) - event_dim
        super().__init__(Size(shape[:batch]), Size(shape[batch:]), validate_args=False)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.transform}, {self.base})"

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]  # torch declares an attribute
        return self.base.has_rsample

    @property
    def support(self) -> constraints.Constraint:
        return self.transform.codomain

    def expand(self, batch_shape: Shape, _instance: Distribution | None = None) -> NormalizingFlow:
        return NormalizingFlow(self.transform, self.base.expand(Size(batch_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        """Log-density: -inf outside the support, NaN only where `value` is NaN."""
        require("log_prob", value=(value, one_of("a tensor", Tensor)))
        event_dim = len(self.event_shape)
        nan = _rowwise(torch.isnan(value), event_dim)
        z, log_det, outside = self._pulled_back(value)
        density = self.base.log_prob(z) - log_det
        return torch.where(nan, math.nan, torch.where(outside, -math.inf, density))

    def _pulled_back(self, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """z, log |det dx/dz|, and the rows (true) that are no image of any z.

        Each component of a composed transform is asked in turn: torch calls the image of an affine
        step "real", whatever goes in. A value that a component cannot give is replaced by the one
        that it gives for a point of the base.
        """
        event_dim = self.transform.codomain.event_dim
        transforms = _components(self.transform)
        batch = value.shape[: value.ndim - event_dim]
        log_det = value.new_zeros(batch)
        outside = torch.zeros(batch, dtype=torch.bool, device=value.device)
        for index in range(len(transforms) - 1, -1, -1):
            transform = transforms[index]
            missing = event_dim - transform.codomain.event_dim
            left = ~_all_rightmost(transform.codomain.check(value), missing)
            if left.any():
                outside = outside | left
                safe = self._safe_value(transforms[: index + 1], value.shape)
                value = torch.where(_with_event(left, event_dim), safe, value)
            value, own_log_det = inverse_and_log_det(transform, value)
            log_det = log_det + _sum_rightmost(own_log_det, missing)
        return value, log_det, outside

    def _safe_value(self, transforms: Sequence[Transform], shape: Size) -> Tensor:
        """The image of one point of the base; the caller's random numbers are left as they are."""
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(0)
            point = self.base.sample()
        for transform in transforms:
            point = transform(point)
        return point.detach().expand(shape)

    def sample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        require("sample", sample_shape=(sample_shape, SHAPE))
        with torch.no_grad():
            x: Tensor = self.transform(self.base.sample(Size(sample_shape)))
            return x

    def rsample(self, sample_shape: Shape = NO_SHAPE) -> Tensor:
        """Samples through which gradients flow to the parameters."""
        require("rsample", sample_shape=(sample_shape, SHAPE))
        x: Tensor = self.transform(self.base.rsample(Size(sample_shape)))
        return x

    def rsample_and_log_prob(self, sample_shape: Shape = NO_SHAPE) -> tuple[Tensor, Tensor]:
        """Samples and their log-densities, in one pass through the transform."""
        require("rsample_and_log_prob", sample_shape=(sample_shape, SHAPE))
        z = self.base.rsample(sample_shape) if self.has_rsample else self.base.sample(sample_shape)
        x, log_det = forward_and_log_det(self.transform, z)
        return x, self.base.log_prob(z) - log_det


def _components(transform: Transform) -> Sequence[Transform]:
    return transform.parts if isinstance(transform, ComposeTransform) else [transform]


def forward_and_log_det(transform: Transform, x: Tensor) -> tuple[Tensor, Tensor]:
    """y and log |det dy/dx| of any torch transform."""
    if hasattr(transform, "call_and_ladj"):
        pair: tuple[Tensor, Tensor] = transform.call_and_ladj(x)
        return pair
    y = transform(x)
    return y, transform.log_abs_det_jacobian(x, y)


def inverse_and_log_det(transform: Transform, y: Tensor) -> tuple[Tensor, Tensor]:
    """x and log |det dy/dx| (of the forward direction) of any torch transform."""
    if hasattr(transform.inv, "call_and_ladj"):
        x, log_det = transform.inv.call_and_ladj(y)
        return x, -log_det
    x = transform.inv(y)
    return x, transform.log_abs_det_jacobian(x, y)


def _rowwise(condition: Tensor, event_dim: int) -> Tensor:
    """True where it holds anywhere in the event."""
    return condition.flatten(-event_dim).any(-1) if event_dim else condition


def _all_rightmost(condition: Tensor, dims: int) -> Tensor:
    """True where it holds everywhere in the last dimensions."""
    return condition.flatten(-dims).all(-1) if dims else condition


def _with_event(rows: Tensor, event_dim: int) -> Tensor:
    return rows.reshape(rows.shape + (1,) * event_dim)
