"""ActNorm and Standardize: affine steps with the location and scale of data."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from flowspec.ops.numpy import REFERENCE
from flowspec.transforms.elementwise.actnorm import ActNorm, Standardize

PARTS = pytest.mark.parametrize("part", [ActNorm, Standardize])


@PARTS
@pytest.mark.parametrize("shape", [(500,), (3, 500)], ids=["scalar", "vector"])
def test_data_becomes_standard(part, shape):
    y = np.random.default_rng(0).normal(7, 3, shape)
    measured = part().measure(y)
    fixed = part(**{name: np.asarray(value)[..., None] for name, value in measured.items()})
    x = fixed.inverse(REFERENCE, y)
    assert_allclose(x.mean(-1), 0, atol=1e-12)
    assert_allclose(x.std(-1), 1, rtol=1e-12)


@PARTS
def test_constant_column_keeps_its_scale(part):
    assert part().measure(np.full((1, 9), 4.0))["scale"] == [1.0]


@PARTS
def test_formula_and_slope(part):
    fixed = part(2.0, 4.0)
    assert fixed.forward(REFERENCE, np.array([0.5])) == [4.0]
    assert fixed.log_slope(REFERENCE, np.array([0.5])) == pytest.approx(np.log(4))


def test_only_actnorm_is_trained():
    assert ActNorm().location.trained and ActNorm().scale.trained
    assert not Standardize().location.trained and not Standardize().scale.trained


@PARTS
def test_squares_beyond_all_numbers_have_a_root(part):
    y = np.array([[1e300, -1e300, 1e300, -1e300], [1, 2, 1, 2]])
    assert_allclose(part().measure(y)["scale"], [1e300, 0.5])
