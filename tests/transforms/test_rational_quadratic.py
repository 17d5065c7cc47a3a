"""RQS against zuko; Spline at its knots and beyond."""

import numpy as np
import pytest
import torch
import zuko
from numpy.testing import assert_allclose

from flowspec import FlowError, Model, parse
from flowspec.ops.numpy import REFERENCE, NumpyOps
from flowspec.ops.torch import TorchOps
from flowspec.transforms.splines.rational_quadratic import RQS, Spline

RANDOM = np.random.default_rng(0)
BINS, BOUND = 6, 3.0
X = np.concatenate([RANDOM.uniform(-4, 4, 200), [-1e15, 1e15]])
WIDTHS, HEIGHTS = RANDOM.normal(0, 2, (BINS, 1)), RANDOM.normal(0, 2, (BINS, 1))
SLOPES = RANDOM.normal(0, 2, (BINS - 1, 1))


def zuko_spline(widths, heights, slopes, bound=BOUND):
    free = (
        torch.tensor(np.moveaxis(np.asarray(each)[..., 0], 0, -1))
        for each in (widths, heights, slopes)
    )
    return zuko.transforms.MonotonicRQSTransform(*free, bound=bound)


def test_equals_zuko(agree):
    part = RQS(BINS, BOUND, WIDTHS, HEIGHTS, SLOPES)
    agree(part, zuko_spline(WIDTHS, HEIGHTS, SLOPES), X, rtol=1e-9)


def test_each_coordinate_has_its_spline(agree):
    widths, heights, slopes = (
        RANDOM.normal(size=(count, 3, 1)) for count in (BINS, BINS, BINS - 1)
    )
    part = RQS(BINS, BOUND, widths, heights, slopes)
    agree(part, zuko_spline(widths, heights, slopes), RANDOM.uniform(-4, 4, (3, 50)), rtol=1e-9)


def test_each_row_may_have_its_spline():
    widths, heights, slopes = (
        RANDOM.normal(size=(count, 2, 40)) for count in (BINS, BINS, BINS - 1)
    )
    x = RANDOM.uniform(-4, 4, (2, 40))
    y, log_det = RQS(BINS, BOUND, widths, heights, slopes).forward_and_log_det(REFERENCE, x)
    one = RQS(BINS, BOUND, *(free[..., 7:8] for free in (widths, heights, slopes)))
    expected, expected_det = one.forward_and_log_det(REFERENCE, x[:, 7:8])
    assert_allclose(y[:, 7:8], expected)
    assert_allclose(log_det[7:8], expected_det)


def test_without_parameters_it_is_the_identity():
    y, log_slope = RQS(widths=0.0, heights=0.0, slopes=0.0).forward_and_log_slope(REFERENCE, X)
    assert_allclose(y, X, atol=1e-14)
    assert_allclose(log_slope, 0, atol=1e-14)


def knots():
    """Positions, values and slopes at the knots, as zuko works them out."""
    free = (torch.tensor(each[:, 0]) for each in (WIDTHS, HEIGHTS, SLOPES))
    oracle = zuko.transforms.MonotonicRQSTransform(*free, bound=BOUND)
    return oracle.horizontal.numpy(), oracle.vertical.numpy(), oracle.derivatives.numpy()


def test_inverse_undoes_forward_at_the_knots():
    part = RQS(BINS, BOUND, WIDTHS, HEIGHTS, SLOPES)
    positions, values, slopes = (each[1:-1] for each in knots())
    assert_allclose(part.forward(REFERENCE, positions), values, atol=1e-13)
    assert_allclose(part.inverse(REFERENCE, values), positions, atol=1e-13)
    assert_allclose(part.log_slope(REFERENCE, positions), np.log(slopes), atol=1e-12)


def test_circle_has_one_slope_where_its_ends_meet():
    slopes = np.concatenate([SLOPES, [[0.7]]])
    part = RQS(BINS, BOUND, WIDTHS, HEIGHTS, slopes, circular=True)
    ends = np.array([-BOUND, BOUND])
    y, log_slope = part.forward_and_log_slope(REFERENCE, ends)
    assert_allclose(y, ends)
    assert_allclose(log_slope, 0.7 / (1 + 0.7 / -np.log(1e-3)))
    assert log_slope[0] == pytest.approx(log_slope[1], abs=1e-14)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("direction", ["forward_and_log_slope", "inverse_and_log_slope"])
def test_gradients_are_finite_at_knots_and_ends(dtype, direction):
    free = [
        torch.tensor(each, dtype=dtype, requires_grad=True) for each in (WIDTHS, HEIGHTS, SLOPES)
    ]
    positions, values, _ = knots()
    x = torch.tensor([*positions, *values, 1e15, -1e15, 0], dtype=dtype, requires_grad=True)
    y, log_slope = getattr(RQS(BINS, BOUND, *free), direction)(TorchOps(dtype), x)
    gradients = torch.autograd.grad((y.clamp(-9, 9) + log_slope).sum(), [x, *free])
    assert all(torch.isfinite(gradient).all() for gradient in gradients)


