"""Linear, LULinear and TriangularAffine against numpy, torch and zuko."""

import math

import numpy as np
import pytest
import torch
import zuko
from numpy.testing import assert_allclose

from flowspec import FlowError, Model, parse
from flowspec.ops.numpy import REFERENCE
from flowspec.parts.values import Learn
from flowspec.support.support import REAL, Interval
from flowspec.transforms.linear.linear import Linear, LULinear
from flowspec.transforms.linear.matrix import hull_of_image

X = np.random.default_rng(0).normal(size=(3, 20))
MATRIX = np.array([[2.0, 1, 0], [0, 1, 0.5], [0.3, 0, -1]])
SHIFT = np.array([[1.0], [2], [3]])


def test_linear_equals_numpy():
    part = Linear(MATRIX, SHIFT)
    y, log_det = part.forward_and_log_det(REFERENCE, X)
    assert_allclose(y, MATRIX @ X + SHIFT)
    assert_allclose(log_det, np.linalg.slogdet(MATRIX)[1])
    assert_allclose(part.inverse_and_log_det(REFERENCE, y)[0], X, atol=1e-14)


def test_lu_linear_equals_zuko(agree):
    # zuko puts the diagonal into L, where it scales the columns.
    packed = np.array([[1.0, 2, 0.5], [0.7, -2, 0.3], [-1, 0.4, 0.5]])
    diagonal = np.diag(packed)
    part = LULinear(packed / diagonal, diagonal[:, None] * packed, diagonal[:, None])
    agree(part, zuko.transforms.LULinearTransform(torch.tensor(packed)), X)


def test_triangular_affine_is_a_multivariate_normal(density):
    loc, tril = [1.0, -1.0], [[2.0, 0.0], [0.5, 0.25]]
    expected = torch.distributions.MultivariateNormal(
        torch.tensor(loc), scale_tril=torch.tensor(tril)
    )
    rows = X[:2].T
    found = density(f"Normal(0, 1)[2] |> TriangularAffine({loc}, {tril})", rows)
    assert_allclose(found, expected.log_prob(torch.tensor(rows)).numpy(), rtol=1e-6)


@pytest.mark.parametrize(
    "text, words",
    [
        ("Linear([[1, 2], [2, 4]])", "cannot be inverted"),
        ("Linear([[1, 1], [1, 1.0000000000001]])", "cannot be inverted"),
        ("Linear([[1, 2, 3], [4, 5, 6]])", "2 rows and 2 columns"),
        ("Linear([[1e308, 1e308], [1e308, -1e308]])", "greater than 1e"),
        ("Linear([[0, 0], [0, 0]])", "cannot be inverted"),
        ("Linear(2)", "2 rows and 2 columns"),
        ("TriangularAffine(0, [[1, 2], [0, 1]])", "lower triangular"),
        ("TriangularAffine(0, [[1, 0], [2, -1]])", "lower triangular"),
        ("LULinear(diagonal=0)", "cannot be 0"),
    ],
)
def test_refuses(text, words):
    with pytest.raises(FlowError, match=words):
        parse(f"Normal(0, 1)[2] |> {text}")


def test_image_of_a_box_is_its_hull(support):
    text = "Uniform([0, -1], 1) |> Linear([[1, 2], [0, -3]], [10, 0])"
    assert support(text) == "[8, 13], [-3, 3]"
    assert support(f"{text} |> inverse {{ Linear([[1, 0], [0, 2]]) }}") == "[8, 13], [-1.5, 1.5]"
    assert support("Normal(0, 1)[2] |> Linear([[1, 2], [0, -3]])") == "real x 2"


def test_density_in_the_hull_but_not_in_the_image(density):
    found = density(
        "Uniform(0, 1)[2] |> Linear([[1, 1], [0, 1]])", [[1.0, 0.5], [0.25, 0.5], [1.6, 0.5]]
    )
    assert_allclose(found, [0, -math.inf, -math.inf])


def test_hull_keeps_open_and_endless_sides():
    box = [Interval(0), Interval(1, 2, True, False)]
    matrix = np.array([[0.0, -1], [1, 1], [-1, 0]])
    assert hull_of_image(matrix, np.zeros(3), box) == [
        Interval(-2, -1, False, True),
        Interval(1),
        Interval(high=0),
    ]
    assert hull_of_image(np.array([[1.0, -1]]), np.zeros(1), [Interval(0), Interval(0)]) == [REAL]


def test_samples_have_their_density():
    model = Model(parse("Normal(0, 1)[3] |> LULinear(learn(0.1), learn(-0.2), learn(2)) |> Exp"))
    x, log_prob = model.from_noise(X.T)
    assert_allclose(model.log_prob(x), log_prob, rtol=1e-10)


# --- starts from data -----------------------------------------------------------------------------

ROWS = MATRIX @ np.random.default_rng(1).normal(size=(3, 4000))


def started(y: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """The matrix that LULinear starts from on the data y."""
    found = LULinear().measure(y, weights)
    return LULinear(found["lower"], found["upper"], found["diagonal"][:, None]).map(REFERENCE)


def test_lu_linear_starts_at_the_covariance_of_the_data():
    matrix = started(ROWS)
    assert_allclose(matrix @ matrix.T, np.cov(ROWS, bias=True), rtol=1e-2, atol=1e-2)


def test_rows_of_weight_nought_do_not_count_for_the_start():
    other = np.random.default_rng(2).normal(size=ROWS.shape)
    weights = np.repeat([1.0, 0.0], ROWS.shape[1])
    found = started(np.hstack([ROWS, other]), weights)
    assert_allclose(found, started(ROWS), rtol=1e-6, atol=1e-6)


def test_few_rows_and_given_values_are_no_start():
    assert LULinear().measure(ROWS[:, :999]) == {}
    assert LULinear(diagonal=Learn(2.0)).measure(ROWS) == {}


@pytest.mark.parametrize(
    "y",
    [np.tile(ROWS[:1], (3, 1)), np.full((3, 2000), 7.0), ROWS * [[1e200], [1], [1e-200]]],
    ids=["copies", "constants", "far apart"],
)
def test_every_start_can_be_inverted(y):
    assert np.isfinite(np.linalg.inv(started(y))).all()
