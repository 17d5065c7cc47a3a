"""`flowspec diff`: texts, weights and densities of two flows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import flowspec
from commands import LEARNS, PAIR, written


@pytest.fixture
def trained(here):
    """Two bundles of one flow, which have learned other numbers."""
    for name, loc in (("one", 0.0), ("other", 0.5)):
        weights = {"base.loc": loc, "base.scale": 1.0}
        flowspec.compile(flowspec.parse(LEARNS), here / name, weights)
    return here


def test_a_flow_is_like_itself(call, bundles):
    answer = call("diff", bundles / "pair", bundles / "pair")
    assert answer == (0, "no difference\n", "")


def test_a_file_is_like_its_bundle(call, bundles, here):
    path = written(here / "pair.flow", PAIR)
    assert call("diff", path, bundles / "pair").code == 0


def test_steps_that_differ_stand_in_a_diff_of_the_texts(call, here):
    one = written(here / "one.flow", "Normal(0, 1) |> Tanh |> Affine(0, 2)")
    other = written(here / "other.flow", "Normal(0, 1) |> Tanh |> Affine(0, 3)")
    answer = call("diff", one, other)
    assert (answer.code, answer.err) == (1, "")
    assert "-  |> Affine(scale=2)\n+  |> Affine(scale=3)\n" in answer.out
    assert "can be given by one of the flows alone" in answer.out


def test_weights_that_differ_are_named_with_the_gap(call, trained):
    answer = call("diff", "one", "other")
    assert answer.code == 1
    assert answer.out.startswith("base.loc differs by up to 0.5\n\nlog-density at ")


def test_the_density_at_the_vectors_is_that_of_the_formulas(call, trained):
    found = json.loads(call("diff", "one", "other", "--format", "json").out)
    assert found["weights"] == [{"name": "base.loc", "what": "differs", "largest": 0.5}]
    assert found["text"] == []
    assert found["density"]["support"] == 0
    points = [v["x"] for v in map(log_prob_vectors, ("one", "other"))]
    # ln N(x; 0, 1) - ln N(x; 0.5, 1) = 0.125 - 0.5 x
    gaps = [abs(0.125 - 0.5 * float(x)) for part in points for x in part if abs(float(x)) < 1e6]
    assert found["density"]["largest"] >= max(gaps) - 1e-6


def log_prob_vectors(name: str) -> dict:
    vectors = json.loads(Path(name, "vectors.json").read_text())["log_prob"]
    return {"x": [x for x in vectors["x"] if isinstance(x, int | float)]}


def test_densities_of_other_variables_are_not_compared(call, bundles):
    answer = call("diff", bundles / "one", bundles / "pair")
    assert answer.code == 1
    assert answer.out.endswith(
        "densities are not compared: they are densities of other variables\n"
    )
    answer = call("diff", bundles / "one", bundles / "given")
    assert answer.code == 1