def test_spline_passes_through_its_knots():
    x, y, slopes = (
        np.array([[-2.0], [0], [1]]),
        np.array([[-1.0], [0.5], [3]]),
        np.array([[1.0], [0.5], [2]]),
    )
    part = Spline(x, y, slopes)
    assert_allclose(part.forward(REFERENCE, x[:, 0]), y[:, 0])
    assert_allclose(part.inverse(REFERENCE, y[:, 0]), x[:, 0], atol=1e-15)
    assert_allclose(part.log_slope(REFERENCE, x[:, 0]), np.log(slopes[:, 0]), atol=1e-15)


def test_spline_is_linear_outside():
    part = Spline(np.array([[0.0], [1]]), np.array([[5.0], [7]]), np.array([[1.0], [3]]))
    x = np.array([-1e15, -2.0, 3.0, 1e15])
    y, log_slope = part.forward_and_log_slope(REFERENCE, x)
    assert_allclose(y, [5 - 1e15, 3, 13, 7 + 3 * (1e15 - 1)])
    assert_allclose(log_slope, np.log([1, 1, 3, 3]))
    assert_allclose(part.inverse(REFERENCE, y), x)


def test_density_of_a_spline_integrates_to_one(density):
    grid = np.linspace(-8, 12, 40001)
    found = np.exp(density("Normal(0, 1) |> Spline([-2, 0, 1], [-1, 0.5, 3], [1, 0.5, 2])", grid))
    assert np.trapezoid(found, grid) == pytest.approx(1, abs=1e-6)


def test_float32_is_near_float64():
    model = Model(
        parse("Normal(0, 1)[3] |> RQS(bins=4, bound=3, widths=[0.5, -1, 0, 0], slopes=learn(0.5))")
    )
    noise = RANDOM.normal(size=(100, 3))
    x, log_prob = model.from_noise(noise)
    x32, log_prob32 = model.from_noise(noise, dtype=np.float32)
    assert_allclose(x32, x, rtol=1e-5, atol=1e-5)
    assert_allclose(log_prob32, log_prob, rtol=1e-4, atol=1e-4)


def test_inverse_in_float32_keeps_to_the_box():
    part = RQS(BINS, BOUND, *(each.astype(np.float32) for each in (WIDTHS, HEIGHTS, SLOPES)))
    y = np.linspace(-3, 3, 1001).astype(np.float32)
    x = part.inverse(NumpyOps(np.float32), y)
    assert (np.abs(x) <= BOUND * (1 + 1e-6)).all() and (np.diff(x) > -1e-6).all()


@pytest.mark.parametrize(
    "text, expected",
    [
        ("Normal(0, 1) |> RQS", "real"),
        ("Uniform(0, 1) |> RQS(bound=3)", "[-3, 3]"),
        ("Uniform(0, 9) |> RQS(bound=3)", "[-3, 9]"),
        ("Uniform(4, 9) |> RQS(bound=3)", "[4, 9]"),
        ("Uniform(-3, 3) |> RQS(bins=2, bound=3, widths=1, heights=[0, 1], slopes=1)", "[-3, 3]"),
        ("CircularUniform |> RQS(bound=pi, circular=true)", "circle(-pi, pi)"),
        ("Uniform(0, 1) |> Spline([0, 1], [5, 7], [1, 3])", "[5, 7]"),
    ],
)
def test_support(support, text, expected):
    assert support(text) == expected


@pytest.mark.parametrize(
    "text, words",
    [
        ("RQS(bins=3, widths=[1, 2])", "3 numbers"),
        ("RQS(bins=1)", "`bins` of RQS"),
        ("RQS(bins=-7, widths=[1, 2])", "`bins` of RQS"),
        ("RQS(bins=2.5)", "`bins` of RQS"),
        ("RQS(bins=true)", "`bins` of RQS"),
        ("Spline([0, 0], [1, 2], 1)", "must increase"),
        ("Spline(0, 1, 1)", "must increase"),
        ("Spline([0, 1], [2, 1], 1)", "must increase"),
        ("Spline([0, 1], [1, 2], [1, 0])", "cannot be 0"),
        ("Spline(learn([0, 1]), [1, 2], 1)", "cannot be trained"),
        ("RQS(circular=true)", "cannot take"),
    ],
)
def test_refuses(text, words):
    with pytest.raises(FlowError, match=words):
        parse(f"Normal(0, 1) |> {text}")


def test_knots_do_not_come_from_the_context():
    with pytest.raises(FlowError, match="cannot come from the context"):
        parse("context z: real  Normal(0, 1) |> RQS(widths=z)")
