"""`NormalizingFlow` built by hand, as zuko's documentation builds it, against zuko and torch."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
zuko = pytest.importorskip("zuko")

from torch.distributions import Independent, LogNormal, Normal, Uniform
from torch.distributions.transforms import (
    AffineTransform,
    ComposeTransform,
    ExpTransform,
    TanhTransform,
)

from flowspec import NormalizingFlow

POINTS = torch.tensor([-3.0, -0.2, 0.1, 0.5, 0.77, 0.999, 4.0], dtype=torch.float64)


def number(value: float):
    return torch.tensor(value, dtype=torch.float64)


def test_log_normal():
    """zuko's first example; its transform runs from data to base, so ours is the inverse."""
    ours = NormalizingFlow(ExpTransform(), Normal(number(0.0), number(1.0)))
    theirs = zuko.distributions.NormalizingFlow(
        ExpTransform().inv, Normal(number(0.0), number(1.0))
    )
    x = torch.tensor([0.01, 0.3, 1.0, 40.0], dtype=torch.float64)
    torch.testing.assert_close(ours.log_prob(x), theirs.log_prob(x))
    torch.testing.assert_close(ours.log_prob(x), LogNormal(number(0.0), number(1.0)).log_prob(x))
    assert ours.log_prob(number(-1.0)) == -torch.inf


def test_affine_over_a_diagonal_normal():
    """The base's batch becomes the event, since the transform is a joint one."""
    scale = torch.tensor([0.5, 2.0, 3.0], dtype=torch.float64)
    transform = zuko.transforms.DependentTransform(AffineTransform(number(1.0), scale), 1)
    base = zuko.distributions.DiagNormal(
        torch.zeros(3, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
    )
    ours, theirs = (
        NormalizingFlow(transform, base),
        zuko.distributions.NormalizingFlow(transform.inv, base),
    )
    assert ours.event_shape == theirs.event_shape == (3,)
    x = torch.randn(5, 3, dtype=torch.float64)
    torch.testing.assert_close(ours.log_prob(x), theirs.log_prob(x))
    torch.testing.assert_close(
        ours.log_prob(x), Independent(Normal(number(1.0), scale), 1).log_prob(x)
    )


def test_affine_tanh_affine():
    """The one-liner by hand: values known in closed form, -inf outside (0, 1)."""
    parts = [
        AffineTransform(number(0.0), number(2.0)),
        TanhTransform(),
        AffineTransform(number(0.5), number(0.5)),
    ]
    flow = NormalizingFlow(ComposeTransform(parts), Normal(number(0.0), number(1.0)))
    expected = torch.tensor([-0.0481559, -0.9189385, -0.6198176], dtype=torch.float64)
    torch.testing.assert_close(flow.log_prob(POINTS[2:5]), expected, rtol=0, atol=1e-7)
    assert torch.isinf(flow.log_prob(POINTS[[0, 1, -1]])).all()
    samples = flow.sample((1000,))
    assert ((samples > 0) & (samples < 1)).all()


def test_a_vector_transform_over_a_batch_of_normals():
    base = Normal(torch.zeros(4, 3), torch.ones(4, 3))
    flow = NormalizingFlow(zuko.transforms.PermutationTransform(torch.tensor([2, 0, 1])), base)
    assert (flow.batch_shape, flow.event_shape) == ((4,), (3,))
    assert flow.sample((2,)).shape == (2, 4, 3)
    assert flow.log_prob(torch.randn(4, 3)).shape == (4,)
    assert flow.expand((5, 4)).sample().shape == (5, 4, 3)


def test_rsample_and_log_prob_is_both():
    flow = NormalizingFlow(ExpTransform(), Normal(number(0.3), number(1.5)))
    x, log_prob = flow.rsample_and_log_prob((50,))
    torch.testing.assert_close(flow.log_prob(x), log_prob)


def test_gradients_reach_base_and_transform():
    loc, scale = number(0.3).requires_grad_(), number(1.5).requires_grad_()
    flow = NormalizingFlow(
        ComposeTransform([AffineTransform(number(0.0), scale), ExpTransform()]),
        Normal(loc, number(1.0)),
    )
    flow.rsample((10,)).sum().backward(retain_graph=True)
    assert loc.grad.abs() > 0 and scale.grad.abs() > 0
    loc.grad = scale.grad = None
    flow.log_prob(torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64))[[0, 2]].sum().backward()
    assert torch.isfinite(loc.grad) and torch.isfinite(scale.grad)


def test_points_outside_leave_gradients_finite():
    x = POINTS.clone().requires_grad_()
    flow = NormalizingFlow(
        ComposeTransform([TanhTransform(), AffineTransform(number(0.5), number(0.5))]),
        Normal(0.0, 1.0),
    )
    log_prob = flow.log_prob(x)
    torch.where(torch.isfinite(log_prob), log_prob, 0.0).sum().backward()
    assert torch.isfinite(x.grad).all()


def test_has_rsample_and_support_are_those_of_the_parts():
    flow = NormalizingFlow(ExpTransform(), Uniform(0.0, 1.0))
    assert flow.has_rsample
    assert flow.support.check(torch.tensor([1.0, -1.0])).tolist() == [True, False]
