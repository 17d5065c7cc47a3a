"""`log_prob` takes every kind of table, and tells what is none."""

from __future__ import annotations

import math

import numpy as np
import pytest

from refusals import refused


@pytest.mark.parametrize(
    "x", [0.5, [0.5], [[0.5]], np.float16([0.5]), np.array(0.5), (0.5,)], ids=repr
)
def test_a_scalar_flow_takes_numbers_and_columns(opened, x):
    found = opened("scalar").log_prob(x)
    assert (found.dtype, found.shape) == (np.float32, (1,))
    np.testing.assert_allclose(found, [-0.9189385], rtol=1e-6)


def test_a_row_may_stand_for_a_table_of_one(opened):
    np.testing.assert_array_equal(
        opened("pair").log_prob([0.5, 1]), opened("pair").log_prob([[0.5, 1]])
    )


@pytest.mark.parametrize(
    "kind", [np.int8, np.uint64, np.float16, np.float32, np.float64, np.longdouble, bool]
)
def test_every_kind_of_number_is_taken(opened, kind):
    found = opened("pair").log_prob(np.array([[0, 1], [1, 1]], kind))
    np.testing.assert_array_equal(found, opened("pair").log_prob([[0.0, 1.0], [1.0, 1.0]]))


def test_the_layout_of_an_array_does_not_matter(opened):
    table = np.random.default_rng(0).random((6, 2), np.float32)
    expected = opened("pair").log_prob(table)
    for same in (
        np.asfortranarray(table),
        np.repeat(table, 2, axis=0)[::2],
        table[::-1][::-1],
        table.tolist(),
    ):
        np.testing.assert_array_equal(opened("pair").log_prob(same), expected)


@pytest.mark.parametrize("name", ["scalar", "pair", "double", "fixed"])
def test_what_is_given_is_not_changed(opened, name):
    shape = (9,) if opened(name).about["scalar"] else (9, 2)
    x = np.full(shape, -1, opened(name).dtype)
    opened(name).log_prob(x)
    assert (x == -1).all()


def test_outside_it_is_minus_infinity_and_nan_only_for_nan(opened):
    for name in ("scalar", "double"):
        found = opened(name).log_prob([-1, 0, 1, 2, math.inf, -math.inf, 1e300, math.nan])
        assert np.isneginf(found[:7]).all() and np.isnan(found[7])
    for name in ("pair", "fixed"):
        rows = [[0, -1], [0, 0], [math.nan, 1], [0, math.nan], [math.inf, 1], [0, math.inf], [0, 1]]
        found = opened(name).log_prob(rows)
        assert np.isneginf(found[[0, 1, 4, 5]]).all()
        assert np.isnan(found[[2, 3]]).all() and np.isfinite(found[6])


@pytest.mark.parametrize("name", ["scalar", "single", "pair", "double", "fixed"])
def test_no_rows_have_no_density(opened, name):
    bundle = opened(name)
    x = np.zeros((0,) if bundle.about["scalar"] else (0, len(bundle.columns)))
    found = bundle.log_prob(x)
    assert (found.dtype, found.shape) == (bundle.dtype, (0,))
    points, log_prob = bundle.from_noise(np.zeros((0, len(bundle.noise))))
    assert (points.dtype, points.shape, log_prob.shape) == (bundle.dtype, x.shape, (0,))
    points, log_prob = bundle.sample(0, with_log_prob=True)
    assert (points.dtype, points.shape, log_prob.shape) == (bundle.dtype, x.shape, (0,))


SHAPES = {
    "scalar": [(1, 2), (2, 2, 2), (0, 2), (3, 0), (1, 1, 1)],
    "single": [(2, 2), (3, 0), (1, 1, 1)],
    "pair": [(), (0,), (1,), (3,), (1, 1), (0, 1), (0, 3), (2, 3), (3, 0), (2, 2, 2)],
    "fixed": [(), (4,), (4, 1), (2, 2, 2)],
}


@pytest.mark.parametrize(
    ("name", "shape"),
    [(name, shape) for name, shapes in SHAPES.items() for shape in shapes],
    ids=str,
)
def test_a_wrong_shape_is_told(opened, name, shape):
    told = refused(opened(name).log_prob, np.zeros(shape))
    assert told.startswith(
        f"`x` has shape {str(shape).replace(' ', '').replace(',', ', ').replace(', )', ',)')}, but "
    )
    assert ("a scalar" in told) if name == "scalar" else ("needed" in told)


NO_NUMBERS = [
    "a",
    ["a"],
    None,
    [[1, 2], [3]],
    [1j],
    [{}],
    np.array(["a", None], object),
    [np.datetime64("2020-01-01")],
    b"1",
]


@pytest.mark.parametrize("name", ["scalar", "pair"])
@pytest.mark.parametrize("value", NO_NUMBERS, ids=repr)
def test_what_is_no_number_is_told(opened, name, value):
    assert refused(opened(name).log_prob, value) == "`x` does not hold real numbers only"
    assert refused(opened(name).from_noise, value) == "`noise` does not hold real numbers only"
