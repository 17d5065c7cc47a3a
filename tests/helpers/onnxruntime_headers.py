"""onnxruntime for C++: the library of the Python package beside headers of Debian's package, which
is unpacked and not installed.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest

PACKAGE = "libonnxruntime-dev"
RELEASE = "trixie"
"""The oldest release of Debian that has the package."""
INSTALLED = Path("/usr/include/onnxruntime")
CACHE = Path(__file__).parents[2] / "clients" / "cpp" / ".onnxruntime"


def onnxruntime_root() -> Path:
    """A folder with `include` and `lib`, as `ONNXRUNTIME_ROOT` wants it; a skip where it cannot be
    had.
    """
    if "ONNXRUNTIME_ROOT" in os.environ:
        return Path(os.environ["ONNXRUNTIME_ROOT"])
    if not (CACHE / "include").exists() or not (CACHE / "lib" / "libonnxruntime.so").exists():
        _write(CACHE)
    return CACHE


def _write(place: Path) -> None:
    """The folder, made elsewhere and moved, so that it is whole where it is there."""
    scratch = place.with_name(f"{place.name}.{os.getpid()}")
    shutil.rmtree(scratch, ignore_errors=True)
    (scratch / "lib").mkdir(parents=True)
    for name in ("libonnxruntime.so", "libonnxruntime.so.1"):
        (scratch / "lib" / name).symlink_to(_library())
    (scratch / "include").symlink_to(_headers(scratch))
    shutil.rmtree(place, ignore_errors=True)
    scratch.rename(place)


def _library() -> Path:
    spec = importlib.util.find_spec("onnxruntime")
    assert spec and spec.submodule_search_locations
    places = [Path(place, "capi") for place in spec.submodule_search_locations]
    files = [file for place in places for file in sorted(place.glob("libonnxruntime.so.*"))]
    if not files:
        pytest.skip("the package onnxruntime has no libonnxruntime here")
    return files[0]


def _headers(scratch: Path) -> Path:
    """The folder of the headers: the one that is installed, or one below `scratch`."""
    if INSTALLED.exists():
        return INSTALLED
    try:
        _unpack(scratch)
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(scratch)
        pytest.skip(f"onnxruntime's headers for C++ are not to be had here: {error}")
    return Path("debian/usr/include/onnxruntime")


def _unpack(scratch: Path) -> None:
    """Debian's package, with lists of its own beside those of the machine."""
    apt = scratch / "apt"
    (apt / "lists" / "partial").mkdir(parents=True)
    (apt / "archives" / "partial").mkdir(parents=True)
    (apt / "status").touch()
    (apt / "sources.list").write_text(f"deb {_mirror()} {RELEASE} main\n")
    settings = {
        "Dir::Etc::sourcelist": apt / "sources.list", "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": apt / "lists", "Dir::State::status": apt / "status",
        "Dir::Cache": apt, "APT::Sandbox::User": "root",
    }  # fmt: skip
    options = [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]
    for command in (["update"], ["download", PACKAGE]):
        _run(["apt-get", "-qq", *options, *command], apt)
    (file,) = apt.glob(f"{PACKAGE}_*.deb")
    _run(["dpkg", "-x", str(file), str(scratch / "debian")], apt)
    shutil.rmtree(apt)


def _mirror() -> str:
    """Where this machine has its packages of Debian from."""
    line = ["apt-get", "indextargets", "--format", "$(ORIGIN) $(CODENAME) $(REPO_URI)"]
    for words in map(str.split, _run([*line, "Identifier: Packages"], Path.cwd()).splitlines()):
        if words[0] == "Debian" and "-" not in words[1]:
            return words[2]
    raise OSError("it has no packages of Debian")


def _run(line: list[str], place: Path) -> str:
    done = subprocess.run(line, cwd=place, check=True, capture_output=True, text=True, timeout=300)
    return done.stdout
