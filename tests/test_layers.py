"""The layers of `pyproject.toml` hold; what must start fast or run anywhere loads little."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {"torch", "onnx", "onnxruntime", "onnx_ir", "matplotlib", "pandas", "pyarrow"}
HEAVY |= {"jsonschema", "lark"}
COMPILER = {"torch._dynamo", "torch._inductor", "lightning_fabric"}


def loaded_by(code: str, modules: set[str] = HEAVY | COMPILER) -> set[str]:
    """Those modules that are loaded when a fresh interpreter has run the code."""
    script = f"{code}\nimport sys\nprint(*sorted({modules!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.slow
def test_every_file_imports_only_from_below():
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "code",
    [
        "import flowspec",
        "import flowspec; flowspec.read('examples/iris.flow').to_json()",
        "from flowspec.cli.main import cli; cli(['check', 'examples/iris.flow'])",
    ],
)
def test_checking_loads_nothing_heavy(code):
    assert loaded_by(f"import contextlib\nwith contextlib.suppress(SystemExit): {code}") == set()


def test_a_flow_loads_the_files_of_its_own_components_alone():
    own = {"flowspec.bases.cauchy", "flowspec.transforms.elementwise.hyperbolic"}
    others = {"flowspec.bases.von_mises", "flowspec.transforms.splines.bernstein"}
    code = "import flowspec; flowspec.parse('Cauchy(0, 1) |> Sinh')"
    assert loaded_by(code, own | others) == own


def test_opening_a_bundle_loads_onnxruntime_alone():
    assert loaded_by("import flowspec; flowspec.load('exported/one_liner').sample(2)") == {
        "onnxruntime"
    }


def test_compiling_loads_no_torch():
    code = (
        "import flowspec, tempfile; "
        "flowspec.compile(flowspec.parse('Normal(0, 1)'), tempfile.mkdtemp() + '/b')"
    )
    assert "torch" not in loaded_by(code)


@pytest.mark.slow
def test_training_on_one_device_loads_no_compiler():
    pytest.importorskip("torch")
    flow = "Normal(learn(0), learn(1))"
    code = f"import flowspec; flowspec.fit(flowspec.parse({flow!r}), [0.0, 1.0, 3.0], epochs=2)"
    assert "torch" in (loaded := loaded_by(code))
    assert not loaded & COMPILER


def test_the_wheel_holds_every_package():
    listed = set(
        tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    )
    folders = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in (ROOT / "flowspec").rglob("__init__.py")
    }
    assert listed == folders | {"flowspec.grammar"}
