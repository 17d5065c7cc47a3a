"""`native/NAME.wasm`, with and without SIMD, and `NAME.mjs`, the module that calls them."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.export.targets import Target
from flowspec.export.templates import filled
from flowspec.model.model import Model
from flowspec.runtime.lent import stated
from flowspec.runtime.native import FOLDER, GRAPHS
from flowspec.version import VERSION

VARIANTS: Mapping[str, tuple[str, ...]] = {"": ("-msimd128",), ".plain": ()}
"""What each file may use, by what its name ends with in front of `.wasm`."""

COMPILED = [
    "--target=wasm32-unknown-unknown",
    "-std=c99",
    "-O3",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-nostdlibinc",
    "-isystem",
    ".",
]
"""The flags of clang: the flow needs no library of C."""

PAGE = 65536
"""Bytes of a page of memory."""


@mistake
class NoWasmTool(Diagnostic):
    message = "WebAssembly is made with {tool}, which is not on the PATH"
    help = "install clang and lld: Debian's packages have these names"
    tool: str


@mistake
class WasmFails(Diagnostic):
    message = "{tool} makes no WebAssembly: {reason}"
    help = "clang 13 and lld 13 or newer make it: Debian's packages are clang and lld"
    tool: str
    reason: str


@dataclass(frozen=True)
class WasmTools:
    """The paths of the programs that make WebAssembly."""

    clang: str
    linker: str


def wasm_tools() -> WasmTools:
    """The programs on the PATH.

    Errors:  FlowError, where one is missing.
    """
    paths = []
    for tool in ("clang", "wasm-ld"):
        path = shutil.which(tool)
        if path is None:
            raise FlowError(NoWasmTool(tool=tool))
        paths.append(path)
    return WasmTools(*paths)


def wasm_files(
    model: Model, target: Target, name: str, native: Mapping[str, bytes], tools: WasmTools
) -> dict[str, bytes]:
    """The files of WebAssembly, by their names in the bundle. Same input and tools, same bytes.

    native   the files of C
    Errors:  FlowError, where the tools fail.
    """
    paths = [f"{FOLDER}/{name}{ending}.wasm" for ending in VARIANTS]
    with ThreadPoolExecutor() as pool:  # clang takes seconds for each
        made = pool.map(lambda flags: _module(name, native, tools, flags), VARIANTS.values())
        modules = dict(zip(paths, made, strict=True))
    header = native[f"{FOLDER}/{name}.h"].decode()
    texts = {
        f"{FOLDER}/{name}.{ending}": _filled(f"flow.{ending}.in", model, target, name, header)
        for ending in ("mjs", "d.mts")
    }
    return modules | texts


def _module(
    name: str, native: Mapping[str, bytes], tools: WasmTools, flags: tuple[str, ...]
) -> bytes:
    room = files(__package__)
    with tempfile.TemporaryDirectory(prefix="flowspec-") as scratch:
        place = Path(scratch)
        for file in ("math.h", "string.h", "memory.c"):
            (place / file).write_text(room.joinpath(file).read_text())
        for file in (f"{name}.h", f"{name}.c"):
            (place / file).write_bytes(native[f"{FOLDER}/{file}"])
        compiled = [tools.clang, *COMPILED, *flags, "-c"]
        _call(place, *compiled, f"{name}.c", "-o", "flow.o")
        # Without -fno-builtin, the loop in memcpy would become a call of memcpy.
        _call(place, *compiled, "-fno-builtin", "memory.c", "-o", "memory.o")
        header = native[f"{FOLDER}/{name}.h"].decode()
        exports = [*(f"{name}_{graph}" for graph in GRAPHS), f"{name}_flow", "__heap_base"]
        exports += [f"{name}_weights_check"] * (stated(header, "WEIGHTS_BYTES") > 0)
        stack = _stack(header)
        _call(
            place, tools.linker, "--no-entry", "--strip-all", "--stack-first",
            "-z", f"stack-size={stack}", *(f"--export={symbol}" for symbol in exports),
            "flow.o", "memory.o", "-o", "flow.wasm",
        )  # fmt: skip
        return (place / "flow.wasm").read_bytes()


def _stack(header: str) -> int:
    """Bytes for the stack: what the header says, in whole pages, and one for what it does not."""
    return (-(-stated(header, "STACK") // PAGE) + 1) * PAGE


def _call(place: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=place, capture_output=True, text=True)
    if done.returncode:
        words = " ".join(done.stderr.split())[:200]
        raise FlowError(WasmFails(tool=Path(command[0]).name, reason=words))


def _filled(template: str, model: Model, target: Target, name: str, header: str) -> bytes:
    flow = model.flow
    values = {
        "NAME": name,
        "VERSION": VERSION,
        "COLUMNS": json.dumps(list(flow.columns)),
        "CONTEXT": json.dumps(list(flow.context.names) if flow.context else []),
        "NOISE": json.dumps(list(flow.noise)),
        "LATENT": json.dumps(list(model.fixed.base.latent)),
        "SUPPORT": json.dumps(str(model.fixed.space)),
        "DTYPE": target.dtype,
        "WEIGHTS_BYTES": str(stated(header, "WEIGHTS_BYTES")),
        "SCRATCH_BYTES": str(stated(header, "SCRATCH_BYTES")),
        "ARRAY": "Float32Array" if target.dtype == "float32" else "Float64Array",
    }
    text = files(__package__).joinpath(template).read_text()
    return filled(text, values).encode()
