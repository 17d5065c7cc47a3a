"""A bundle that was changed is refused: by its digest, by its fields, or, if all of these were
redone, by what its flow and its weights say."""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path

import jsonschema
import numpy as np
import onnx
import pytest
from onnx import TensorProto
from onnx import helper as make

import flowspec
from flowspec.ir.schema import build
from flowspec.runtime.json_flaws import Checker
from flowspec.runtime.verification import verify
from forgery import about_of, replaced, sealed, without_spec
from refusals import refused

LEARNS = "event a, b: positive\nNormal(learn([0, 1]), 2) |> Onto(event)"
EXPORTED = Path(__file__).parents[2] / "exported"


@pytest.fixture(scope="module")
def learned(tmp_path_factory) -> Path:
    return flowspec.compile(flowspec.parse(LEARNS), tmp_path_factory.mktemp("it") / "learned")


@pytest.fixture
def forged(learned, tmp_path) -> Path:
    """A copy of a bundle that a test may change."""
    return Path(shutil.copytree(learned, tmp_path / "forged"))


# --- the digest -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"a"', b'"c"'),
        (b"\n}", b"\n }"),
        (b'"accuracy": ', b'"accuracy": 1'),
        (b'"digest": "', b'"digest":  "'),
        (b'"digest"', b'"digets"'),
    ],
)
def test_every_byte_of_flow_json_is_under_the_digest(forged, old, new):
    place = forged / "flow.json"
    place.write_bytes(place.read_bytes().replace(old, new, 1))
    told = refused(flowspec.load, forged)
    assert told.endswith("flow.json is not the file that was written: its digest does not fit")


def test_a_redone_digest_opens(forged):
    sealed(forged, about_of(forged))
    assert flowspec.load(forged).columns == ("a", "b")


# --- fields ---------------------------------------------------------------------------------------

EDITS = {
    "flow.train": lambda about: about["flow"].update(train="x"),
    "flow.train.dequantize": lambda about: about["flow"].update(train={"dequantize": None}),
    "flow.train.dequantize ": lambda about: about["flow"].update(train={"dequantize": ["q"]}),
    "columns": lambda about: about.update(columns=["a", "b", "c"]),
    "columns ": lambda about: about.update(columns=["a", "a"]),
    "columns  ": lambda about: about.update(columns=["b", "a"]),
    "context": lambda about: about.update(context=["z"]),
    "scalar": lambda about: about.update(scalar=True),
    "dtype": lambda about: about.update(dtype="float16"),
    "batch": lambda about: about.update(batch=True),
    "opset": lambda about: about.update(opset="18"),
    "noise[0]": lambda about: about.update(noise=["cauchy", "normal"]),
    "support": lambda about: about.update(support=None),
    "certificate": lambda about: about.update(certificate=[]),
    "certificate.parity": lambda about: about["certificate"].update(parity="none"),
    "flowspec": lambda about: about.update(flowspec=1),
    "flow.flowspec": lambda about: about["flow"].update(flowspec=99),
    "flow.base.name": lambda about: about["flow"]["base"].update(name="Nope"),
    "flow.base.loc": lambda about: about["flow"]["base"].update(loc="zero"),
    "flow.base.location": lambda about: about["flow"]["base"].update(location=0),
    "flow.steps": lambda about: about["flow"].update(steps=None),
    "flow.steps[0].name": lambda about: about["flow"]["steps"].insert(0, {"name": "Nope"}),
    "flow.event[0].names": lambda about: about["flow"]["event"][0].update(names=[]),
    "flow.event[0].support.kind": lambda about: about["flow"]["event"][0].update(
        support={"kind": "sphere"}
    ),
    "files.README.md": lambda about: about["files"].update({"README.md": 1}),
}


@pytest.mark.parametrize("field", EDITS)
def test_a_false_field_is_refused_by_its_name(forged, field):
    about = about_of(forged)
    EDITS[field](about)
    sealed(forged, about)
    assert f"flow.json is damaged: `{field.strip()}` " in refused(flowspec.load, forged)


CONTRADICTIONS = {
    "batch": lambda about: about.update(batch=7),
    "dtype": lambda about: about.update(dtype="float64"),
    "noise": lambda about: about.update(noise=["normal"]),
    "flow": lambda about: about["flow"]["base"].update(scale=3.0),
}


