"""`sample` and `from_noise` give the rows that were asked for, or say why not."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import flowspec
from refusals import refused


@pytest.mark.parametrize("name", ["scalar", "single", "pair", "double", "fixed"])
def test_samples_have_the_shape_of_the_flow(opened, name):
    bundle = opened(name)
    row = () if bundle.about["scalar"] else (len(bundle.columns),)
    x, log_prob = bundle.sample(7, seed=1, with_log_prob=True)
    assert (x.shape, x.dtype) == ((7, *row), bundle.dtype)
    assert (log_prob.shape, log_prob.dtype) == ((7,), bundle.dtype)
    np.testing.assert_array_equal(bundle.sample(7, seed=1), x)
    assert bundle.sample().shape == (1, *row)


@pytest.mark.parametrize("name", ["scalar", "pair", "fixed"])
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"n": -1}, "`n` is -1, which is out of range"),
        ({"n": 1.5}, "`n` is 1.5, which is not a whole number"),
        ({"n": math.nan}, "`n` is nan, which is not a whole number"),
        ({"n": math.inf}, "`n` is inf, which is not a whole number"),
        ({"n": "3"}, "`n` is '3', which is not a whole number"),
        ({"n": [3]}, "`n` is [3], which is not a whole number"),
        ({"n": 2, "seed": 2**63}, f"`seed` is {2**63}, which is out of range"),
        ({"n": 2, "seed": -(2**63) - 1}, "out of range"),
        ({"n": 2, "seed": 0.5}, "`seed` is 0.5, which is not a whole number"),
        ({"n": 2, "seed": None}, "`seed` is None, which is not a whole number"),
        ({"n": 2, "seed": "1"}, "`seed` is '1', which is not a whole number"),
        ({"n": 2, "first_row": 2**63 - 1}, "`first_row` is"),
        ({"n": 2, "first_row": -(2**63) - 1}, "`first_row` is"),
        ({"n": 2, "first_row": 0.5}, "`first_row` is 0.5, which is not a whole number"),
        ({"n": 2, "context": [1.0]}, "this flow has no context"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_samples_that_cannot_be_drawn_are_told(opened, name, options, told):
    assert told in refused(opened(name).sample, **options)


def test_whole_numbers_of_every_kind_are_taken(opened):
    expected = opened("pair").sample(3, seed=2, first_row=1)
    for kind in (float, np.int8, np.uint64, np.float32, np.array):
        np.testing.assert_array_equal(
            opened("pair").sample(kind(3), seed=kind(2), first_row=kind(1)), expected
        )


def test_the_last_rows_of_the_stream_can_be_drawn(opened):
    assert np.isfinite(opened("pair").sample(2, first_row=2**63 - 2)).all()
    assert np.isfinite(opened("pair").sample(2, first_row=-(2**63))).all()


@pytest.mark.parametrize("rows_at_once", [1, 3, 10, 11])
@pytest.mark.parametrize("name", ["scalar", "pair", "given", "fixed", "fixed given"])
def test_where_inputs_are_cut_does_not_matter(place, opened, name, rows_at_once):
    whole, cut = opened(name), flowspec.load(place / name, rows_at_once=rows_at_once)
    context = np.linspace(0.5, 2, 10)[:, None] if whole.context else None
    count = None if whole.context else 10
    x, log_prob = whole.sample(count, seed=1, context=context, with_log_prob=True)
    for one, other in zip(
        cut.sample(count, seed=1, context=context, with_log_prob=True), (x, log_prob), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=2e-6, atol=2e-6)
    np.testing.assert_allclose(
        cut.log_prob(x, context), whole.log_prob(x, context), rtol=2e-6, atol=2e-6
    )
    standard = np.linspace(-1, 1, 10 * len(whole.noise)).reshape(10, -1)
    for one, other in zip(
        cut.from_noise(standard, context), whole.from_noise(standard, context), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=2e-6, atol=2e-6)


def test_many_threads_may_use_one_bundle(place):
    bundle = flowspec.load(place / "pair", rows_at_once=50)
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(lambda seed: bundle.sample(200, seed=seed % 4), range(32)))
    for seed, x in enumerate(drawn):
        np.testing.assert_array_equal(x, drawn[seed % 4])
    assert len({x.tobytes() for x in drawn}) == 4


def test_noise_becomes_points_with_their_density(opened):
    standard = np.random.default_rng(1).normal(size=(50, 2))
    x, log_prob = opened("pair").from_noise(standard)
    np.testing.assert_allclose(
        x,
        np.column_stack([2 * standard[:, 0], np.exp(1 + 2 * standard[:, 1])]),
        rtol=1e-5,
        atol=1e-6,
    )
    np.testing.assert_allclose(opened("pair").log_prob(x), log_prob, rtol=1e-5, atol=1e-5)


def test_noise_that_is_nan_gives_nan(opened):
    x, log_prob = opened("pair").from_noise([[math.nan, 0], [0, 0]])
    assert np.isnan(x[0, 0]) and np.isnan(log_prob[0])
    assert np.isfinite(x[1]).all() and np.isfinite(log_prob[1])


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3,), (2, 1), (4, 3), (2, 2, 2)], ids=str)
@pytest.mark.parametrize("name", ["pair", "fixed"])
def test_noise_of_a_wrong_shape_is_told(opened, name, shape):
    told = refused(opened(name).from_noise, np.zeros(shape))
    assert told.startswith("`noise` has shape (") and told.endswith("columns are needed")


@pytest.mark.parametrize("n", [2**55, 2**62])
@pytest.mark.parametrize(
    "text, context", [("Normal(0, 1)", None), ("context k\nNormal(k, 1)", [0])]
)
def test_rows_for_which_there_is_no_memory_are_refused_before_the_first(n, text, context, tmp_path):
    bundle = flowspec.load(flowspec.compile(flowspec.parse(text), tmp_path / "flow"))
    with pytest.raises(flowspec.FlowError) as refused:
        bundle.sample(n, context=context)
    assert str(refused.value) == (
        "error[graph-fails]: sample.onnx cannot be run: there is not enough memory for it\n"
        "  = help: give fewer rows at once"
    )
