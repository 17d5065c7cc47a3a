"""The torch interpreter where it is more than values: gradients at edges, the gamma gradient,
compilation."""

import math

import mpmath
import numpy as np
import pytest

torch = pytest.importorskip("torch")

from flowspec.ops.torch import TorchOps  # noqa: E402 (after the skip)

OPS = TorchOps(torch.float64)
GAMMA_ERROR = 5e-4
"""torch works its gamma gradient out by a fit of about four digits."""
INF = math.inf


def gradient(function, x) -> list[float]:
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    return torch.autograd.grad(function(x).sum(), x)[0].tolist()


@pytest.mark.parametrize(
    ("name", "x", "slope"),
    [
        ("abs", [0.0], [0.0]),
        ("sign", [0.0, 2.0], [0.0, 0.0]),
        ("softplus", [-1000.0, 39.0, 1000.0], [0.0, 1.0, 1.0]),
        ("log_sigmoid", [-1000.0, 1000.0], [1.0, 0.0]),
        ("sigmoid", [-1000.0, 1000.0], [0.0, 0.0]),
        ("tanh", [-1000.0, 1000.0], [0.0, 0.0]),
        ("asinh", [0.0, 1e200], [1.0, 0.0]),
        ("erfc", [-1000.0, 1000.0], [0.0, 0.0]),
        ("normal_cdf", [-1000.0, 0.0, 1000.0], [0.0, 1 / math.sqrt(2 * math.pi), 0.0]),
        ("normal_quantile", [0.5], [math.sqrt(2 * math.pi)]),
        ("logsumexp", [[-INF, 0.0], [-INF, -INF]], [[0.0, 1.0], [0.0, 0.0]]),
    ],
)
def test_gradients_at_the_edges(name, x, slope):
    np.testing.assert_allclose(gradient(getattr(OPS, name), x), slope, rtol=1e-14, atol=1e-150)


def test_where_passes_no_gradient_to_the_other_branch():
    assert gradient(lambda x: OPS.where(x > 0, OPS.exp(x), 0.0), [-1.0, 0.0, 1.0]) == [
        0.0,
        0.0,
        math.e,
    ]


def log_slope(concentration: float, log_x: float) -> float:
    """d log x / da of the gamma draw x that keeps the distribution function fixed, from either
    tail."""
    with mpmath.workdps(30):
        x = mpmath.exp(log_x)
        tail, sign = ({"b": x}, -1) if x < concentration else ({"a": x}, 1)
        shift = mpmath.diff(lambda a: mpmath.gammainc(a, **tail, regularized=True), concentration)
        return float(sign * shift * mpmath.gamma(concentration) / x**concentration * mpmath.exp(x))


@pytest.mark.parametrize("shape", [(3,), (1,), (2, 1), (2, 3)])
def test_gamma_gradient_is_implicit_and_broadcasts(shape):
    concentration = (
        torch.linspace(0.5, 4, math.prod(shape), dtype=torch.float64)
        .reshape(shape)
        .requires_grad_()
    )
    log_x = torch.tensor([[0.3, 1.0, 2.5], [0.1, 3.0, 6.0]], dtype=torch.float64).log()
    weight = torch.arange(1.0, 7.0, dtype=torch.float64).reshape(2, 3)
    found = OPS.log_gamma_gradient(concentration, log_x)
    (slope,) = torch.autograd.grad((weight * found).sum(), concentration)
    wide = concentration.detach().expand(2, 3)
    expected = torch.tensor(np.vectorize(log_slope)(wide.numpy(), log_x.numpy())) * weight
    assert torch.equal(found, log_x)
    np.testing.assert_allclose(slope, expected.sum_to_size(shape), rtol=GAMMA_ERROR)


@pytest.mark.parametrize("log_x", [-1000.0, -21.0, -19.0, -1.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_gamma_gradient_holds_for_draws_that_underflow(dtype, log_x):
    concentration = torch.tensor([0.01], dtype=dtype, requires_grad=True)
    found = TorchOps(dtype).log_gamma_gradient(concentration, torch.tensor([log_x], dtype=dtype))
    (slope,) = torch.autograd.grad(found.sum(), concentration)
    assert slope.item() == pytest.approx(log_slope(0.01, log_x), rel=GAMMA_ERROR)


def test_gamma_gradient_replaces_that_of_the_sampler():
    concentration = torch.tensor([2.0], dtype=torch.float64, requires_grad=True)
    found = OPS.log_gamma_gradient(concentration, torch.log(concentration * 10))
    (slope,) = torch.autograd.grad(found.sum(), concentration)
    assert found.item() == math.log(20)
    assert slope.item() == pytest.approx(log_slope(2.0, math.log(20)), rel=GAMMA_ERROR)
    assert not OPS.log_gamma_gradient(2.0, found).requires_grad


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # torch's own, of its compiler
def test_formulas_compile_into_one_graph():
    def formula(x):
        y = OPS.log(2.0) + OPS.softplus(0.5) * OPS.where(
            x > 0, OPS.maximum(x, 0.0), OPS.sigmoid(1.0)
        )
        y = y + OPS.power(2, -1) + OPS.maximum(1.0, 2.0) + OPS.constant(np.array([1.0, 2.0]))[0]
        y = OPS.logsumexp(OPS.stack([y, x, 1.0])) + OPS.take_along(
            OPS.stack([x, y]), OPS.to_index(OPS.number(x > 0))
        )
        z = OPS.normal_quantile(OPS.sigmoid(y)) + OPS.lgamma(OPS.lgamma(3.5) + OPS.square(y))
        return z + OPS.log_gamma_gradient(OPS.abs(x) + 1, y)

    compiled = torch.compile(formula, fullgraph=True, backend="aot_eager")
    points = [-1.5, -0.1, 0.4, 2.0]
    np.testing.assert_allclose(gradient(compiled, points), gradient(formula, points), rtol=1e-13)