@pytest.mark.parametrize("field", CONTRADICTIONS)
def test_a_field_that_the_graphs_contradict_is_refused_when_one_is_opened(forged, field):
    about = about_of(forged)
    CONTRADICTIONS[field](about)
    sealed(forged, about)
    bundle = flowspec.load(forged)
    told = "is not the graph that flow.json describes"
    assert told in refused(bundle.from_noise, np.zeros((2, len(bundle.noise))))
    assert told in refused(verify, forged)


def _spoiled(data, rng: np.random.Generator):
    """Plain data with one place in it replaced, taken out or made up."""
    data = copy.deepcopy(data)
    places = [(data, key) for key in data]
    for holder, key in places:
        if isinstance(holder[key], dict):
            places += [(holder[key], name) for name in holder[key]]
        elif isinstance(holder[key], list):
            places += [(holder[key], index) for index in range(len(holder[key]))]
    holder, key = places[rng.integers(len(places))]
    odd = [None, True, "x", -1, 0, 1.5, 2.0, [], {}, [0], [[1]], ["a"], {"kind": "real"}, 1e9]
    if isinstance(holder, dict) and rng.random() < 0.2:
        holder["odd"] = holder.pop(key)
    else:
        holder[key] = odd[rng.integers(len(odd))]
    return data


@pytest.mark.slow
@pytest.mark.parametrize("name", ["iris", "prognosis", "detector", "dice"])
def test_flaws_are_those_that_jsonschema_finds(name):
    schema, rng = build(), np.random.default_rng(0)
    checker = Checker(schema)
    validator = jsonschema.Draft202012Validator(schema)
    flow = json.loads((EXPORTED / name / "flow.json").read_text())["flow"]
    assert checker.first_flaw(flow) is None
    found = []
    for _ in range(150):
        spoiled = _spoiled(flow, rng)
        found.append(checker.first_flaw(spoiled) is None)
        assert found[-1] == validator.is_valid(spoiled), spoiled
    assert {*found} == {True, False}


# --- graphs of strangers --------------------------------------------------------------------------

FLOAT, DOUBLE = TensorProto.FLOAT, TensorProto.DOUBLE


def graph(
    nodes, constants=(), x=("x", FLOAT, ["N", 2]), density=(FLOAT, ["N"]), domain=""
) -> bytes:
    """A graph `log_prob` of a few nodes."""
    inputs = [make.make_tensor_value_info(*x)]
    outputs = [make.make_tensor_value_info("log_prob", *density)]
    model = make.make_model(
        make.make_graph(nodes, "g", inputs, outputs, [*constants]),
        opset_imports=[make.make_opsetid("", 18), *([make.make_opsetid(domain, 1)] * bool(domain))],
        ir_version=8,
    )
    return model.SerializeToString()


def whole(name: str, *values: int):
    return onnx.numpy_helper.from_array(np.array(values, np.int64), name)


def outside_file() -> TensorProto:
    tensor = TensorProto(name="w", data_type=FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="../secret.bin")
    return tensor


