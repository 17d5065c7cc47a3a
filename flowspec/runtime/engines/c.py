"""A C program over the libonnxruntime that the Python package ships."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

from flowspec.runtime.replay.engine import Engine, Missing, version_of

SOURCE = Path(__file__).with_name("c.c")


class C(Engine):
    name = "c"
    advice = "install a C compiler, and `pip install onnxruntime` for its library"

    def version(self) -> str:
        _compiler()
        _library()
        return version_of("onnxruntime")

    def command(self, folder: Path) -> list[str]:
        """Compile the program into the folder of the jobs, once."""
        program = folder / "replay"
        if not program.exists():
            line = [_compiler(), "-O1", "-o", str(program), str(SOURCE), "-ldl"]
            subprocess.run(line, check=True, capture_output=True)
        return [str(program), str(_library()), str(folder)]


def _compiler() -> str:
    for name in ("cc", "gcc", "clang"):
        if path := shutil.which(name):
            return path
    raise Missing("there is no C compiler on the PATH")


def _library() -> Path:
    """libonnxruntime, in the package of Python."""
    spec = importlib.util.find_spec("onnxruntime")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        if files := sorted(Path(place, "capi").glob("libonnxruntime.so.*")):
            return files[0]
    raise Missing("there is no libonnxruntime in the package onnxruntime")


ENGINE = C()
