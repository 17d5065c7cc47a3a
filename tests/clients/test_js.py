"""The client in JavaScript: its own tests, what it packs, and its README followed."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import numpy as np
import pytest

import flowspec
from flowspec.export.c import files as native
from flowspec.version import VERSION

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients" / "js"
README = (CLIENT / "README.md").read_text()
KINDS = {
    "double": {"dtype": "float64", "gradient": True},
    "batches": {"target": "static", "batch": 16},
    "vector": {"target": "hssm"},
    "shared": {"share_weights": True},
    **(
        {
            "module": {"wasm": True, "gradient": True},
            "module_without_gradient": {"wasm": True},
            "module_of_lent_memory": {"wasm": True, "gradient": "log_prob"},
            "module_of_doubles": {"wasm": True, "gradient": True, "dtype": "float64"},
            "module_of_vector": {"wasm": True, "target": "hssm"},
        }
        if shutil.which("clang") and shutil.which("wasm-ld")
        else {}
    ),
}
CONDITIONAL = (
    "context k: positive\nevent a: (0, 1), b: real\n"
    "MAF(2, transforms=1, hidden=[32, 32]) |> Onto(event)"
)
ENSEMBLE = "event a, b: positive\nNSF(2, transforms=1, hidden=[8]) |> Standardize |> Onto(event)"


def run(*command, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, capture_output=True, text=True, timeout=600,
        env=os.environ | environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def packed(modules, alone, tmp_path_factory) -> Path:
    """A project that has the package as npm packs it, and onnxruntime-node."""
    project = tmp_path_factory.mktemp("project")
    with alone():
        run("npm", "pack", "--pack-destination", project, cwd=CLIENT)
    (archive,) = project.glob("*.tgz")
    with tarfile.open(archive) as tar:
        tar.extractall(project, filter="data")
    (project / "node_modules").mkdir()
    (project / "package").rename(project / "node_modules" / "flowspec")
    for name in ("onnxruntime-node", "onnxruntime-common"):
        (project / "node_modules" / name).symlink_to(modules / name)
    return project


def test_its_tests_pass_with_bundles_of_every_kind(modules, alone, imported, tmp_path, monkeypatch):
    for name, options in KINDS.items():
        with monkeypatch.context() as patch:
            if name.endswith("lent_memory"):
                patch.setattr(native, "MOST_TEXT", 0)
                patch.setattr(native, "MOST_STACK", 0)
            flowspec.compile(flowspec.parse(CONDITIONAL), tmp_path / name, **options)
    nothing_to_share = flowspec.parse("Normal(0, 1)")
    flowspec.compile(nothing_to_share, tmp_path / "unshared", share_weights=True)
    rows = np.random.default_rng(0).gamma(3, size=(60, 2))
    mixed = {"ensemble": 2, "gaussians": 0.5, "epochs": 2}
    flowspec.fit(flowspec.parse(ENSEMBLE), rows, output=tmp_path / "ensemble", **mixed)
    folders = f"{tmp_path}:{imported['wide'].parent}"
    with alone():
        said = run("npm", "test", cwd=CLIENT, FLOWSPEC_BUNDLES=folders)
    for name in [*KINDS, "unshared", "ensemble", *imported]:
        assert f"{name} gives the numbers of its vectors" in said


def test_the_package_holds_the_program_its_types_and_nothing_else(packed):
    place = packed / "node_modules" / "flowspec"
    names = {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}
    built = {name for name in names if re.fullmatch(r"dist/[\w/]+\.(js|d\.ts)", name)}
    sources = {path.relative_to(CLIENT / "src") for path in (CLIENT / "src").rglob("*.ts")}
    assert names - built == {"README.md", "LICENSE", "package.json"}
    assert len(built) == 2 * len(sources)


def test_its_version_is_that_of_flowspec():
    assert json.loads((CLIENT / "package.json").read_text())["version"] == VERSION


def test_its_onnxruntimes_are_those_of_the_engines():
    pinned = json.loads((CLIENT / "package.json").read_text())["devDependencies"]
    lines = (ROOT / "constraints-engines.txt").read_text().splitlines()
    engines = [line.removeprefix("# npm: ") for line in lines if line.startswith("# npm: ")]
    assert engines
    assert {engine: pinned[engine.rpartition("@")[0]] for engine in engines} == {
        engine: engine.rpartition("@")[2] for engine in engines
    }


@pytest.mark.parametrize("name", ["two_moons", "spline", "wide"])
def test_ten_lines_of_its_readme_print_the_samples_of_python(packed, imported, name):
    path = imported.get(name, ROOT / "exported" / name)
    (script,) = [code for code in re.findall(r"```js\n(.*?)```", README, re.S) if "argv" in code]
    assert len([line for line in script.splitlines() if line and line[:2] != "//"]) <= 10
    (packed / "print.mjs").write_text(script)
    heads, *rows = csv.reader(io.StringIO(run("node", "print.mjs", path, cwd=packed)))
    bundle = flowspec.load(path)
    x, log_prob = bundle.sample(10, seed=1, with_log_prob=True)
    expected = np.column_stack([x.reshape(len(x), -1), log_prob])
    assert heads == [*bundle.columns, "log_prob"]
    np.testing.assert_allclose(np.array(rows, float), expected, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("page", [CLIENT / "README.md", ROOT / "docs" / "calling.md"])
def test_the_first_lines_of_the_pages_run(page, packed):
    code = re.findall(r"```js\n(.*?)```", page.read_text(), re.S)[0]
    assert len(code.strip().splitlines()) == 5
    said = "\nconsole.log(x, logProb);"
    (packed / "start.mjs").write_text(code.replace('"exported/', f'"{ROOT}/exported/') + said)
    assert "Float32Array(2000)" in run("node", "start.mjs", cwd=packed)
