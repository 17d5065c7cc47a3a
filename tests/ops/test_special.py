"""The special functions as formulas, without an interpreter's own, against 50 digits."""

import math

import numpy as np
import pytest
from scipy.special import erfcx
from scipy.stats import norm

from flowspec.ops import asymptotic, special
from flowspec.ops.mpmath import MpmathOps
from flowspec.ops.numpy import NumpyOps
from flowspec.ops.onnx.writer import write
from flowspec.ops.tape import TapeOps

EXACT = MpmathOps()
FUNCTIONS = ("lgamma", "digamma", "erfc", "normal_quantile")
DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])

ULPS = 4
"""Bound of the relative error, in units of the float type's eps; what was measured lies below
3.2."""

ULPS_OF = {"digamma": 16}
"""That of a factor of derivatives: sums of several terms."""

DIGITS = {np.float64: 300.0, np.float32: 37.0}
"""Powers of ten that the float type holds, on both sides."""

ERFC_END = {np.float64: 26.5, np.float32: 9.1}
"""erfc is a normal number up to here."""


def lgamma_points(dtype, random):
    powers = random.uniform(-DIGITS[dtype], DIGITS[dtype] - 3, 200)
    near_zeros = np.concatenate(
        [1 + 10.0 ** random.uniform(-6, -1, 50), 2 - 10.0 ** random.uniform(-6, -1, 50)]
    )
    return np.concatenate([10**powers, random.uniform(0, 12, 600), near_zeros, [0.5, 1.5, 3, 4]])


def digamma_points(dtype, random):
    powers = random.uniform(-DIGITS[dtype] + 1, DIGITS[dtype] - 3, 200)
    # Near the zero at 1.46 no function of a rounded number is relatively exact.
    return np.concatenate([10**powers, random.uniform(0, 1, 300), random.uniform(2, 30, 300)])


def erfc_points(dtype, random):
    end = ERFC_END[dtype]
    return np.concatenate(
        [random.uniform(-end, end, 800), 10 ** random.uniform(-DIGITS[dtype], 0, 100), [0.0]]
    )


def normal_quantile_points(dtype, random):
    tail = 10 ** random.uniform(-DIGITS[dtype], -1, 150)
    upper = 1 - 10.0 ** random.uniform(-6 if dtype == np.float32 else -15, -1, 80)
    edges = [0.075, 0.925, math.exp(-25), 0.3]
    return np.concatenate([tail, upper, random.uniform(0.001, 0.999, 150), edges])


POINTS = {
    "lgamma": lgamma_points,
    "digamma": digamma_points,
    "erfc": erfc_points,
    "normal_quantile": normal_quantile_points,
}


@pytest.mark.slow
@DTYPES
@pytest.mark.parametrize("name", FUNCTIONS)
def test_formula_is_accurate_to_the_last_digits(name, dtype):
    x = POINTS[name](dtype, np.random.default_rng(0)).astype(dtype)
    with np.errstate(all="raise", under="ignore"):
        found = getattr(special, name)(NumpyOps(dtype), x)
    exact = getattr(EXACT, name)(EXACT.constant(x))
    error = np.abs(EXACT.constant(found) - exact)
    allowed = ULPS_OF.get(name, ULPS) * float(np.finfo(dtype).eps) * np.abs(exact)
    assert found.dtype == dtype
    assert (error <= allowed).all(), x[np.argmax(error > allowed)]


@DTYPES
@pytest.mark.parametrize("name", FUNCTIONS)
def test_only_nan_gives_nan(name, dtype):
    found = getattr(special, name)(NumpyOps(dtype), np.array([np.nan, 0.3], dtype))
    assert np.isnan(found).tolist() == [True, False]


@DTYPES
def test_ends_of_the_domains(dtype):
    ops = NumpyOps(dtype)
    with np.errstate(divide="ignore"):
        assert special.lgamma(ops, np.array([0, 1, 2, np.inf], dtype)).tolist() == [
            math.inf,
            0,
            0,
            math.inf,
        ]
    assert special.erfc(ops, np.array([-np.inf, 0, np.inf, 1e30], dtype)).tolist()[::2] == [2, 0]
    assert special.erfc(ops, np.array([1e30], dtype)).tolist() == [0]


