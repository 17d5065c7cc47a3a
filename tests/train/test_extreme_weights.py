"""Row weights count in relation to each other, however small or large they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import flowspec
from flowspec.data.tables.write import write_table
from same_rows import assert_same

RANDOM = np.random.default_rng(0)
ROWS, WEIGHTS = RANDOM.normal(size=(60, 2)), RANDOM.integers(0, 5, 60).astype(float)
FLOW = flowspec.parse("Normal(learn(0), learn(1))[2] |> Standardize")


def fitted(weights: np.ndarray, **options) -> dict[str, np.ndarray]:
    settings = {"epochs": 2, "batch_size": 16, **options}
    return flowspec.fit(FLOW, ROWS, weights=weights, **settings).complete_weights


@pytest.fixture(scope="module")
def plain():
    return fitted(WEIGHTS)


@pytest.mark.parametrize("power", [-1070, -1000, -130, 3, 130, 1000])
@pytest.mark.parametrize("precision", [32, 64])
def test_all_weights_times_a_number_change_nothing(plain, power, precision):
    expected = plain if precision == 32 else fitted(WEIGHTS, precision=64)
    assert_same(fitted(np.ldexp(WEIGHTS, power), precision=precision), expected)


@pytest.mark.parametrize("factor", [1e-300, 1e300, 1e-30])
def test_weights_of_any_size_give_a_fit(plain, factor):
    for path, value in fitted(WEIGHTS * factor).items():
        np.testing.assert_allclose(value, plain[path], rtol=1e-4, atol=1e-6)


def test_rows_that_weigh_next_to_nothing_do_not_count():
    weights = np.where(np.arange(60) < 50, 1e-300, 1e300)
    fit = fitted(weights, validation=0.0)
    np.testing.assert_allclose(fit["steps.0.location"], ROWS[50:].mean(0), rtol=1e-5)


@pytest.mark.parametrize("weights", [np.zeros(60), np.full(60, np.inf), -WEIGHTS])
def test_weights_without_a_sum_are_refused(weights):
    with pytest.raises(flowspec.FlowError, match=r"all weights are 0|the weight is"):
        fitted(weights)


def test_a_table_that_is_read_anew_has_the_same_weights(here, monkeypatch):
    from flowspec.train.feed import sources

    write_table("it.csv", ["x0", "x1", "w"], [*ROWS.T, WEIGHTS * 1e300])
    kept = flowspec.fit(FLOW, Path("it.csv"), weights="w", epochs=1).complete_weights
    monkeypatch.setattr(sources, "KEPT_NUMBERS", 0)
    assert_same(flowspec.fit(FLOW, Path("it.csv"), weights="w", epochs=1).complete_weights, kept)
