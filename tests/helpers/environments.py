"""Environments of their own to install FlowSpec into, and what a user does there first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

OFFLINE = (
    "No matching distribution",
    "Could not find a version",
    "NewConnectionError",
    "Temporary failure in name resolution",
    "Network is unreachable",
    "timed out",
)
# With a Log: that of onnxruntime before 1.21 takes numbers below 1.2e-38 for 1.2e-38, which
# `verify` sees.
FLOW = "event a: real, b: positive\nNormal(0, 1)[2] |> Onto(event)\n"
FIRST_COMMANDS = [
    "check my.flow",
    "show my.flow",
    "compile my.flow -o my",
    "verify my",
    "sample my -n 5 --seed 1 -o samples.csv",
    "score my --data samples.csv -o scored.csv",
]


def environment(place: Path, python: str = sys.executable) -> Path:
    """The Python of a new environment, without a pip of its own: that takes seconds to unpack."""
    subprocess.run([python, "-m", "venv", "--without-pip", place], check=True)
    return place / "bin" / "python"


def install(python: Path, *arguments: Path | str) -> None:
    """Install into an environment. What is imported there is compiled then, the rest never."""
    pip("--python", python, "install", "--no-compile", *arguments)


def pip(*arguments: Path | str) -> None:
    """Call pip; skip the test where the package index cannot be reached or lacks the version."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode and any(word in done.stderr for word in OFFLINE):
        pytest.skip(f"pip cannot get it: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr


def use_outside_of_the_checkout(python: Path, folder: Path) -> None:
    """Check, compile, verify, sample and score, in a folder where no sources lie."""
    (folder / "my.flow").write_text(FLOW)
    flowspec = str(python.with_name("flowspec"))
    for words in FIRST_COMMANDS:
        _run(folder, flowspec, *words.split())
    code = "import flowspec; print(flowspec.load('my').sample(5, seed=1).shape, flowspec.__file__)"
    answer = _run(folder, python, "-c", code)
    assert answer.startswith("(5, 2) ")
    assert str(python.parents[1]) in answer, "FlowSpec of the checkout was loaded"


def _run(folder: Path, *command: Path | str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    return done.stdout
