"""The example of a workflow: its commands run, in a project as it says."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from commands import EXAMPLES, SCRIPT

yaml = pytest.importorskip("yaml", reason="PyYAML is not installed")


def commands() -> list[str]:
    """The commands of FlowSpec in the workflow."""
    workflow = yaml.safe_load((EXAMPLES / "ci" / "flows.yml").read_text())
    lines = [step.get("run", "") for step in workflow["jobs"]["flows"]["steps"]]
    return [line for line in lines if line.startswith("flowspec ")]


@pytest.fixture
def project(tmp_path):
    (tmp_path / "flows").mkdir()
    (tmp_path / "data").mkdir()
    shutil.copy(EXAMPLES / "iris.flow", tmp_path / "flows")
    shutil.copy(EXAMPLES / "data" / "iris.csv", tmp_path / "data")
    return tmp_path


def run(line: str, project) -> subprocess.CompletedProcess[str]:
    path = f"{SCRIPT.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        ["sh", "-c", line], cwd=project, env=environment, capture_output=True, text=True
    )


@pytest.mark.slow
def test_the_commands_of_the_workflow_pass_in_such_a_project(project):
    pytest.importorskip("torch")
    assert [line.split()[1] for line in commands()] == ["check", "fmt", "fit", "verify"]
    for line in commands():
        done = run(line, project)
        assert done.returncode == 0, done.stderr
    assert (project / "iris" / "flow.json").exists()


def test_a_mistake_in_a_flow_fails_the_first_of_them(project):
    (project / "flows" / "typo.flow").write_text("Normal(0, 1) |> Tnah\n")
    done = run(commands()[0], project)
    assert done.returncode == 1
    assert "::error file=flows/typo.flow,line=1" in done.stdout
