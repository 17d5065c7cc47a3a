"""The files beside the graphs say what a bundle is and how exact it is."""

from __future__ import annotations

import hashlib
import json
import re

import flowspec
from flowspec.runtime.formats import FORMAT
from graphs import (
    GRAPHS,
    model,
    signature,
)


def test_flow_json_says_what_the_bundle_is(bundle, flow):
    about = bundle.about
    assert about["format"] == FORMAT
    assert about["flowspec"] == flowspec.__version__
    assert (about["dtype"], about["opset"], about["batch"]) == (bundle.dtype.name, 18, None)
    assert about["columns"] == list(flow.columns)
    assert about["context"] == (list(flow.context.names) if flow.context else [])
    assert about["noise"] == list(flow.noise)
    assert flowspec.from_json(about["flow"]) == flow


def test_flow_json_has_the_hash_of_every_other_file(bundle):
    hashes = {
        p.name: hashlib.sha256(p.read_bytes()).hexdigest()
        for p in bundle.path.iterdir()
        if p.name != "flow.json"
    }
    assert bundle.about["files"] == hashes


def test_the_certificate_says_how_exact_the_graphs_are(bundle):
    measured = bundle.about["certificate"]
    assert {"round_trip", "parity", "accuracy"} <= set(measured)
    assert measured["parity"] <= {"float32": 1e-5, "float64": 1e-12}[bundle.dtype.name]
    assert measured["accuracy"] <= {"float32": 1e-3, "float64": 1e-12}[bundle.dtype.name]
    assert measured.get("normalisation", 0) <= 1e-6


def test_the_files_hold_no_infinities_that_json_does_not_know(bundle):
    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    for name in ("flow.json", "vectors.json"):
        json.loads((bundle.path / name).read_text(), parse_constant=refuse)


def test_the_vectors_reach_outside_of_the_support_and_to_nan(bundle):
    density = json.loads((bundle.path / "vectors.json").read_text())["log_prob"]
    assert "NaN" in str(density["x"])
    assert {"NaN", "-Infinity"} <= set(density["log_prob"]["parity"])
    assert sum(isinstance(value, float) for value in density["log_prob"]["parity"]) >= 8


def test_the_card_tells_the_columns_and_the_inputs(bundle):
    card = (bundle.path / "README.md").read_text()
    for name in [*bundle.columns, *bundle.context]:
        assert re.search(rf"^\| {name}( \(context\))? \| .+ \|$", card, re.M)
    for graph in GRAPHS:
        (row,) = re.findall(rf"^\| `{graph}.onnx` \| (.*) \| .* \|$", card, re.M)
        assert set(re.findall(r"`(\w+)`", row)) == set(signature(model(bundle, graph).graph.input))