SUM = make.make_node("ReduceSum", ["x", "one"], ["log_prob"], keepdims=0)
ONE = whole("one", 1)
STRANGE = {
    "other inputs": lambda: graph(
        [make.make_node("ReduceSum", ["y", "one"], ["log_prob"], keepdims=0)],
        [ONE], ("y", FLOAT, ["N", 2]),
    ),
    "float64 out": lambda: graph(
        [make.make_node("ReduceSum", ["x", "one"], ["s"], keepdims=0),
         make.make_node("Cast", ["s"], ["log_prob"], to=DOUBLE)],
        [ONE], density=(DOUBLE, ["N"]),
    ),
    "a column out": lambda: graph(
        [make.make_node("ReduceSum", ["x", "one"], ["log_prob"], keepdims=1)],
        [ONE], density=(FLOAT, ["N", 1]),
    ),
    "three columns in": lambda: graph([SUM], [ONE], ("x", FLOAT, ["N", 3])),
    "an operator of another domain": lambda: graph(
        [make.make_node("Evil", ["x"], ["log_prob"], domain="x.y")], domain="x.y"
    ),
    "external data": lambda: graph(
        [make.make_node("ReduceSum", ["x", "one"], ["s"], keepdims=0),
         make.make_node("Add", ["s", "w"], ["log_prob"])],
        [ONE, outside_file()],
    ),
    "more memory than there is": lambda: graph(
        [make.make_node("ConstantOfShape", ["size"], ["big"]),
         make.make_node("ReduceSum", ["big"], ["sum"], keepdims=0),
         make.make_node("ReduceSum", ["x", "one"], ["s"], keepdims=0),
         make.make_node("Add", ["s", "sum"], ["log_prob"])],
        [ONE, whole("size", 2**46)],
    ),
    "fails for these rows": lambda: graph(
        [make.make_node("Reshape", ["x", "size"], ["log_prob"])], [whole("size", 7)]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STRANGE)
def test_a_graph_of_a_stranger_is_refused_in_words(forged, name):
    replaced(forged, log_prob_onnx=STRANGE[name]())
    (forged.parent / "secret.bin").write_bytes(bytes(4))
    bundle = flowspec.load(forged)
    for x in (np.ones((3, 2), np.float32), np.ones((3, 2))):
        told = refused(bundle.log_prob, x)
        assert "log_prob.onnx" in told and "\n" not in told
    assert "log_prob.onnx" in refused(verify, forged)


def test_a_graph_that_gives_another_number_of_rows_is_refused(forged):
    flat = make.make_node("Reshape", ["x", "size"], ["log_prob"])
    replaced(forged, log_prob_onnx=graph([flat], [whole("size", -1)]))
    told = "log_prob.onnx cannot be run: it gives `log_prob` of shape (6,) for 3 rows"
    assert refused(flowspec.load(forged).log_prob, np.ones((3, 2), np.float32)) == told
    assert not verify(forged)[0].passed


# --- strictly -------------------------------------------------------------------------------------


def test_graphs_and_vectors_replaced_together_are_found_strictly(call, forged, tmp_path):
    text = LEARNS.replace("Normal(learn([0, 1]), 2)", "Normal(learn([0, 1]), 2.5)")
    other = flowspec.compile(flowspec.parse(text), tmp_path / "other")
    graphs = {
        f"{name}_onnx": without_spec((other / f"{name}.onnx").read_bytes())
        for name in ("log_prob", "sample", "from_noise", "to_base")
    }
    replaced(forged, **graphs, vectors_json=(other / "vectors.json").read_bytes())
    assert call("verify", forged).code == 0
    answer = call("verify", forged, "--strict")
    wrong = [line for line in answer.out.splitlines() if line.endswith("WRONG")]
    assert answer.code == 1 and len(wrong) == 7
    assert all(line.startswith("vectors of ") for line in wrong)


def test_other_weights_are_found_strictly(call, forged, tmp_path):
    model = flowspec.Model(flowspec.parse(LEARNS), {"base.loc": np.array([0.5, 1.0])})
    other = flowspec.compile(model, tmp_path / "other") / "weights.safetensors"
    replaced(forged, weights_safetensors=other.read_bytes())
    assert call("verify", forged).code == 0
    assert call("verify", forged, "--strict").code == 1


def test_a_tolerance_that_allows_everything_is_found_strictly(call, forged):
    vectors = json.loads((forged / "vectors.json").read_text())
    vectors["tolerance"]["relative"] = 1e9
    vectors["log_prob"]["log_prob"]["parity"][5] = 7.0
    replaced(forged, vectors_json=json.dumps(vectors).encode())
    assert call("verify", forged).code == 0
    assert call("verify", forged, "--strict").code == 1


def test_what_was_written_is_right_strictly(call, learned):
    answer = call("verify", learned, "--strict", "--format", "json")
    assert answer.code == 0 and len(json.loads(answer.out)) == 14


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"tolerance": {"relative": 1e-5}}'])
@pytest.mark.parametrize("option", [(), ("--strict",)], ids=["", "strict"])
def test_damaged_vectors_are_told(call, forged, content, option):
    replaced(forged, vectors_json=content)
    answer = call("verify", forged, *option)
    assert answer.code == 1 and "vectors.json is damaged" in answer.err


def test_vectors_without_rows_verify_nothing(call, forged):
    vectors = json.loads((forged / "vectors.json").read_text())
    vectors["log_prob"] = {"x": [], "log_prob": {"parity": [], "accurate": []}}
    replaced(forged, vectors_json=json.dumps(vectors).encode())
    assert "vectors.json is damaged" in call("verify", forged).err
