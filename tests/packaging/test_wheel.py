"""The wheel holds what it needs, and works where the sources are not."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from environments import environment, install, use_outside_of_the_checkout
from flowspec.view.engine import HASHES

NEEDED = {
    "flowspec/diagnostics/explanations/domain-mismatch.md",
    "flowspec/export/embed/templates/flow.cpp.in",
    "flowspec/py.typed",
    "flowspec/grammar/flow.lark",
    "flowspec/grammar/flow.schema.json",
    "flowspec/grammar/flow.table.json",
    "flowspec/grammar/prelude.flow",
    "flowspec/view/page/index.html",
    "flowspec/view/page/page.css",
    "flowspec/view/page/page.js",
    "flowspec/view/page/worker.js",
}


@pytest.mark.slow
def test_the_wheel_holds_the_grammar_the_types_and_the_license(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert names >= NEEDED
    assert [name for name in names if name.endswith("licenses/LICENSE")]
    assert not [name for name in names if not name.startswith("flowspec")]


@pytest.fixture
def installed(wheel, tmp_path) -> Path:
    """The Python of a fresh environment: the wheel, over the packages of the present one."""
    python = environment(tmp_path / "venv")
    install(python, "--no-deps", "--no-index", wheel)
    (site,) = (tmp_path / "venv").glob("lib/python3*/site-packages")
    packages = [path for path in sys.path if path.endswith("site-packages")]
    # These folders are searched last, and the .pth files in them (an editable FlowSpec, say)
    # are not read.
    (site / "packages.pth").write_text("\n".join(packages) + "\n")
    return python


@pytest.mark.slow
def test_the_wheel_works_outside_of_the_checkout(installed, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    use_outside_of_the_checkout(installed, folder)
    for name in HASHES:  # of onnxruntime-web, which npm would get
        (folder / name).write_bytes(b"")
    view = [installed.with_name("flowspec"), "view", "my", "-o", "site", "--ort", "."]
    subprocess.run(view, cwd=folder, check=True)
    assert (folder / "site" / "page.js").stat().st_size > 0
