"""What `compile` writes: the contract of the graphs, the same bytes for the same input, the same
samples for the same seed."""

from __future__ import annotations

import filecmp
import hashlib
import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx.reference import ReferenceEvaluator

import flowspec
from flowspec import FlowError, Model
from flowspec.model.weights import to_bytes
from flowspec.ops.numpy import NumpyOps
from flowspec.ops.philox import noise
from flowspec.runtime.verification import verify

EXAMPLES = sorted((Path(__file__).parent.parent.parent / "examples").glob("*.flow"))
GRAPHS = ["from_noise", "log_prob", "sample"]
FORBIDDEN = {
    "NonZero",
    "ScatterND",
    "Einsum",
    "Loop",
    "If",
    "Scan",
    "Bernoulli",
    "Multinomial",
    "Dropout",
}
DTYPES = {"float32": onnx.TensorProto.FLOAT, "float64": onnx.TensorProto.DOUBLE}
LEARNS = "Normal(learn([0, 1]), learn(2)) |> Affine(learn(0), learn(3, low=1, high=5))"


@pytest.fixture(scope="module", params=EXAMPLES, ids=lambda path: path.stem)
def source(request) -> Path:
    """The text of each example."""
    return request.param


@pytest.fixture(scope="module")
def flow(source) -> flowspec.Flow:
    """Each example."""
    return flowspec.read(source)


@pytest.fixture(scope="module", params=["float32", "float64"])
def bundle(request, flow, tmp_path_factory) -> flowspec.Bundle:
    """The bundle of each example, in both float types."""
    return flowspec.load(
        flowspec.compile(flow, tmp_path_factory.mktemp("made") / "bundle", dtype=request.param)
    )


@pytest.fixture
def made(tmp_path):
    """Compiles a text with options, and opens the bundle."""

    def compiled(text: str, name: str = "bundle", **options) -> flowspec.Bundle:
        return flowspec.load(flowspec.compile(flowspec.parse(text), tmp_path / name, **options))

    return compiled


def model(bundle: flowspec.Bundle, graph: str) -> onnx.ModelProto:
    return onnx.load(bundle.path / f"{graph}.onnx")


def signature(values) -> dict[str, tuple[int, list]]:
    """Name -> element type and shape, of the inputs or outputs of a graph."""
    tensors = {value.name: value.type.tensor_type for value in values}
    return {
        name: (t.elem_type, [d.dim_param or d.dim_value for d in t.shape.dim])
        for name, t in tensors.items()
    }


def expected_signature(bundle: flowspec.Bundle, graph: str, rows="N") -> tuple[dict, dict]:
    """The inputs and outputs that the design fixes."""
    real, whole = DTYPES[bundle.dtype.name], onnx.TensorProto.INT64
    x = (real, [rows] if bundle.about["scalar"] else [rows, len(bundle.columns)])
    context = {"context": (real, [rows, len(bundle.context)])} if bundle.context else {}
    if graph == "log_prob":
        return {"x": x} | context, {"log_prob": (real, [rows])}
    if graph == "from_noise":
        return {"noise": (real, [rows, len(bundle.noise)])} | context, {
            "x": x,
            "log_prob": (real, [rows]),
        }
    count = context or ({"n": (whole, [])} if rows == "N" else {})
    return {"seed": (whole, []), **count, "first_row": (whole, [])}, {
        "x": x,
        "log_prob": (real, [rows]),
    }


def context_for(bundle: flowspec.Bundle, rows: int) -> dict[str, np.ndarray]:
    """A context input, where the flow has one."""
    return (
        {"context": np.full((rows, len(bundle.context)), 1.5, bundle.dtype)}
        if bundle.context
        else {}
    )


def sample_feeds(
    bundle: flowspec.Bundle, rows: int, seed: int, first_row: int = 0
) -> dict[str, np.ndarray]:
    """The inputs of a sample graph."""
    count = context_for(bundle, rows) or {"n": np.array(rows)}
    return {"seed": np.array(seed), "first_row": np.array(first_row), **count}


# --- the contract of the graphs -------------------------------------------------------------------


@pytest.mark.parametrize("graph", GRAPHS)
def test_inputs_and_outputs_are_those_of_the_design(bundle, graph):
    found = model(bundle, graph).graph
    inputs, outputs = expected_signature(bundle, graph)
    assert signature(found.input) == inputs
    assert list(signature(found.output).items()) == list(outputs.items())
    assert all(value.doc_string for value in [*found.input, *found.output])


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_graph_is_valid_and_opens_everywhere(bundle, graph):
    found = model(bundle, graph)
    onnx.checker.check_model(found, full_check=True)
    assert [(each.domain, each.version) for each in found.opset_import] == [("", 18)]
    assert found.ir_version == 8
    assert {node.domain for node in found.graph.node} <= {""}
    assert not found.functions


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_graph_has_only_portable_operators(bundle, graph):
    operators = {node.op_type for node in model(bundle, graph).graph.node}
    assert not operators & FORBIDDEN
    assert not [
        name for name in operators if name.startswith(("Random", "Sequence", "Optional", "String"))
    ]


