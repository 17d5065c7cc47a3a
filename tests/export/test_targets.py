"""What a target cannot do is refused, by name and with its step, before anything is written."""

from __future__ import annotations

from dataclasses import replace

import pytest

import flowspec
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.export.bundle import bundle_files
from flowspec.export.graphs import GRAPHS, graph_model
from flowspec.export.targets import ONNXRUNTIME, PROFILES, Profile, Target, checked, place_of
from flowspec.model.model import Model

SMALL = Profile(
    "microcontroller",
    {18: 8},
    operators=frozenset(
        {"Add", "Sub", "Mul", "Div", "Transpose", "Expand", "Shape", "Squeeze", "Where"}
    ),
    dtypes=("float32",),
    loops=False,
    any_batch=False,
    whole_numbers=False,
)
"""Of no machine that there is."""


def told(target: Target, text: str = "Normal(0, 1)", graph: str = "log_prob.onnx") -> list[str]:
    flow = Model(flowspec.parse(text)).fixed
    with pytest.raises(FlowError) as error:
        graph_model("graph", GRAPHS[graph](flow, target), target)
    return [problem.message for problem in error.value.diagnostics]


def test_onnxruntime_is_the_one_target_that_there_is():
    assert PROFILES == {"onnxruntime": ONNXRUNTIME}
    assert Target().profile is ONNXRUNTIME
    assert (ONNXRUNTIME.lowest_opset, ONNXRUNTIME.highest_opset) == (18, 22)


def test_what_is_not_to_be_had_is_told_at_once():
    with pytest.raises(FlowError) as error:
        checked(Target("float64", 19, None, SMALL))
    assert [problem.message for problem in error.value.diagnostics] == [
        "there is no dtype 'float64'",
        "microcontroller runs graphs of a fixed number of rows only",
        "opset 19 is not supported",
    ]
    assert [problem.help for problem in error.value.diagnostics][::2] == [
        "choose float32",
        "choose 18 to 18; 18 opens everywhere",
    ]
    target = Target("float32", 18, 4, SMALL)
    assert checked(target) is target


def test_each_missing_operator_is_told_with_the_step_that_needs_it():
    target = Target(batch=4, profile=SMALL)
    text = "Normal(0, 1)[2] |> Affine(0, 2) |> Affine(1, 3) |> Sinh |> on(0) { Sinh }"
    found = told(target, text, "from_noise.onnx")
    assert "microcontroller has no operator Sinh, which step 3, sinh needs" in found
    assert all(message.startswith("microcontroller has no operator ") for message in found)
    assert len(found) == len({message.split(",")[0] for message in found}) > 1


def test_loops_are_told_whatever_operators_there_are():
    target = Target(profile=replace(ONNXRUNTIME, name="straight", loops=False))
    text = "Normal(0, 1)[2] |> Continuous(hidden=[8, 8])"
    assert told(target, text) == ["straight has no loops, and step 1, continuous needs one"]


def test_whole_numbers_are_told():
    target = Target(profile=replace(ONNXRUNTIME, name="floats", whole_numbers=False))
    assert told(target, graph="sample.onnx")[0].startswith(
        "floats does not compute with 64-bit whole numbers, and "
    )
    flow = Model(flowspec.parse("Normal(0, 1)")).fixed
    graph_model("graph", GRAPHS["log_prob.onnx"](flow, target), target)


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
