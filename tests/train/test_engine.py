"""Devices, precision and processes: the same training, wherever it runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import flowspec
from flowspec.train.engine import Engine

FLOW = "NSF(2, hidden=[8], bins=4, transforms=2) |> Standardize"
ROWS = np.random.default_rng(0).normal([[3.0, -1.0]], [[0.5, 2.0]], (151, 2))
PROGRAMS = Path(sys.executable).parent


SMALL = "MAF(2, hidden=[4], transforms=1) |> Standardize"
"""The compiler of torch takes seconds a step."""


def fitted(engine: Engine, flow: str = FLOW) -> flowspec.Model:
    return flowspec.fit(flowspec.parse(flow), ROWS, engine=engine, epochs=3, batch_size=32)


@pytest.mark.parametrize(("precision", "tolerance"), [("64", 1e-3), ("bf16", 0.05)])
def test_precisions_agree(precision, tolerance):
    """After a few steps; later on they go their own ways."""
    exact, other = (
        fitted(Engine("cpu", precision=each)).log_prob(ROWS).mean() for each in ("32", precision)
    )
    assert other == pytest.approx(exact, abs=tolerance)


def test_double_precision_is_held():
    weights = fitted(Engine("cpu", precision="64")).complete_weights
    assert any((value != value.astype(np.float32)).any() for value in weights.values())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of the compiler itself
def test_compiled_it_learns_the_same():
    plain, compiled = (
        fitted(Engine("cpu", compiled=each), SMALL).log_prob(ROWS).mean() for each in (False, True)
    )
    assert compiled == pytest.approx(plain, abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("starter", ["flag", "torchrun"])
def test_two_processes_learn_what_one_does(call, here, starter):
    (here / "it.flow").write_text(f"event a, b: real\n{FLOW}")
    np.savetxt(here / "it.csv", ROWS, delimiter=",", header="a,b", comments="")
    words = [
        "fit",
        "it.flow",
        "--data",
        "it.csv",
        "--epochs",
        "3",
        "--batch-size",
        "32",
        "--precision",
        "64",
    ]
    words += ["--accelerator", "cpu", "-o"]
    program = str(PROGRAMS / "flowspec")
    two = [program, *words, "two", "--devices", "2"]
    if starter == "torchrun":
        two = [
            str(PROGRAMS / "torchrun"),
            "--standalone",
            "--nproc-per-node",
            "2",
            program,
            *words,
            "two",
        ]
    assert call(*words, "one").code == 0
    done = subprocess.run(two, cwd=here, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("wrote two") == 1
    one, both = (json.loads((here / name / "metrics.json").read_text()) for name in ("one", "two"))
    # Adam makes steps of gradients that are rounding errors, and those differ.
    assert both["validation"] == pytest.approx(one["validation"], abs=1e-6)