@pytest.mark.parametrize(
    ("name", "x", "value"),
    [
        ("lgamma", 0.5, 0.5 * math.log(math.pi)),
        ("lgamma", 11.0, math.log(3628800)),
        ("erfc", 10.0, 2.088487583762545e-45),
        ("erfc", 1.0, 0.15729920705028513),
        ("normal_quantile", 0.975, 1.959963984540054),
        ("normal_quantile", 0.001, -3.090232306167814),
        ("normal_quantile", 1e-20, -9.262340089798408),
    ],
)
def test_known_values_from_plain_numbers(name, x, value):
    assert getattr(special, name)(NumpyOps(np.float32), x) == pytest.approx(value, rel=1e-6)
    assert getattr(special, name)(NumpyOps(np.float64), x) == pytest.approx(value, rel=2e-13)


@DTYPES
@pytest.mark.parametrize("name", FUNCTIONS)
def test_formula_can_be_recorded(name, dtype):
    ops = TapeOps(dtype)
    recorded = getattr(special, name)(ops, ops.input("x", (None,), dtype))
    assert recorded.shape == (None,)
    assert recorded.dtype == dtype
    ops.output("y", recorded)
    assert len(write(ops.tape, "graph").graph) <= (120 if dtype == np.float64 else 60)


@DTYPES
def test_log_bessel_i0_is_accurate_for_every_concentration(dtype):
    x = np.concatenate([10 ** np.random.default_rng(0).uniform(-4, 6, 100), [499, 501]]).astype(
        dtype
    )
    found = asymptotic.log_bessel_i0(NumpyOps(dtype), x)
    bessel = [EXACT.context.besseli(0, value) for value in EXACT.constant(x)]
    exact = EXACT.log(np.array(bessel, object)) - EXACT.constant(x)
    np.testing.assert_allclose(
        found, exact.astype(float), rtol=0, atol=10 * float(np.finfo(dtype).eps)
    )


@DTYPES
def test_stirling_error_and_lgamma_are_one_function(dtype):
    x = (10 ** np.random.default_rng(0).uniform(-8, 8, 200)).astype(dtype)
    z = EXACT.constant(x)
    leading = (
        (z - 0.5) * EXACT.log(z)
        - z
        + EXACT.log(EXACT.constant(np.full(1, 2.0)) * EXACT.context.pi) / 2
    )
    exact = (EXACT.lgamma(z) - leading).astype(float)
    found = asymptotic.stirling_error(NumpyOps(dtype), x)
    np.testing.assert_allclose(
        found,
        exact,
        rtol=0,
        atol=8 * float(np.finfo(dtype).eps) * np.maximum(np.abs(exact), 1).max(),
    )


@DTYPES
def test_the_normal_number_of_an_exponential_one_is_exact_at_both_ends(dtype):
    ops = NumpyOps(np.dtype(dtype).name)
    t = np.array([1e-30, 1e-8, 0.05, 0.078, 0.69, 0.7, 2.6, 30, 80, 500], dtype)
    found = special.normal_of_exponential(ops, t)
    below = -np.expm1(-t.astype(float))
    expected = np.where(t < 0.7, norm.ppf(below), norm.isf(np.exp(-t.astype(float))))
    np.testing.assert_allclose(found, expected, rtol=50 * np.finfo(dtype).eps, atol=1e-7)


@DTYPES
def test_the_logarithm_of_erfc_goes_on_where_erfc_ends(dtype):
    x = np.array([0.0, 0.3, 3.0, 8.0, 40.0, 1e4], dtype)
    log_erfc, rest = special.log_erfc(NumpyOps(np.dtype(dtype).name), x)
    expected = -(norm.logsf(x.astype(float) * np.sqrt(2)) + np.log(2))
    np.testing.assert_allclose(log_erfc, expected, rtol=8 * np.finfo(dtype).eps, atol=1e-7)
    np.testing.assert_allclose(rest, -np.log(erfcx(x.astype(float))), rtol=1e-5, atol=1e-7)
