"""The public API is typed: mypy and pyright accept `api.py`, which uses every name of it."""

from __future__ import annotations

import ast
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import flowspec

ROOT = Path(__file__).parents[2]
API = Path(__file__).with_name("api.py")
BIN = Path(sys.executable).parent
# As `make lint` calls it, with the options of pyproject.toml, `strict` among them: what it has read
# there (torch, numpy) need not be read again.
MYPY = [BIN / "mypy"]
WRONG = ["prase('x')", "load(3)", "parse('x').log_prob([1.0])", "Model('x')"]
PYRIGHT = [BIN / "basedpyright", "--level", "error"]


def test_every_public_name_is_used():
    tree = ast.walk(ast.parse(API.read_text()))
    used = {node.attr for node in tree if isinstance(node, ast.Attribute)}
    tree = ast.walk(ast.parse(API.read_text()))
    used |= {node.id for node in tree if isinstance(node, ast.Name)}
    assert set(flowspec.__all__) <= used


def test_the_public_names_are_those_that_are_loaded_when_used():
    assert set(flowspec.__all__) == {"FlowError", "__version__", *flowspec._PLACES}
    for name in flowspec.__all__:
        assert getattr(flowspec, name) is not None


@pytest.mark.slow
def test_the_program_runs(here):
    pytest.importorskip("zuko")
    runpy.run_path(str(API), run_name="__main__")


@pytest.mark.slow
@pytest.mark.parametrize("checker", [MYPY, PYRIGHT], ids=["mypy --strict", "pyright"])
def test_a_type_checker_accepts_the_program_and_refuses_a_wrong_one(checker, tmp_path):
    if not checker[0].exists():
        pytest.skip(f"{checker[0].name} is not installed")
    program = tmp_path / "wrong.py"
    program.write_text("import flowspec\n" + "".join(f"flowspec.{call}\n" for call in WRONG))
    done = subprocess.run([*checker, API, program], cwd=ROOT, capture_output=True, text=True)
    told = set(re.findall(r"^\s*(\S+?):(\d+)[:\d]* *(?:- )?error", done.stdout, re.M))
    # Mistakes inside the package are for `make lint`.
    ours = {(Path(file).name, int(line)) for file, line in told if "flowspec/" not in file}
    assert ours == {("wrong.py", line) for line in range(2, 2 + len(WRONG))}, done.stdout
