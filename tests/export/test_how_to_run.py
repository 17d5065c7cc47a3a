"""A bundle's README: Python needs numpy and onnxruntime alone, and gives what FlowSpec does."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import flowspec

ROOT = Path(__file__).parents[2]
PLANE = "event a: positive, b: (0, 1)\nMAF(2, transforms=1, hidden=[8]) |> Onto(event)"
CONTEXT = "context k: (0, inf), angle: circle(-pi, pi)\n"
KINDS = {
    "plain": (PLANE, {}),
    "with a context": (CONTEXT + PLANE, {}),
    "with a context of like values": ("context j: real, k: real\nNormal(j, 1) |> Shift(k)", {}),
    "in float64": (CONTEXT + PLANE, {"dtype": "float64"}),
    "of four rows": (PLANE, {"target": "static", "batch": 4}),
    "of four rows with a context": (CONTEXT + PLANE, {"target": "static", "batch": 4}),
    "without samples": (CONTEXT + PLANE, {"target": "tract"}),
    "of several kinds of noise": ("Join(Normal(0, 1), Uniform(0, 1))", {"target": "tract"}),
    "of one vector": (CONTEXT + PLANE, {"target": "hssm"}),
}


def ran(folder: Path, monkeypatch) -> tuple[dict[str, np.ndarray], list[str]]:
    """The values that the two programs of a README leave, and the lines of the first one."""
    alone, with_flowspec = re.findall(
        r"```python\n(.*?)```", (folder / "README.md").read_text(), re.S
    )
    assert "flowspec" not in alone
    monkeypatch.chdir(folder)
    values: dict[str, np.ndarray] = {}
    exec(alone, values)
    theirs = dict(values)
    exec(with_flowspec, theirs)
    for name, digits in {
        "x": 1e-5,
        "log_prob": 5e-3,
    }.items():  # the density knows fewer near an end
        if name in theirs:
            np.testing.assert_allclose(values[name], theirs[name], rtol=digits, atol=digits)
    return values, [line for line in alone.splitlines() if line]


@pytest.mark.parametrize("name", KINDS)
def test_the_programs_of_a_readme_give_the_same_numbers(name, tmp_path, monkeypatch):
    text, options = KINDS[name]
    folder = flowspec.compile(flowspec.parse(text), tmp_path / "b", **options)
    values, lines = ran(folder, monkeypatch)
    assert len(lines) <= 10
    assert np.isfinite(values["log_prob"]).all()


@pytest.mark.parametrize("name", ["one_liner", "iris", "prognosis", "wind", "order_statistics"])
def test_the_programs_of_the_examples_give_the_same_numbers(name, monkeypatch):
    values, lines = ran(ROOT / "exported" / name, monkeypatch)
    assert len(lines) <= 10
    assert len(values["x"]) == 1000
