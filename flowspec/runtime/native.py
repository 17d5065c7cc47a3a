"""The C of a bundle, built with the compiler that is there and called through ctypes."""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.runtime.formats import Description
from flowspec.runtime.lent import LentMemory
from flowspec.runtime.signatures import outputs_of, row_of

FOLDER = "native"
"""The folder of a bundle that holds its C."""

SYMBOL = r"[A-Za-z_][A-Za-z0-9_]*"

GRAPHS = ("log_prob", "sample", "from_noise", "to_base", "log_prob_grad")
"""The graphs that are functions of C, too."""

KEYWORDS = frozenset(
    [
        "auto",
        "break",
        "case",
        "char",
        "class",
        "const",
        "continue",
        "default",
        "delete",
        "do",
        "double",
        "else",
        "enum",
        "extern",
        "float",
        "for",
        "goto",
        "if",
        "inline",
        "int",
        "long",
        "new",
        "private",
        "protected",
        "public",
        "register",
        "restrict",
        "return",
        "short",
        "signed",
        "sizeof",
        "static",
        "struct",
        "switch",
        "template",
        "this",
        "throw",
        "try",
        "typedef",
        "union",
        "unsigned",
        "using",
        "virtual",
        "void",
        "volatile",
        "while",
        "main",
    ]
)


class NoCompiler(Exception):
    """There is no C compiler, or it does not go on. Its text says which."""


@mistake
class NoNative(Diagnostic):
    message = "{path} holds no C"
    help = "`flowspec compile --native` writes it"
    path: str


def c_name(text: str) -> str:
    """A text as an identifier of C."""
    name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_") or "flow"
    if name[0].isdigit() or name in KEYWORDS:
        name = f"flow_{name}"
    return name


def name_in(files: Collection[str]) -> str | None:
    """The name of the functions of a bundle's C; None where it has none."""
    headers = [
        Path(name).stem for name in files if name.startswith(f"{FOLDER}/") and name.endswith(".h")
    ]
    return headers[0] if headers else None


def compiler() -> str:
    """The C compiler: $CC, cc, gcc or clang.

    Errors:  NoCompiler.
    """
    for name in (os.environ.get("CC", ""), "cc", "gcc", "clang"):
        if name and (path := shutil.which(name)):
            return path
    raise NoCompiler("there is no C compiler on the PATH")


def cache() -> Path:
    """The folder of libraries that were built."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "flowspec" / "native"


def built(files: Mapping[str, bytes]) -> Path:
    """The library of a bundle's C: built once, and kept by the digest of its text.

    Errors:  NoCompiler.
    """
    name = name_in(files)
    assert name is not None
    program = compiler()
    texts = {ending: files[f"{FOLDER}/{name}.{ending}"] for ending in ("h", "c")}
    digest = hashlib.sha256(b"\0".join([*texts.values(), program.encode(), sys.platform.encode()]))
    library = cache() / f"{digest.hexdigest()[:32]}.so"
    if library.exists():
        return library
    try:
        library.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=library.parent) as scratch:
            for ending, text in texts.items():
                Path(scratch, f"{name}.{ending}").write_bytes(text)
            made = Path(scratch, "library.so")
            line = [program, "-O3", "-shared", "-fPIC", "-o", str(made), f"{name}.c"]
            done = subprocess.run(line, cwd=scratch, capture_output=True, text=True)
            if done.returncode:
                words = " ".join(done.stderr.split())[:200]
                raise NoCompiler(f"{Path(program).name} does not compile it: {words}")
            os.replace(made, library)
    except OSError as error:
        raise NoCompiler(f"{library.parent}: {error.strerror}") from None
    return library


class Library:
    """The functions of a bundle's C.

    Errors:  NoCompiler; FlowError where the bundle has no C.
    """

    def __init__(self, path: Path, files: Mapping[str, bytes], said: Description):
        self.name = name_in(files)
        if self.name is None:
            raise FlowError(NoNative(path=str(path)))
        self.said = said
        self._library = ctypes.CDLL(str(built(files)))
        start = f"{FOLDER}/{self.name}"
        self._lent = LentMemory(files[f"{start}.h"].decode(), files, f"{start}.weights")

    def function(self, graph: str) -> NativeGraph:
        function = getattr(self._library, f"{self.name}_{graph}")
        return NativeGraph(function, graph, self.said, self._lent)


def library_of(path: Path, files: Mapping[str, bytes], said: Description) -> Library | None:
    """The C of a bundle that is being loaded; None, with a warning, where it cannot be built.

    Errors:  FlowError, where the bundle has no C.
    """
    try:
        return Library(path, files, said)
    except NoCompiler as missing:
        warnings.warn(f"{path} runs in onnxruntime: {missing}", stacklevel=5)
        return None


class NativeGraph:
    """A function of C with the inputs and outputs of a graph."""

    def __init__(
        self, function: Any, graph: str, said: Description, lent: LentMemory | None = None
    ):
        function.restype = None
        self.name = graph
        self.rows = {output: row_of(output, said) for output in outputs_of(graph, said)}
        """The shape of one row of each output, by its name."""
        self._function = function
        self._dtype = said.dtype
        self._context = bool(said.context)
        self._counted = graph == "sample"
        self._lent = lent if lent else None
        pointer, number, size = ctypes.c_void_p, ctypes.c_int64, ctypes.c_size_t
        inputs = [number, number] if self._counted else [pointer]
        outputs = [pointer] * (len(self.rows) + (graph == "log_prob_grad" and not self._context))
        memory = [pointer] * (len(lent) if lent else 0)
        function.argtypes = [*inputs, pointer, *outputs, size, *memory]

    def run(
        self, outputs: list[str], feeds: Mapping[str, Any], rows: int | None = None
    ) -> list[NDArray[Any]]:
        """The outputs of these names."""
        given = {
            name: np.ascontiguousarray(value, self._dtype)
            for name, value in feeds.items()
            if np.ndim(value)
        }
        count = len(next(iter(given.values()))) if given else int(feeds["n"])
        found = {name: np.empty((count, *row), self._dtype) for name, row in self.rows.items()}
        context = _address(given["context"]) if self._context else None
        results = [_address(value) for value in found.values()]
        if self._counted:
            first = [int(feeds["seed"]), int(feeds["first_row"])]
        else:
            first = [_address(next(value for name, value in given.items() if name != "context"))]
        if self.name == "log_prob_grad" and not self._context:
            results.append(None)
        lent = self._lent.addresses() if self._lent else ()
        self._function(*first, context, *results, count, *lent)
        return [found[name] for name in outputs]


def _address(array: NDArray[Any]) -> Any:
    return array.__array_interface__["data"][0]
