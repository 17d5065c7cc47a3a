"""One copy of the weights for all graphs of a bundle, which point to it and to nothing else."""

from __future__ import annotations

import pickle

import numpy as np
import onnx
import pytest

import flowspec
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.runtime.external import SHARED
from flowspec.runtime.verification import verify
from forgery import replaced

pytestmark = pytest.mark.slow

FLOW = flowspec.parse("context t: positive\nMAF(3, transforms=2, hidden=[64, 64])")
CONTEXT = np.ones((5, 1), np.float32)


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    for name, shared in (("alone", False), ("shared", True)):
        flowspec.compile(FLOW, folder / name, gradient=True, share_weights=shared)
    return folder


@pytest.fixture
def forged(tmp_path):
    return flowspec.compile(FLOW, tmp_path / "forged", share_weights=True)


def graphs(path):
    return {file.name: onnx.load(file, load_external_data=False) for file in path.glob("*.onnx")}


def test_the_same_numbers_from_fewer_bytes(paths):
    alone, shared = (flowspec.load(paths / name) for name in ("alone", "shared"))
    x = alone.sample(5, seed=1, context=CONTEXT)
    np.testing.assert_array_equal(shared.sample(5, seed=1, context=CONTEXT), x)
    np.testing.assert_array_equal(shared.log_prob(x, CONTEXT), alone.log_prob(x, CONTEXT))
    for one, other in zip(
        shared.log_prob_grad(x, CONTEXT), alone.log_prob_grad(x, CONTEXT), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    sizes = [
        sum(len(data) for name, data in bundle.files.items() if name.endswith((".onnx", ".bin")))
        for bundle in (shared, alone)
    ]
    assert sizes[0] < 0.8 * sizes[1]


@pytest.mark.parametrize("runtime", ["onnxruntime", "reference"])
def test_every_graph_replays_its_vectors(paths, runtime):
    assert [each for each in verify(paths / "shared", runtime) if not each.passed] == []


def test_a_constant_stands_there_once(paths):
    places = {}
    for model in graphs(paths / "shared").values():
        for tensor in model.graph.initializer:
            if tensor.external_data:
                place = {entry.key: entry.value for entry in tensor.external_data}
                assert place["location"] == SHARED and int(place["offset"]) % 64 == 0
                places[int(place["offset"])] = int(place["length"])
    data = (paths / "shared" / SHARED).read_bytes()
    pieces = [data[start : start + length] for start, length in places.items()]
    assert len(pieces) == len(set(pieces)) > 3
    assert not any(
        t.external_data for m in graphs(paths / "alone").values() for t in m.graph.initializer
    )


def test_the_same_flow_gives_the_same_bytes(paths, tmp_path):
    again = flowspec.compile(FLOW, tmp_path / "again", gradient=True, share_weights=True)
    for file in (paths / "shared").iterdir():
        assert (again / file.name).read_bytes() == file.read_bytes()


def test_a_flow_without_large_constants_has_no_file_of_them(tmp_path):
    bundle = flowspec.load(
        flowspec.compile(flowspec.parse("Normal(0, 1)"), tmp_path / "small", share_weights=True)
    )
    assert SHARED not in bundle.files
    assert not (tmp_path / "small" / SHARED).exists()
    assert SHARED not in bundle.files["README.md"].decode()
    assert all(comparison.passed for comparison in verify(tmp_path / "small"))


def test_it_travels_with_the_bundle(paths):
    bundle = flowspec.load(paths / "shared")
    copy = pickle.loads(pickle.dumps(bundle))
    np.testing.assert_array_equal(
        copy.sample(3, context=CONTEXT[:3]), bundle.sample(3, context=CONTEXT[:3])
    )


def pointing(path, **place) -> bytes:
    """The density graph with a constant that points elsewhere."""
    model = onnx.load(path / "log_prob.onnx", load_external_data=False)
    tensor = next(t for t in model.graph.initializer if t.external_data)
    before = {entry.key: entry.value for entry in tensor.external_data}
    del tensor.external_data[:]
    for key, value in (before | place).items():
        if value is not None:
            tensor.external_data.add(key=key, value=value)
    return model.SerializeToString()


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ({"location": "/etc/hostname"}, "points to /etc/hostname, which is no file of the bundle"),
        ({"location": "../weights.bin"}, "points to ../weights.bin"),
        ({"location": "vectors.json"}, "points to vectors.json"),
        ({"offset": "999999999"}, "points beyond the end of weights.bin"),
        ({"offset": "-64"}, "points beyond the end of weights.bin"),
        ({"length": "4"}, "points beyond the end of weights.bin"),
        ({"length": None}, "does not say where in weights.bin a constant is"),
        ({"offset": "first"}, "does not say where in weights.bin a constant is"),
    ],
)
def test_a_graph_that_points_elsewhere_is_refused(forged, place, told):
    replaced(forged, log_prob_onnx=pointing(forged, **place))
    with pytest.raises(FlowError) as caught:
        flowspec.load(forged).log_prob(np.ones((1, 3)), CONTEXT[:1])
    assert f"log_prob.onnx: it {told}" in str(caught.value)


def test_weights_that_were_changed_are_refused(forged):
    data = bytearray((forged / SHARED).read_bytes())
    data[3] ^= 1
    (forged / SHARED).write_bytes(bytes(data))
    with pytest.raises(FlowError, match=r"weights.bin is not the file that was written"):
        flowspec.load(forged)


def test_it_is_an_option_of_the_command(call, tmp_path):
    flow = tmp_path / "it.flow"
    flow.write_text("MAF(3)")
    assert call("compile", flow, "-o", tmp_path / "made", "--share-weights").code == 0
    assert "| `weights.bin` |" in (tmp_path / "made" / "README.md").read_text()
    assert call("verify", tmp_path / "made", "--strict").code == 0
    assert call("compile", flow, "-o", tmp_path / "made").code == 0
    assert not (tmp_path / "made" / SHARED).exists()
