"""Modules of Node that clients of bundles need, and bundles that nobody made by hand."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CLIENTS = Path(__file__).parents[2] / "clients"
NPM = ["npm", "install", "--loglevel=error"]


@pytest.fixture(scope="session")
def modules() -> Path:
    """The folder `clients/node_modules`, filled once; a skip where it cannot be had."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed")
    stamp, wanted = CLIENTS / "node_modules" / ".installed", _packages()
    with _alone():
        if not stamp.exists() or stamp.read_text() != wanted:
            _install()
            stamp.write_text(wanted)
    return CLIENTS / "node_modules"


@pytest.fixture(scope="session")
def alone():
    """Holds `clients/` while a block runs: no other process installs or builds there, or does what
    else it names.
    """
    return _alone


@contextmanager
def _alone(what: str = "") -> Iterator[None]:
    (CLIENTS / "node_modules").mkdir(exist_ok=True)
    with open(CLIENTS / "node_modules" / f".lock{what}", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _packages() -> str:
    """A digest of all that says which modules there are to be."""
    files = sorted(CLIENTS.glob("package.json")) + sorted(CLIENTS.glob("*/package.json"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _install() -> None:
    environment = os.environ | {"ONNXRUNTIME_NODE_INSTALL": "skip"}
    try:
        done = subprocess.run(
            NPM, cwd=CLIENTS, capture_output=True, text=True, timeout=1800, env=environment
        )
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not install the modules of clients/ within half an hour")
    if done.returncode:
        pytest.skip(f"npm cannot install the modules of clients/: {done.stderr.strip()[-300:]}")


@pytest.fixture(scope="session")
def imported(tmp_path_factory) -> dict[str, Path]:
    """The bundles of `imported_flows.FLOWS`, by name; a skip where zuko is missing.

    "spline" has one column, "conditional" seven and two variables, "wide" forty and no gradients.
    """
    pytest.importorskip("zuko")
    from imported_flows import write_imported

    return write_imported(tmp_path_factory.mktemp("imported"))
