"""The files of onnxruntime-web that the page runs a bundle with.

They are too large for a wheel: npm gets them once, into a folder of the user's caches, and each
is held against its hash whenever it is read. A folder that the user names is taken as it is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

from flowspec.data.files import write_file
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake

VERSION = "1.30.0"
PACKAGE = f"onnxruntime-web@{VERSION}"
HASHES: Mapping[str, str] = {
    "ort.wasm.bundle.min.mjs": "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    "ort-wasm-simd-threaded.wasm": (
        "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2"
    ),
}
"""The SHA-256 of each file of this version."""

PATIENCE = 600
"""Seconds after which npm is not waited for any longer."""


@mistake
class EngineUnreachable(Diagnostic):
    message = f"the page needs {PACKAGE}, which cannot be had: {{reason}}"
    help = (
        f"where there is npm: `npm install {PACKAGE}`, then "
        "`--ort node_modules/onnxruntime-web/dist`"
    )
    reason: str


@mistake
class EngineIncomplete(Diagnostic):
    message = "{folder} has no {file}"
    help = "name the folder `dist` of the npm package onnxruntime-web"
    folder: str
    file: str


def engine_files(folder: Path | None = None) -> dict[str, bytes]:
    """The files by name.

    folder   a `dist` of onnxruntime-web, of whatever version; None for the user's cache
    Errors:  FlowError, where they are not there and cannot be had.
    """
    if folder is not None:
        return {name: _read(folder / name) for name in HASHES}
    present = _cached()
    if present is None:
        for name, data in _fetched().items():
            write_file(cache() / name, data)
        present = _cached()
    if present is None:
        raise FlowError(EngineUnreachable(reason=f"{cache()} does not keep what is written there"))
    return present


def cache() -> Path:
    """The folder that keeps the files for the user."""
    home = Path.home()
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", home / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "flowspec" / PACKAGE


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        missing = EngineIncomplete(folder=str(path.parent), file=path.name)
        raise FlowError(missing) from None


def _cached() -> dict[str, bytes] | None:
    """The files of the cache; None where one is missing, or is another one."""
    try:
        files = {name: (cache() / name).read_bytes() for name in HASHES}
    except OSError:
        return None
    return files if _are_right(files) else None


def _are_right(files: Mapping[str, bytes]) -> bool:
    return {name: hashlib.sha256(data).hexdigest() for name, data in files.items()} == HASHES


def _fetched() -> dict[str, bytes]:
    """The files, out of the package that npm gets."""
    npm = shutil.which("npm")
    if npm is None:
        raise FlowError(EngineUnreachable(reason="there is no `npm` on the PATH"))
    with tempfile.TemporaryDirectory(prefix="flowspec-") as place:
        files = _unpacked(_archive(npm, Path(place)))
    if not _are_right(files):
        raise FlowError(EngineUnreachable(reason="npm gave a package of other content"))
    return files


def _archive(npm: str, place: Path) -> Path:
    """The package, as npm packs it."""
    command = [npm, "pack", PACKAGE, "--silent", "--pack-destination", str(place)]
    try:
        done = subprocess.run(
            command, cwd=place, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise FlowError(EngineUnreachable(reason="npm does not answer")) from None
    archives = list(place.glob("*.tgz"))
    if done.returncode or not archives:
        said = (done.stderr or done.stdout).strip().splitlines()
        words = said[0].removeprefix("npm error ").strip() if said else "it does not say why"
        raise FlowError(EngineUnreachable(reason=f"npm cannot get it ({words})"))
    return archives[0]


def _unpacked(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as package:
        members = {name: package.extractfile(f"package/dist/{name}") for name in HASHES}
        return {name: member.read() for name, member in members.items() if member}
