"""FlowSpec runs on the oldest and on the newest versions that `pyproject.toml` promises.

Here without torch, whose old builds are gigabytes: `nox` runs the whole suite at both ends.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from environments import environment, install, use_outside_of_the_checkout

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OLDEST = ROOT / "constraints-oldest.txt"
PYTHONS = sorted(
    tuple(map(int, version.split(".")))
    for line in PROJECT["classifiers"]
    for version in re.findall(r"Python :: (3\.\d+)$", line)
)
ENDS = {
    "oldest": (PYTHONS[0], ["-c", str(OLDEST)]),
    "newest": (PYTHONS[-1], ["--upgrade"]),
}


def lower_bounds() -> dict[str, str]:
    """The oldest version of each dependency that `pyproject.toml` promises, by name."""
    extras = PROJECT["optional-dependencies"]
    promised = [line for name, group in extras.items() if name != "test" for line in group]
    return dict(line.split(">=") for line in [*PROJECT["dependencies"], *promised])


def test_the_oldest_constraints_are_the_lower_bounds():
    lines = [line for line in OLDEST.read_text().splitlines() if line and line[0] != "#"]
    pins = dict(line.split("==") for line in lines)
    for name, version in lower_bounds().items():
        assert f"{pins[name]}.".startswith(f"{version}."), name


def test_the_oldest_python_is_the_required_one():
    assert PROJECT["requires-python"] == f">={'.'.join(map(str, PYTHONS[0]))}"


def python_of(version: tuple[int, ...]) -> str:
    """A Python of this version, or a skip where this machine has none."""
    name = "python" + ".".join(map(str, version))
    pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{name[6:]}.*/bin/{name}"))
    for path in [*pyenv[-1:], shutil.which(name)]:
        if path and not subprocess.run([path, "-c", ""], capture_output=True).returncode:
            return str(path)
    pytest.skip(f"there is no {name} here")


@pytest.mark.slow
@pytest.mark.parametrize("end", ENDS)
def test_the_wheel_works_with_the_versions_at_this_end(end, wheel, tmp_path):
    version, options = ENDS[end]
    python = environment(tmp_path / "venv", python_of(version))
    install(python, *options, wheel)
    (tmp_path / "empty").mkdir()
    use_outside_of_the_checkout(python, tmp_path / "empty")
    for bundle in ("one_liner", "iris", "wind"):
        verify = [python.with_name("flowspec"), "verify", ROOT / "exported" / bundle]
        done = subprocess.run(verify, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
