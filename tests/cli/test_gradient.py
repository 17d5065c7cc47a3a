"""`compile --gradient` and `score --latent`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.commands import written


@pytest.mark.parametrize(
    ("options", "graphs"),
    [
        ([], []),
        (["--gradient"], ["from_noise_grad.onnx", "log_prob_grad.onnx"]),
        (["--gradient", "log_prob"], ["log_prob_grad.onnx"]),
    ],
)
def test_gradients_are_written_where_they_are_asked_for(call, here, options, graphs):
    written(here / "it.flow", "Normal(0, 1) |> Exp")
    assert call("compile", "it.flow", "-o", "made", *options).code == 0
    assert sorted(path.name for path in Path("made").glob("*_grad.onnx")) == graphs
    answer = call("verify", "made", "--strict")
    replayed = {line.split()[0].removesuffix("_grad") for line in answer.out.splitlines()}
    assert answer.code == 0 and {"log_prob", "from_noise", "sample", "to_base"} <= replayed
    assert all(name.removesuffix(".onnx") + " " in answer.out for name in graphs)
    card = Path("made/README.md").read_text()
    assert [name for name in graphs if f"| `{name}` |" in card] == graphs
    assert call("compile", "it.flow", "-o", "made").code == 0  # takes the place of the one before
    assert not list(Path("made").glob("*_grad.onnx"))


def test_score_adds_the_points_of_the_base(call, here, bundles):
    written(here / "it.csv", "a,b,z0\n0.5,2,7\n1,-1,8\n")
    answer = call("score", bundles / "pair", "--data", "it.csv", "--latent")
    assert answer.code == 0
    header, first, second = answer.out.splitlines()
    assert header == "a,b,z0,z0_2,z1,log_prob"
    assert first.split(",")[:3] == ["0.5", "2", "7"]
    assert [float(value) for value in first.split(",")[3:5]] == pytest.approx(
        [0.25, (0.6931472 - 1) / 2], abs=1e-6
    )
    assert second.split(",")[3:] == ["nan", "nan", "-inf"]
