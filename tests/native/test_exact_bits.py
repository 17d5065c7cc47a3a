"""`exact_bits`: the same floats from every compiler, instruction set and WebAssembly."""

from __future__ import annotations

import ctypes
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import flowspec
from flowspec.runtime.formats import describe, read
from flowspec.runtime.native import GRAPHS, NativeGraph

pytestmark = pytest.mark.slow

ROWS = 100
BUILDS = [
    "gcc -O3 -DFLOWSPEC_NO_DISPATCH",
    "gcc -O3 -mavx2 -mfma",
    "clang -O3 -DFLOWSPEC_NO_DISPATCH",
    "clang -O3 -mavx2 -mfma",
]
SCRIPT = Path(__file__).with_name("bits.mjs")


def floats(data: bytes) -> np.ndarray:
    """The bits of float32 numbers; those of NaN, which processors choose, are all the same."""
    numbers = np.frombuffer(data, np.float32)
    return np.where(np.isnan(numbers), np.float32(np.nan), numbers).view(np.uint32)


@pytest.fixture(scope="module")
def tables(small_bundle):
    """Points with ends, points outside and NaN among them; noise; a context."""
    rng = np.random.default_rng(0)
    context = rng.normal(size=(ROWS, 1)).astype(np.float32)
    x = flowspec.load(small_bundle).sample(seed=1, context=context).astype(np.float32)
    x[:6, 0] = [0, 1, -1, np.nan, 1e-30, 0.99999994]
    x[6:9, 1] = [np.inf, 1e-40, 0]
    noise = rng.normal(size=(ROWS, 2)).astype(np.float32)
    return {"x": x, "noise": noise, "context": context}


def of_library(small_bundle, tables, line: str, place: Path) -> dict[str, dict[str, bytes]]:
    compiler, *flags = line.split()
    if shutil.which(compiler) is None:
        pytest.skip(f"there is no {compiler}")
    if "-mavx2" in flags and "avx2" not in Path("/proc/cpuinfo").read_text():
        pytest.skip("the processor has no AVX2")
    library = place / "flow.so"
    source = small_bundle / "native" / "flow.c"
    command = [compiler, *flags, "-std=c99", "-shared", "-fPIC", source, "-o", library]
    subprocess.run(command, check=True)
    opened, said = ctypes.CDLL(str(library)), describe(read(small_bundle)[0])
    graphs = [NativeGraph(getattr(opened, f"flow_{name}"), name, said) for name in GRAPHS]
    return {
        "together": {k: b"".join(v) for k, v in outputs(graphs, tables, [range(ROWS)]).items()},
        "alone": {
            k: b"".join(v)
            for k, v in outputs(graphs, tables, [range(i, i + 1) for i in range(ROWS)]).items()
        },
    }


def outputs(graphs, tables, pieces) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = {}
    for rows in pieces:
        part = {name: table[rows.start : rows.stop] for name, table in tables.items()}
        for graph in graphs:
            wanted = "noise" if graph.name == "from_noise" else "x"
            feeds = {wanted: part[wanted], "context": part["context"]}
            if graph.name == "sample":
                feeds = {"seed": 7, "first_row": 11 + rows.start, "context": part["context"]}
            for output, values in zip(graph.rows, graph.run(list(graph.rows), feeds), strict=True):
                found.setdefault(f"{graph.name} {output}", []).append(values.tobytes())
    return found


@pytest.fixture(scope="module")
def reference(small_bundle, tables, tmp_path_factory):
    """What the compiler of the machine makes of it."""
    found = of_library(
        small_bundle, tables, "cc -O1 -DFLOWSPEC_NO_DISPATCH", tmp_path_factory.mktemp("r")
    )
    return found["together"]


def same(found, reference) -> None:
    for kind, values in found.items():
        assert values.keys() == reference.keys()
        for key, data in values.items():
            np.testing.assert_array_equal(floats(data), floats(reference[key]), f"{key}, {kind}")


@pytest.mark.parametrize("line", BUILDS)
def test_every_compiler_and_instruction_set_gives_the_same_bits(
    small_bundle, tables, reference, tmp_path, line
):
    same(of_library(small_bundle, tables, line, tmp_path), reference)


@pytest.mark.parametrize("file", ["flow.wasm", "flow.plain.wasm"])
def test_webassembly_gives_the_same_bits(wasm_bundle, tables, reference, file):
    if shutil.which("node") is None:
        pytest.skip("there is no Node")
    asked = {"seed": "7", "firstRow": "11", "rows": ROWS}
    asked["tables"] = {name: table.tobytes().hex() for name, table in tables.items()}
    native = wasm_bundle / "native"
    done = subprocess.run(
        ["node", SCRIPT, native / "flow.mjs", native / file],
        input=json.dumps(asked), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = {
        kind: {key: bytes.fromhex(text) for key, text in values.items()}
        for kind, values in json.loads(done.stdout).items()
    }
    same(found, reference)