@pytest.mark.parametrize("graph", GRAPHS)
def test_no_number_stands_for_the_end_of_an_axis(bundle, graph):
    """Runtimes with 32-bit integers cannot hold the INT64_MAX that torch's exporter writes into
    slices."""
    found = model(bundle, graph).graph
    held = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in found.initializer}
    slices = [
        held[name]
        for node in found.node
        if node.op_type == "Slice"
        for name in node.input[1:]
        if name in held
    ]
    assert all((np.abs(ends) < 2**31).all() for ends in slices)


@pytest.mark.parametrize("graph", GRAPHS)
def test_nodes_are_named_by_their_step(bundle, flow, graph):
    nodes = [node.name for node in model(bundle, graph).graph.node]
    assert all(nodes) and len(set(nodes)) == len(nodes)
    scopes = {name.split("/")[0] for name in nodes if "/" in name}
    places = {
        place
        for scope in scopes
        if scope.startswith("steps.")
        for place in scope.split(".")[1].split("+")
    }
    assert places <= set(map(str, range(len(flow.steps))))
    assert {scope for scope in scopes if not scope.startswith("steps.")} <= {
        "base",
        "support",
        "noise",
    }


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_graph_carries_its_flow(bundle, flow, graph):
    properties = {each.key: each.value for each in model(bundle, graph).metadata_props}
    assert properties["flowspec.version"] == flowspec.__version__
    assert json.loads(properties["flowspec.spec"]) == flow.to_json()
    assert json.loads(properties["flowspec.spec"])["flowspec"] == 1


@pytest.mark.parametrize("graph", GRAPHS)
def test_graphs_compute_in_their_own_float_type(bundle, graph):
    """A float32 constant in a float64 graph would cost half of the digits."""
    other = ({"float32": "float64", "float64": "float32"})[bundle.dtype.name]
    found = model(bundle, graph).graph
    assert DTYPES[other] not in {tensor.data_type for tensor in found.initializer}
    narrowed = {
        node.output[0]
        for node in found.node
        if node.op_type == "Cast" and DTYPES[other] in [attribute.i for attribute in node.attribute]
    }
    users = {node.op_type for node in found.node if narrowed & set(node.input)}
    # onnxruntime has no float64 Atan: a float32 one starts an iteration.
    assert users <= ({"Atan"} if bundle.dtype == np.float64 else set())


# --- the other files ------------------------------------------------------------------------------


def test_flow_json_says_what_the_bundle_is(bundle, flow):
    about = bundle.about
    assert about["format"] == 1
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


# --- the same flow in every runtime ---------------------------------------------------------------


def test_onnxruntime_replays_the_vectors(bundle):
    assert [each for each in verify(bundle.path) if not each.passed] == []


@pytest.mark.slow
def test_the_reference_evaluator_replays_the_vectors(bundle):
    assert [each for each in verify(bundle.path, "reference") if not each.passed] == []


