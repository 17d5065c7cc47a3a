"""Flows as text: what is written of a flow, read again, is that flow."""

from __future__ import annotations

from pathlib import Path

import pytest

import flowspec
from flowspec.ir.registry import bases, transforms
from flowspec.language.catalogue import entries
from flowspec.language.writing import flow_text, pipeline

ROOT = Path(__file__).parents[2]
EXAMPLES = {
    f"{name}-{i}": text
    for name, kind in [*bases().items(), *transforms().items()]
    for i, text in enumerate(
        kind.examples if name in bases() else [f"{kind.before} |> {each}" for each in kind.examples]
    )
}


def assert_read_again(flow: flowspec.Flow) -> None:
    text = flow_text(flow)
    assert flowspec.parse(text).to_json() == flow.to_json(), text


@pytest.mark.parametrize("label", EXAMPLES)
def test_an_example_is_read_again(label):
    assert_read_again(flowspec.parse(EXAMPLES[label]))


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.flow")), ids=lambda p: p.stem)
def test_a_file_of_the_examples_is_read_again(path):
    assert_read_again(flowspec.read(path))


@pytest.mark.parametrize("name", [each.name for each in entries() if each.kind == "macro"])
def test_a_macro_of_the_prelude_is_read_again(name):
    (entry,) = (each for each in entries() if each.name == name)
    base = "Uniform(0, 1) |> " if name in ("Squash", "Unsquash") else "Normal(0, 1) |> "
    arguments = {"features": "(3)", "low": "(0, 2)"}
    call = name + next((text for word, text in arguments.items() if word in entry.signature), "")
    assert_read_again(flowspec.parse(call if call.endswith("(3)") else base + call))


@pytest.mark.parametrize(
    "text",
    [
        "Normal(0, 1)",
        "Normal(0, learn(2, low=1))[3] |> Affine([1, 2, 3], learn([1, 2, 3]))",
        "Normal(learn(0), [1, 2])",
        'context z: positive, "a b": (0, 1]\nevent p, q, r: simplex\n'
        "Normal(z, [1, 2]) |> Onto(event)",
        "event a: circle(0, 2*pi)\nCircularUniform(0, 2*pi)[1]",
        'event x: real\ntrain { epochs = 3, optimizer = "adamw", dequantize = [x] }\n'
        "Normal(0, 1)[1]",
        "Join(Normal(0, 1)[2], Mixture([1, 2], Normal(0, 1), Normal(2, 3)))",
        "Normal(0, 1)[3] |> inverse { Autoregressive(RQS(bins=5), hidden=[8, 8]) }",
        "Normal(0, 1)[3] |> on(0, 2) { Exp |> inverse { Sinh } }",
    ],
)
def test_a_text_is_read_again(text):
    assert_read_again(flowspec.parse(text))


def test_a_step_stands_in_a_line_and_defaults_are_left_out():
    flow = flowspec.parse("Normal(0, 1)[2] |> Affine(0, 2) |> Sinh |> Tanh")
    assert pipeline(flow) == "Normal[2]\n  |> Affine(scale=2)\n  |> Sinh\n  |> Tanh"


def test_the_advice_for_a_circle_beside_numbers_is_a_flow():
    with pytest.raises(flowspec.FlowError) as refused:
        flowspec.parse("event a: real, t: circle(-pi, pi)\nNSF(2) |> Standardize |> Onto(event)")
    advice = refused.value.diagnostics[0].help.split("`")[1]
    flow = flowspec.parse(f"event a: real, t: circle(-pi, pi)\n{advice}")
    assert str(flow.space) == "real, circle(-pi, pi)"


def test_the_advice_for_a_flow_behind_a_base_is_a_flow():
    with pytest.raises(flowspec.FlowError) as refused:
        flowspec.parse("Normal(0, 1)[3] |> NSF(transforms=2)")
    advice = refused.value.diagnostics[0].help.split("`")[1]
    assert flowspec.parse(advice) == flowspec.parse("NSF(3, transforms=2)")
