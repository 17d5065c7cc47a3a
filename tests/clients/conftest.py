"""Modules of Node that clients of bundles need, and bundles that nobody made by hand."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PINNED = Path(__file__).parents[2] / "constraints-engines.txt"


@pytest.fixture(scope="session")
def modules(tmp_path_factory) -> Path:
    """A folder `node_modules` with onnxruntime-node and -web; a skip where they cannot be had."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed")
    place = tmp_path_factory.mktemp("node")
    (place / "package.json").write_text("{}")
    npm = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(
            [*npm, *pinned_modules()], cwd=place, capture_output=True, text=True, timeout=1800,
            env=os.environ | {"ONNXRUNTIME_NODE_INSTALL": "skip"},
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not install onnxruntime-node within half an hour")
    if done.returncode:
        pytest.skip(f"npm cannot install onnxruntime-node: {done.stderr.strip()[-300:]}")
    yield place / "node_modules"
    shutil.rmtree(place)


def pinned_modules() -> list[str]:
    """The modules of Node that `constraints-engines.txt` pins, as npm takes them."""
    lines = PINNED.read_text().splitlines()
    return [line.removeprefix("# npm: ") for line in lines if line.startswith("# npm: ")]


@pytest.fixture(scope="session")
def imported(tmp_path_factory) -> dict[str, Path]:
    """The bundles of `imported_flows.FLOWS`, by name; a skip where zuko is missing.

    "spline" has one column, "conditional" seven and two variables, "wide" forty and no gradients.
    """
    pytest.importorskip("zuko")
    from imported_flows import write_imported

    return write_imported(tmp_path_factory.mktemp("imported"))
