"""Rows that a replay compares: none with numbers that engines may flush, and no NaN but for NaN."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import flowspec
from flowspec.export.vectors import allowed_difference
from flowspec.runtime.verification import difference_of_rows, replayed, verify

TINY = np.finfo(np.float32).tiny


def test_rows_with_subnormal_numbers_do_not_count():
    x = np.array([[1, 2], [1, TINY / 4], [3, 4]], np.float32)
    assert difference_of_rows({"x": x}, [0, 5, 0], [0, -7, 0]) == 0
    assert difference_of_rows({"x": x}, [0, 5, 1], [0, -7, 0]) == 1


def test_nan_is_right_only_where_an_input_is_nan():
    x = np.array([1, np.nan], np.float32)
    assert difference_of_rows({"x": x}, [0, math.nan], [0, math.nan]) == 0
    assert difference_of_rows({"x": x}, [math.nan, math.nan], [math.nan, math.nan]) == math.inf
    assert difference_of_rows({}, [[0, math.nan]], [[0, math.nan]]) == math.inf


def test_such_rows_are_marked_in_the_vectors(tmp_path):
    flow = flowspec.parse("event x: positive\nNormal(0, 1) |> Exp")
    case = json.loads((flowspec.compile(flow, tmp_path / "m") / "vectors.json").read_text())
    x = np.array([math.nan if row == "NaN" else float(row) for row in case["log_prob"]["x"]])
    marked = [i for i, value in enumerate(x) if 0 < abs(value) < TINY]
    assert case["log_prob"]["subnormal"] == marked != []


def test_infinite_values_say_nothing_about_what_is_lost():
    x = {"x": np.array([math.inf, -math.inf, math.nan, 1])}
    flow = flowspec.parse("Normal(0, 1)")
    assert allowed_difference(flow, {"noise": np.zeros(4)}, x, x, "float64") == 1e-12


def test_gradients_on_a_knot_do_not_count_and_their_neighbors_do(tmp_path):
    flow = flowspec.parse("Normal(0, 1) |> RQS(bins=2, widths=[0, 1], heights=[0, 0], slopes=[1])")
    path = flowspec.compile(flow, tmp_path / "m", gradient="log_prob")
    case = json.loads((path / "vectors.json").read_text())["log_prob_grad"]
    x = [abs(float(case["x"][row])) for row in case["unsettled"]]
    assert min(x) == 0 and all(value == 0 or value > 1e30 for value in x)
    assert all(
        comparison.rows == 24 - len(case["unsettled"])
        for comparison in verify(path)
        if comparison.graph == "log_prob_grad"
    )


def test_samples_that_overflow_set_no_tolerance(tmp_path):
    path = flowspec.compile(flowspec.parse("Normal(0, 90) |> Exp"), tmp_path / "m")
    case = json.loads((path / "vectors.json").read_text())["sample"]
    largest = [
        max(x, y) > 1e30
        for x, y in zip(*(case["x"][k] for k in ("parity", "accurate")), strict=True)
    ]
    assert {row for row, far in enumerate(largest) if far} >= set(case["unsettled"]) != set()
    assert case.get("tolerance", {"relative": 1e-5})["relative"] < 1e-2
    assert all(comparison.passed for comparison in verify(path))


@pytest.mark.parametrize("rows", [[24], [-1], [1.5], [True], list(range(24)), 3])
def test_rows_that_do_not_count_are_some_of_those_of_a_graph(tmp_path, rows):
    path = flowspec.compile(flowspec.parse("Normal(0, 1)"), tmp_path / "m", gradient="log_prob")
    bundle = flowspec.load(path)
    vectors = json.loads((path / "vectors.json").read_text())
    vectors["log_prob_grad"]["unsettled"] = rows
    with pytest.raises(flowspec.FlowError, match="is damaged"):
        replayed(bundle, vectors)


def test_a_float64_bundle_of_positive_columns_verifies(tmp_path):
    text = (
        "context z: positive\nevent a, b: positive\nNSF(2, transforms=1, hidden=[8]) |> Onto(event)"
    )
    path = flowspec.compile(flowspec.parse(text), tmp_path / "m", dtype="float64")
    assert all(comparison.passed for comparison in verify(path))
    assert flowspec.load(path).about["certificate"]["parity"] < 1e-12
