"""Flows, files and answers that the tests of the commands share."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
ONE_LINER = EXAMPLES / "one_liner.flow"
SCRIPT = Path(sys.executable).with_name("flowspec")
COMMANDS = [
    "check",
    "compile",
    "completion",
    "diff",
    "doctor",
    "embed",
    "explain",
    "fit",
    "fmt",
    "import",
    "impute",
    "init",
    "judge",
    "list",
    "lsp",
    "package",
    "plot",
    "sample",
    "score",
    "show",
    "targets",
    "verify",
    "view",
]

PAIR = "event a: real, b: positive\nNormal([0, 1], 2) |> Onto(event)"
GIVEN = "context z: positive\nevent y: positive\nNormal(0, 1) |> Exp |> Scale(z)"
LEARNS = "Normal(learn(0), learn(1))"
LEFT_BY_TRAINING = ["metrics.json", "ranks.json", "samples.png", "training.csv", "training.png"]
BUNDLE = [
    "README.md",
    "flow.json",
    "from_noise.onnx",
    "log_prob.onnx",
    "sample.onnx",
    "to_base.onnx",
    "vectors.json",
]


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refused(answer, *words: str, code: int = 1) -> None:
    """The command failed with this exit code, and said why on standard error alone."""
    assert (answer.code, answer.out) == (code, "")
    assert answer.err.startswith("error[" if code == 1 else "Usage: ")
    for word in words:
        assert word in answer.err


def names(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())
