"""What a target cannot do is refused, by name and with its step, before anything is written."""

from __future__ import annotations

import pytest

import flowspec
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.export.bundle import bundle_files
from flowspec.export.graphs import GRAPHS, graph_model, recorders
from flowspec.export.profiles import ONNXRUNTIME, PROFILES, Profile
from flowspec.export.targets import Target, checked, place_of, target_of
from flowspec.model.model import Model
from flowspec.ops.onnx.spellings import KERNELS
from flowspec.ops.tape.spelling import Dialect
from flowspec.runtime.targets import DEFAULT, TARGETS

SMALL = Profile(
    "microcontroller",
    "Of no machine that there is",
    {18: 8},
    operators=frozenset(
        {"Add", "Sub", "Mul", "Div", "Transpose", "Expand", "Shape", "Squeeze", "Where"}
    ),
    dtypes=("float32",),
    dialect=Dialect(KERNELS, loops=False),
    any_batch=False,
)


def told(target: Target, text: str = "Normal(0, 1)", graph: str = "log_prob.onnx") -> list[str]:
    flow = Model(flowspec.parse(text)).fixed
    with pytest.raises(FlowError) as error:
        graph_model("graph", GRAPHS[graph](flow, target), target)
    return [problem.message for problem in error.value.diagnostics]


def refusal(*arguments, **options) -> tuple[str, str]:
    with pytest.raises(FlowError) as error:
        target_of(*arguments, **options)
    (problem,) = error.value.diagnostics
    return problem.message, problem.help


def test_a_bundle_names_the_target_that_it_is_for():
    assert (*PROFILES,) == TARGETS
    assert Target().profile is ONNXRUNTIME is PROFILES[DEFAULT]
    assert (ONNXRUNTIME.lowest_opset, ONNXRUNTIME.highest_opset) == (18, 22)


def test_what_is_not_to_be_had_is_told_at_once():
    with pytest.raises(FlowError) as error:
        checked(Target("float64", 19, None, SMALL))
    assert [problem.message for problem in error.value.diagnostics] == [
        "microcontroller does not compute in float64",
        "microcontroller runs graphs of a fixed number of rows only",
        "opset 19 is not supported",
    ]
    assert [problem.help for problem in error.value.diagnostics][::2] == [
        "choose float32, or another target",
        "choose 18 to 18; 18 opens everywhere",
    ]
    target = Target("float32", 18, 4, SMALL)
    assert checked(target) is target


def test_a_target_that_there_is_not_is_told_with_the_nearest_one():
    assert refusal("opnvino") == ("there is no target 'opnvino'", "did you mean openvino?")
    assert refusal("x") == ("there is no target 'x'", "`flowspec targets` lists them")


def test_what_openvino_computes_as_float32_is_refused():
    assert refusal("openvino", "float64")[0] == "openvino does not compute in float64"


def test_static_graphs_ask_for_their_number_of_rows():
    assert refusal("static") == (
        "static runs graphs of a fixed number of rows only", "say how many with `batch`"
    )  # fmt: skip
    assert target_of("static", batch=8).batch == 8


def test_graphs_of_one_row_are_of_one_row():
    assert target_of("hssm").batch == 1
    assert refusal("hssm", batch=8) == (
        "graphs for hssm take 1 row at a time, not 8", "leave `batch` out"
    )  # fmt: skip


def test_graphs_that_differentiate_themselves_are_not_asked_for():
    with pytest.raises(FlowError, match="hssm gets no graphs of gradients"):
        recorders("log_prob", PROFILES["hssm"])
    assert [*recorders(False, PROFILES["hssm"])] == ["log_prob.onnx"]


def test_each_missing_operator_is_told_with_the_step_that_needs_it():
    target = Target(batch=4, profile=SMALL)
    text = "Normal(0, 1)[2] |> Affine(0, 2) |> Affine(1, 3) |> Sinh |> on(0) { Sinh }"
    found = told(target, text, "from_noise.onnx")
    assert "microcontroller has no operator Sinh, which step 3, sinh needs" in found
    assert all(message.startswith("microcontroller has no operator ") for message in found)
    assert len(found) == len({message.split(",")[0] for message in found}) > 1


def test_bits_are_no_operators_of_sofie():
    found = told(target_of("sofie"), graph="sample.onnx")
    assert "sofie has no operator BitwiseAnd, which the noise needs" in found
    assert "sample.onnx" not in recorders(False, PROFILES["sofie"])


def test_loops_that_would_be_too_long_are_told():
    text = "Normal(0, 1)[2] |> Continuous(hidden=[8, 8], steps=4000)"
    (message,) = told(target_of("tract"), text)
    assert message.startswith("tract has no loops, and that of step 1, continuous would be ")


def test_no_file_comes_of_it():
    with pytest.raises(FlowError):
        bundle_files(Model(flowspec.parse("Normal(0, 1) |> Tanh")), Target(batch=4, profile=SMALL))


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("steps.1.tanh/Mul_3", "step 2, tanh"),
        ("steps.0+1+2.affine/Mul_3", "steps 1 and 2 and 3, affine"),
        ("steps.0.on/steps.4.exp/Exp_1", "step 1, on"),
        ("base/Exp_1", "the base"),
        ("Transpose_1", "the graph"),
        ("", "the graph"),
    ],
)
def test_a_place_is_told_in_words(path, words):
    assert place_of(path) == words
