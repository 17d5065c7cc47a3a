"""Bundles that earlier versions wrote open for ever, with the numbers that were written beside
them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import flowspec
from flowspec.export.graphs import GRAPHS, serialize
from flowspec.export.targets import Target
from flowspec.model.model import Model
from flowspec.model.weights import as_weights
from flowspec.ops.numpy import NumpyOps
from flowspec.runtime.bundle import opened
from flowspec.runtime.verification import difference, replayed, unlisted
from flowspec.support.membership import outside_of

PLACE = Path(__file__).parent.parent / "bundles"
BUNDLES = sorted(path.parent for path in PLACE.glob("*/*/flow.json"))
FROZEN = {
    # version, or the format before its release -> SHA-256 over the names and the bytes of its files
    "0.1.0": "7353179e6070fe8bd579be32bad28f52a638600335ac79ef6d6fbb073e1af74f",
    "format-2": "296b5b4dd8c59575bd7ab84e1092cdecdbc2d96a88ef1984ebe864982c9e5376",
}

every_bundle = pytest.mark.parametrize(
    "path", BUNDLES, ids=lambda path: f"{path.parent.name}-{path.name}"
)


def frozen(path: Path, graph: str) -> dict[str, np.ndarray | int]:
    """The inputs and outputs of a graph that are written beside it."""
    vectors = json.loads((path / "vectors.json").read_text())
    found: dict[str, np.ndarray | int] = {"within": vectors["tolerance"]["relative"]}
    for name, value in vectors[graph].items():
        if isinstance(value, int):
            found[name] = value
        else:
            rows = value["parity"] if isinstance(value, dict) else value
            found[name] = unlisted(rows, np.dtype(vectors["dtype"]))
    return found


def without_rows_at_ends(vectors: dict, model: Model) -> dict:
    """The vectors without those densities that the float type of then could not tell: next to
    an end of the support, where what was exact in float64 was far from what the graph gave, and
    on a closed end that the nearest float32 lies beyond.
    """
    case, dtype = vectors["log_prob"], np.dtype(vectors["dtype"])
    outside = outside_of(NumpyOps(dtype), model.fixed.space, unlisted(case["x"], dtype).T)
    kept = [
        difference(unlisted([parity], float), unlisted([accurate], float)) <= 1e-3
        and (parity == "-Infinity") == is_outside
        for parity, accurate, is_outside in zip(
            case["log_prob"]["parity"], case["log_prob"]["accurate"], outside, strict=True
        )
    ]
    assert sum(kept) >= len(kept) - 3

    def of_kept(rows: list) -> list:
        return [row for row, keep in zip(rows, kept, strict=True) if keep]

    again = {name: of_kept(rows) for name, rows in case.items() if name in ("x", "context")}
    again["log_prob"] = {kind: of_kept(rows) for kind, rows in case["log_prob"].items()}
    return vectors | {"log_prob": again}


def test_there_are_bundles_of_every_version():
    assert {path.name for path in PLACE.iterdir() if path.is_dir()} == set(FROZEN)
    assert all(any(path.parent.name == version for path in BUNDLES) for version in FROZEN)


@pytest.mark.parametrize("version", FROZEN)
def test_nothing_was_written_again(version):
    found = hashlib.sha256()
    for file in sorted((PLACE / version).rglob("*")):
        if file.is_file():
            found.update(file.relative_to(PLACE / version).as_posix().encode() + b"\0")
            found.update(file.read_bytes())
    assert found.hexdigest() == FROZEN[version]


@every_bundle
def test_densities_are_those_of_then(path):
    bundle, case = flowspec.load(path), frozen(path, "log_prob")
    found = bundle.log_prob(case["x"], case.get("context"))
    assert difference(found, case["log_prob"]) <= case["within"]


@every_bundle
def test_a_seed_gives_the_samples_of_then(path):
    bundle, case = flowspec.load(path), frozen(path, "sample")
    x, log_prob = bundle.sample(
        case["n"], case["seed"], case.get("context"), case["first_row"], with_log_prob=True
    )
    assert difference(x, case["x"]) <= case["within"]
    assert difference(log_prob, case["log_prob"]) <= case["within"]


@every_bundle
def test_noise_gives_the_points_of_then(path):
    bundle, case = flowspec.load(path), frozen(path, "from_noise")
    x, log_prob = bundle.from_noise(case["noise"], case.get("context"))
    assert difference(x, case["x"]) <= case["within"]
    assert difference(log_prob, case["log_prob"]) <= case["within"]


@every_bundle
def test_its_flow_compiled_today_has_the_numbers_of_then(path):
    """What a bundle says of its flow is read for ever too, and new graphs of it compute the
    same."""
    weights, about = path / "weights.safetensors", json.loads((path / "flow.json").read_text())
    flow = flowspec.from_json(about["flow"])
    model = Model(flow, as_weights(flow, weights if weights.exists() else None))
    target = Target(about["dtype"], about["opset"], about["batch"])
    graphs = {
        name: serialize("graph", make(model.fixed, target), target, "")
        for name, make in GRAPHS.items()
        if name in about["files"]
    }
    vectors = json.loads((path / "vectors.json").read_text())
    vectors = without_rows_at_ends(vectors, model)
    for comparison in replayed(opened(path, about, graphs), vectors):
        assert comparison.passed, comparison
