"""Modules of Node: found as Node finds them from the current folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from flowspec.runtime.replay.engine import Engine, Missing

PROGRAM = Path(__file__).parents[1] / "engines" / "node.mjs"
LOWEST = 18
"""The oldest Node whose modules the program needs."""


def module(name: str) -> Path:
    """The folder of a module.

    Errors:  Missing.
    """
    for folder in _folders():
        if (folder / name / "package.json").is_file():
            return (folder / name).resolve()
    raise Missing(f"the module {name} is not installed")


def version_of_module(name: str) -> str:
    return str(json.loads((module(name) / "package.json").read_text())["version"])


def node_version() -> str:
    """The version of Node.

    Errors:  Missing, where there is none, or one that is too old.
    """
    if shutil.which("node") is None:
        raise Missing("there is no `node` on the PATH")
    done = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    version = done.stdout.strip().removeprefix("v")
    if not version or int(version.split(".")[0]) < LOWEST:
        raise Missing(f"`node` is of version {version or 'unknown'}")
    return version


def _folders() -> Iterator[Path]:
    here = Path.cwd()
    yield from (folder / "node_modules" for folder in (here, *here.parents))
    yield from (Path(name) for name in os.environ.get("NODE_PATH", "").split(os.pathsep) if name)


class NodeEngine(Engine):
    """A module of onnxruntime in Node."""

    package: str
    provider: str

    def version(self) -> str:
        return f"{version_of_module(self.package)} (Node {node_version()})"

    def command(self, folder: Path) -> list[str]:
        place = str(module(self.package))
        return ["node", str(PROGRAM), place, self.provider, str(folder)]
