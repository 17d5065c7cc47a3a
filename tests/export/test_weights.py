"""Weights go into the graphs, or are refused before anything is written."""

from __future__ import annotations

import json

import numpy as np
import pytest

import flowspec
from flowspec import FlowError, Model
from flowspec.model.weights import to_bytes
from graphs import (
    LEARNS,
)

WEIGHTS = {
    "base.loc": np.array([3.0, -1.0]),
    "base.scale": np.array([0.5, 2.0]),
    "steps.0.shift": np.array([1.0, 2.0]),
    "steps.0.scale": np.array([4.0, 1.5]),
}


@pytest.mark.parametrize("how", ["mapping", "file", "model"])
def test_weights_are_put_into_the_graphs(tmp_path, how):
    flow, fixed = flowspec.parse(LEARNS), "Normal([3, -1], [0.5, 2]) |> Affine([1, 2], [4, 1.5])"
    file = tmp_path / "weights.safetensors"
    file.write_bytes(to_bytes(WEIGHTS))
    given = {
        "mapping": (flow, WEIGHTS),
        "file": (flow, file),
        "model": (Model(flow, WEIGHTS), None),
    }[how]
    bundle = flowspec.load(flowspec.compile(given[0], tmp_path / "made", given[1]))
    expected = flowspec.load(flowspec.compile(flowspec.parse(fixed), tmp_path / "fixed"))
    np.testing.assert_allclose(bundle.sample(9, seed=1), expected.sample(9, seed=1), rtol=1e-6)
    assert (bundle.path / "weights.safetensors").read_bytes() == file.read_bytes()
    assert not (expected.path / "weights.safetensors").exists()


WRONG_WEIGHTS = {
    "unknown": (WEIGHTS | {"base.lok": np.zeros(2)}, "unknown-weight"),
    "missing": (
        {name: value for name, value in WEIGHTS.items() if name != "base.loc"},
        "missing-weight",
    ),
    "too long": (WEIGHTS | {"base.loc": np.zeros(3)}, "wrong-weight"),
    "a number": (WEIGHTS | {"base.loc": np.zeros(())}, "wrong-weight"),
    "not a number": (WEIGHTS | {"base.loc": np.array([0, np.nan])}, "wrong-weight"),
    "infinite": (WEIGHTS | {"base.loc": np.array([0, np.inf])}, "wrong-weight"),
    "outside the parameter's range": (
        WEIGHTS | {"base.scale": np.array([1.0, 0.0])},
        "wrong-weight",
    ),
    "outside the flow's own bounds": (
        WEIGHTS | {"steps.0.scale": np.array([4.0, 5.5])},
        "wrong-weight",
    ),
}


@pytest.mark.parametrize("case", WRONG_WEIGHTS)
def test_weights_that_do_not_fit_are_refused(tmp_path, case):
    weights, code = WRONG_WEIGHTS[case]
    with pytest.raises(FlowError) as caught:
        flowspec.compile(flowspec.parse(LEARNS), tmp_path / "made", weights)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]
    assert not list(tmp_path.iterdir())


def test_a_model_takes_no_other_weights(tmp_path):
    with pytest.raises(TypeError, match="takes `weights` for a flow only"):
        flowspec.compile(Model(flowspec.parse(LEARNS)), tmp_path / "made", WEIGHTS)


def test_a_bundle_takes_the_files_of_a_training_and_no_others(tmp_path):
    flow = flowspec.parse("Normal(0, 1)")
    path = flowspec.compile(
        flow, tmp_path / "b", extras=lambda bundle: {"training.csv": b"number\n"}
    )
    assert "training.csv" not in json.loads((path / "flow.json").read_text())["files"]
    (path / "training.csv").unlink()
    assert flowspec.load(path).log_prob([0.0]) < 0
    with pytest.raises(ValueError, match=r"no file notes\.txt"):
        flowspec.compile(flow, tmp_path / "b", extras=lambda bundle: {"notes.txt": b""})
