"""Every row has its own context, or one serves all; one that does not fit is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

import flowspec
from flowspec import FlowError
from refusals import refused


@pytest.mark.parametrize("name", ["given", "fixed given"])
def test_each_row_has_its_own_context(opened, name):
    bundle, factors = opened(name), np.array([0.5, 1, 7, 100, 3])
    x, log_prob = bundle.sample(seed=3, context=factors[:, None], with_log_prob=True)
    alone = bundle.sample(5, seed=3, context=[1.0])
    np.testing.assert_allclose(x, alone * factors, rtol=1e-6)
    np.testing.assert_allclose(bundle.log_prob(x, factors[:, None]), log_prob, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        bundle.log_prob(alone, [[1.0]]), bundle.log_prob(alone, np.ones((5, 1))), rtol=1e-6
    )


def test_one_context_serves_all_rows(opened):
    bundle = opened("given pair")
    for one in ([2.0, 1.0], [[2.0, 1.0]], np.array([2, 1])):
        np.testing.assert_array_equal(
            bundle.sample(3, context=one), bundle.sample(context=[[2, 1]] * 3)
        )
        assert bundle.sample(context=one).shape == (1, 2)
        np.testing.assert_array_equal(
            bundle.log_prob([[0, 1], [2, 3]], one),
            bundle.log_prob([[0, 1], [2, 3]], [[2, 1], [2, 1]]),
        )
        np.testing.assert_array_equal(bundle.from_noise([[0, 1]], one)[0], [[1, 3]])
    assert bundle.sample(context=np.zeros((0, 2))).shape == (0, 2)
    assert bundle.sample(0, context=[2.0, 1.0]).shape == (0, 2)


@pytest.mark.parametrize("name", ["given", "fixed given", "given pair"])
def test_a_missing_context_is_told(opened, name):
    bundle = opened(name)
    told = f"this flow is conditional: it needs {', '.join(bundle.context)}"
    rows = np.ones((2, len(bundle.columns)))
    assert refused(bundle.log_prob, rows) == told
    assert refused(bundle.sample, 2) == told
    assert refused(bundle.sample) == told
    assert refused(bundle.from_noise, np.ones((2, len(bundle.noise)))) == told


@pytest.mark.parametrize("name", ["scalar", "pair", "fixed"])
def test_a_context_too_much_is_told(opened, name):
    bundle = opened(name)
    rows = np.ones((2, len(bundle.columns)))
    for call in (bundle.log_prob, bundle.sample, bundle.from_noise):
        assert (
            refused(call, *([] if call == bundle.sample else [rows]), context=[1.0])
            == "this flow has no context"
        )


@pytest.mark.parametrize("name", ["given", "fixed given"])
@pytest.mark.parametrize(
    ("context", "told"),
    [
        (np.ones((2, 1, 1)), "`context` has shape (2, 1, 1), but 1 column is needed"),
        ([[1.0, 2.0]], "`context` has shape (1, 2), but 1 column is needed"),
        (np.ones((3, 1)), "`context` has 3 rows, and 2 are needed"),
        (np.ones((0, 1)), "`context` has 0 rows, and 2 are needed"),
        ("z", "`context` does not hold real numbers only"),
        ({"w": 1}, "the table has no column `z`"),
    ],
    ids=lambda value: "" if isinstance(value, str) and len(value) > 1 else repr(value),
)
def test_a_context_that_does_not_fit_is_told(opened, name, context, told):
    bundle = opened(name)
    assert refused(bundle.log_prob, [1.0, 2.0], context) == told
    assert refused(bundle.sample, 2, context=context) == told
    assert refused(bundle.from_noise, [[1.0], [2.0]], context) == told


def test_a_context_that_is_nan_gives_nan_in_its_row_only(opened):
    found = opened("given").log_prob([1.0, 1.0, 1.0], [[1.0], [math.nan], [2.0]])
    assert np.isnan(found).tolist() == [False, True, False]


def test_context_outside_its_support_is_told(opened):
    with pytest.raises(FlowError, match=r"context `z` is -1 in row 2, outside of \(0, inf\)"):
        opened("given").sample(context=[[1.0], [-1.0], [0.0]])
    assert np.isnan(opened("given").log_prob([1.0], context=[[np.nan]])).all()


@pytest.mark.parametrize("circle", ["circle(-pi, pi)", "circle(0, 2*pi)", "circle(-180, 180)"])
def test_what_is_said_of_an_angle_beyond_its_circle_brings_it_there(circle):
    model = flowspec.Model(flowspec.parse(f"context z: {circle}\nMAF(1, hidden=[4])"))
    for angle in (-200.0, 4000.0):
        with pytest.raises(FlowError) as error:
            model.log_prob([0.0], [[angle]])
        told = str(error.value)
        assert f"context `z` is {angle:g} in row 1, outside of {circle}" in told
        written = told.split("write `")[1].split("`")[0]
        brought = eval(written, {"angle": angle, "pi": np.pi})
        assert np.isfinite(model.log_prob([0.0], [[brought]])).all()
        assert np.cos(brought * (1 if "pi" in circle else np.pi / 180)) == pytest.approx(
            np.cos(angle * (1 if "pi" in circle else np.pi / 180))
        )


def test_a_context_that_overflows_is_told_where_its_numbers_end(tmp_path):
    flow = flowspec.parse("context c: real\nevent y: real\nNormal(0, 1) |> Shift(c)")
    bundle = flowspec.load(flowspec.compile(flow, tmp_path / "it"))
    with pytest.raises(flowspec.FlowError, match="is inf in row 2") as caught:
        bundle.log_prob(np.zeros(2), np.array([[0.0], [1e300]]))
    assert "of float32 they end at 3.4e38" in str(caught.value)