@pytest.mark.parametrize("bundle", ["float64"], indirect=True)
def test_float64_is_exact_to_twelve_digits(bundle, flow):
    context = context_for(bundle, 500).get("context")
    standard = noise(NumpyOps(np.float64), np.int64(5), np.arange(500), list(flow.noise)).T
    x, log_prob = Model(flow).from_noise(standard, context)
    found_x, found_log_prob = bundle.from_noise(standard, context)
    assert found_x.dtype == found_log_prob.dtype == np.float64
    np.testing.assert_allclose(found_x, x, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found_log_prob, log_prob, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        bundle.log_prob(x, context), Model(flow).log_prob(x, context), rtol=1e-12, atol=1e-12
    )
    drawn = bundle.sample(None if bundle.context else 500, seed=5, context=context)
    np.testing.assert_allclose(drawn, x, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("graph", GRAPHS)
def test_no_input_is_optional(bundle, graph):
    """onnxruntime-node drops what is fed for an input that has a default: every row would be drawn
    as if it were the first."""
    found = model(bundle, graph).graph
    assert not {tensor.name for tensor in found.initializer} & {value.name for value in found.input}
    assert {each.name for each in bundle.session(graph).get_inputs()} == {
        value.name for value in found.input
    }


def test_no_rows_give_no_samples(bundle):
    x, log_prob = bundle.session("sample").run(["x", "log_prob"], sample_feeds(bundle, 0, seed=3))
    assert len(x) == len(log_prob) == 0


# --- the same samples for the same seed -----------------------------------------------------------


def test_slices_of_the_stream_are_the_stream(bundle):
    rows, cuts = 1000, [0, 1, 2, 7, 300, 301, 1000]
    session = bundle.session("sample")
    whole = session.run(["x"], sample_feeds(bundle, rows, seed=11))[0]
    pieces = [
        session.run(["x"], sample_feeds(bundle, end - start, seed=11, first_row=start))[0]
        for start, end in pairwise(cuts)
    ]
    digits = {"float32": 1e-5, "float64": 1e-12}[bundle.dtype.name]
    np.testing.assert_allclose(np.concatenate(pieces), whole, rtol=digits, atol=digits)


def test_uniform_draws_are_the_same_to_the_last_bit(made):
    bundle = made("Uniform(0, 1)[3]")
    whole = bundle.sample(5000, seed=2)
    for start, count in [(0, 1), (1, 4), (4095, 3), (17, 4900)]:
        np.testing.assert_array_equal(
            bundle.sample(count, seed=2, first_row=start), whole[start : start + count]
        )
    np.testing.assert_array_equal(
        flowspec.load(bundle.path, rows_at_once=7).sample(5000, seed=2), whole
    )
    np.testing.assert_array_equal(flowspec.load(bundle.path, threads=2).sample(5000, seed=2), whole)


def test_other_seeds_and_rows_give_other_samples(made):
    bundle = made("Uniform(0, 1)")
    starts = [0, 1000, 2**31, 2**32, 2**62, -1000, -(2**63)]
    seeds = [0, 1, 2**31, 2**32, 2**63 - 1, -1, -(2**63)]
    drawn = [bundle.sample(1000, seed=0, first_row=start) for start in starts]
    drawn += [bundle.sample(1000, seed=seed) for seed in seeds[1:]]
    values = np.concatenate(drawn)
    # 13,000 draws of 2^23 values meet about 10 times by chance.
    assert len(values) - len(np.unique(values)) < 40


def test_the_samples_of_the_first_page_stay_what_they_are(made):
    x = made("Normal(0,1) |> Affine(0,2) |> Tanh |> Affine(0.5,0.5)").sample(4, seed=1)
    np.testing.assert_allclose(
        x, [0.998879135, 0.00724962354, 0.00329497457, 0.879244804], rtol=1e-5
    )


PROCESS = """
import hashlib, sys
import flowspec
for text, name in zip(sys.argv[2::2], sys.argv[3::2], strict=True):
    bundle = flowspec.load(flowspec.compile(flowspec.parse(text), sys.argv[1] + "/" + name))
    x, log_prob = bundle.sample(777, seed=5, first_row=3, with_log_prob=True)
    print(hashlib.sha256(x.tobytes() + log_prob.tobytes()).hexdigest())
"""


def run_process(place: Path, texts: dict[str, str], hash_seed: str) -> list[str]:
    """Compile and sample in a process of its own; the hashes of the samples."""
    arguments = [word for name, text in texts.items() for word in (text, name)]
    done = subprocess.run(
        [sys.executable, "-c", PROCESS, place, *arguments],
        capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": hash_seed},
    )  # fmt: skip
    return done.stdout.split()


@pytest.mark.slow
def test_two_processes_write_the_same_bytes_and_draw_the_same_samples(tmp_path):
    texts = {path.stem: path.read_text() for path in EXAMPLES if "context" not in path.read_text()}
    samples = [run_process(tmp_path / seed, texts, seed) for seed in ("1", "2")]
    assert samples[0] == samples[1]
    assert len(set(samples[0])) == len(texts)
    for name in texts:
        one, two = tmp_path / "1" / name, tmp_path / "2" / name
        files = sorted(path.name for path in one.iterdir())
        assert files == sorted(path.name for path in two.iterdir())
        assert filecmp.cmpfiles(one, two, files, shallow=False) == (files, [], [])


@pytest.mark.parametrize("bundle", ["float32"], indirect=True)
def test_the_same_input_gives_the_same_bytes(bundle, flow):
    again = flowspec.compile(flow, bundle.path.with_name("again"), dtype=bundle.dtype.name)
    files = sorted(path.name for path in bundle.path.iterdir())
    assert filecmp.cmpfiles(bundle.path, again, files, shallow=False) == (files, [], [])


@pytest.mark.slow
def test_the_reference_evaluator_draws_the_same_samples(bundle):
    evaluator = ReferenceEvaluator(str(bundle.path / "sample.onnx"))
    feeds = sample_feeds(bundle, 40, seed=-7, first_row=2**40)
    with np.errstate(all="ignore"):
        found = evaluator.run(["x", "log_prob"], feeds)
    digits = {"float32": 2e-5, "float64": 1e-12}[bundle.dtype.name]
    for one, other in zip(
        found, bundle.session("sample").run(["x", "log_prob"], feeds), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=digits, atol=digits)


# --- options --------------------------------------------------------------------------------------

GIVEN = "context z: positive\nevent a, b: positive\nNormal(0, 1)[2] |> Scale(z) |> Onto(event)"
OPERATORS = "Join(VonMises(0, 2), Gamma(2, 1), Normal(0, 1)[2]) |> on(2, 3) { RQS |> LULinear |> SinhArcsinh(0.1, 2) |> Softplus }"
TEXTS = {"scalar": "Normal(0, 1) |> Tanh", "pair": "Normal(0, 1)[2] |> RQS", "given": GIVEN}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_fixed_batch_is_fixed_everywhere(made, text):
    bundle = made(text, batch=6)
    for graph in GRAPHS:
        found = model(bundle, graph).graph
        inputs, outputs = expected_signature(bundle, graph, rows=6)
        assert (signature(found.input), signature(found.output)) == (inputs, outputs)
    assert [each for each in verify(bundle.path) if not each.passed] == []
    feeds = {
        name: np.zeros((5, *shape[1:]), bundle.dtype)
        for name, (_, shape) in expected_signature(bundle, "log_prob", 6)[0].items()
    }
    with pytest.raises(onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument):
        bundle.session("log_prob").run(None, feeds)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
@pytest.mark.parametrize("rows", [0, 6, 20])
def test_a_fixed_batch_gives_the_numbers_of_a_free_one(made, text, rows):
    free, fixed = made(text, "free"), made(text, "fixed", batch=6)
    context = context_for(free, rows).get("context")
    count = None if free.context else rows
    for one, other in zip(
        free.sample(count, seed=4, context=context, first_row=9, with_log_prob=True),
        fixed.sample(count, seed=4, context=context, first_row=9, with_log_prob=True),
        strict=True,
    ):
        assert len(one) == rows
        np.testing.assert_allclose(other, one, rtol=2e-6, atol=2e-6)
    x = free.sample(count, seed=4, context=context)
    np.testing.assert_allclose(
        fixed.log_prob(x, context), free.log_prob(x, context), rtol=2e-6, atol=2e-6
    )
    standard = np.random.default_rng(0).random((rows, len(free.noise)))
    for one, other in zip(
        free.from_noise(standard, context), fixed.from_noise(standard, context), strict=True
    ):
        np.testing.assert_allclose(other, one, rtol=2e-6, atol=2e-6)


@pytest.mark.parametrize(("opset", "ir_version"), [(18, 8), (19, 9), (20, 9), (21, 10), (22, 10)])
def test_an_opset_is_heeded_with_the_oldest_ir_version_for_it(made, opset, ir_version):
    bundle = made(OPERATORS, opset=opset)
    for graph in GRAPHS:
        found = model(bundle, graph)
        onnx.checker.check_model(found, full_check=True)
        assert [(each.domain, each.version) for each in found.opset_import] == [("", opset)]
        assert found.ir_version == ir_version
    assert bundle.about["opset"] == opset
    assert [each for each in verify(bundle.path) if not each.passed] == []


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"dtype": "float16"}, "unknown-dtype"),
        ({"dtype": "double"}, "unknown-dtype"),
        ({"batch": 0}, "impossible-batch"),
        ({"batch": -1}, "impossible-batch"),
        ({"batch": 2**24 + 1}, "impossible-batch"),
        ({"opset": 17}, "opset-unsupported"),
        ({"opset": 23}, "opset-unsupported"),
    ],
    ids=str,
)
def test_a_target_that_cannot_be_had_is_refused(made, tmp_path, options, code):
    with pytest.raises(FlowError) as caught:
        made("Normal(0, 1)", **options)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]
    assert not list(tmp_path.iterdir())


def test_everything_wrong_with_a_target_is_told_at_once(made):
    with pytest.raises(FlowError) as caught:
        made("Normal(0, 1)", dtype="float16", batch=0, opset=1)
    assert len(caught.value.diagnostics) == 3


# --- weights --------------------------------------------------------------------------------------

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
    with pytest.raises(TypeError, match="weights can be given for a Flow only"):
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
