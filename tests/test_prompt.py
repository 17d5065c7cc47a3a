"""A flow, a model, a module or a bundle at a prompt shows its pipeline in a few lines."""

from __future__ import annotations

import numpy as np
import pytest

import flowspec
from flowspec.diagnostics.prompt import LINES, WIDTH
from flowspec.model import Model

TEXT = (
    "context z: positive, w\nevent a, b: positive\nNormal(0, 1)[2] |> LULinear |> Scale(z) |> Exp"
)
LONG = [
    "NSF(5, transforms=8)",
    "Normal(0, 1) |> repeat(200) { Affine(learn(0), 2) |> Tails }",
    f"Normal({np.arange(500.0).tolist()}, 1) |> Permute({list(range(499, -1, -1))})",
    "Normal(0, 1)[300] |> LULinear",
    "event " + ", ".join(f'"{"long name " * 5}{i}"' for i in range(40)) + "\nNormal(0, 1)[40]",
]


def test_a_flow_shows_its_names_and_its_pipeline():
    assert repr(flowspec.parse(TEXT)).splitlines() == [
        "Flow of a, b given z, w",
        "  Normal[2]",
        "  |> LULinear",
        "  |> Scale(z)",
        "  |> Exp",
    ]


def test_what_networks_predict_is_not_written():
    shown = repr(flowspec.parse("NSF(3, transforms=1, bins=4)"))
    assert shown.splitlines()[2:] == [
        "  |> Reverse",
        "  |> Autoregressive(RQS(4, turn=true))",
    ]


def test_models_and_modules_say_how_much_they_learned():
    pytest.importorskip("torch")
    flow = flowspec.parse(TEXT)
    pipeline = repr(flow).split("\n", 1)[1]
    assert repr(Model(flow)) == f"Model of a, b given z, w, 10 numbers learned\n{pipeline}"
    module = flowspec.to_torch(flow)
    assert repr(module) == f"FlowModule of a, b given z, w, 10 numbers learned\n{pipeline}"
    named = "NormalizingFlow(Normal |> LULinear |> Scale |> Exp)"
    assert repr(module([[1.0, 2.0]])) == named


@pytest.mark.parametrize("text", LONG, ids=lambda text: text[:20])
def test_a_long_flow_shows_a_few_short_lines(text):
    flow = flowspec.parse(text)
    for thing in (flow, Model(flow), Model(flow).fixed):
        lines = repr(thing).splitlines()
        assert len(lines) <= LINES + 2
        assert max(map(len, lines)) <= WIDTH


def test_of_many_steps_the_first_and_the_last_are_shown():
    lines = repr(flowspec.parse("Normal(0, 1) |> repeat(40) { Tanh |> Atanh } |> Exp")).splitlines()
    assert lines[1:3] == ["  Normal", "  |> Tanh"] and lines[-1] == "  |> Exp"
    assert "  |> ... 71 more steps ..." in lines
    assert len(lines) == 1 + LINES
