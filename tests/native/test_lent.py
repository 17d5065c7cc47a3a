"""Large flows in C: weights in a file of their own, scratch memory that the caller gives."""

from __future__ import annotations

import ctypes
import hashlib
import json
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import flowspec
from flowspec.export.c import files
from flowspec.runtime.formats import describe, read
from flowspec.runtime.lent import LentMemory, stated
from flowspec.runtime.native import GRAPHS, NativeGraph
from flowspec.runtime.verification import verify
from tests.native.conftest import FLOW
from tests.native.test_stack import deepest, frames

pytestmark = pytest.mark.slow

KINDS = {"weights": ["weights"], "scratch": ["scratch"], "both": ["weights", "scratch"]}
ROWS = 50
needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")


@pytest.fixture(scope="module", params=KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def lent(kind, tmp_path_factory):
    """The small flow, as if it were a large one."""
    with pytest.MonkeyPatch.context() as patch:
        for word, constant in (("weights", "MOST_TEXT"), ("scratch", "MOST_STACK")):
            if word in KINDS[kind]:
                patch.setattr(files, constant, 0)
        return flowspec.compile(
            flowspec.parse(FLOW), tmp_path_factory.mktemp(kind) / "flow",
            gradient="log_prob", native=True, exact_bits=True, wasm=_has_wasm(),
        )  # fmt: skip


def _has_wasm() -> bool:
    return all(map(shutil.which, ("clang", "wasm-ld", "node")))


def header_of(bundle) -> str:
    return (bundle / "native" / "flow.h").read_text()


def built(bundle, folder) -> ctypes.CDLL:
    line = ["cc", "-std=c99", "-O1", "-DFLOWSPEC_NO_DISPATCH", "-shared", "-fPIC", "-o"]
    subprocess.run([*line, folder / "flow.so", bundle / "native" / "flow.c"], check=True)
    return ctypes.CDLL(str(folder / "flow.so"))


def outputs(bundle, folder, tables) -> dict[str, np.ndarray]:
    about, held = read(bundle)
    library, said = built(bundle, folder), describe(about)
    memory = LentMemory(header_of(bundle), held, "native/flow.weights")
    found = {}
    for name in GRAPHS:
        graph = NativeGraph(getattr(library, f"flow_{name}"), name, said, memory)
        values = graph.run(list(graph.rows), _feeds(name, tables))
        found |= {(name, key): value for key, value in zip(graph.rows, values, strict=True)}
    return found


def _feeds(graph: str, tables) -> dict[str, object]:
    if graph == "sample":
        return {"seed": 7, "first_row": 11, "context": tables["context"]}
    wanted = "noise" if graph == "from_noise" else "x"
    return {wanted: tables[wanted], "context": tables["context"]}


@pytest.fixture(scope="module")
def tables():
    random = np.random.default_rng(0)
    noise, context = random.normal(size=(ROWS, 2)), random.normal(size=(ROWS, 1))
    x = np.column_stack([random.uniform(size=ROWS), random.gamma(1, size=ROWS)])
    values = {"x": x, "noise": noise, "context": context}
    return {name: table.astype(np.float32) for name, table in values.items()}


@pytest.fixture(scope="module")
def usual(small_bundle, tables, tmp_path_factory):
    return outputs(small_bundle, tmp_path_factory.mktemp("usual"), tables)


@needs_cc
def test_every_float_is_that_of_the_usual_flow(lent, tables, usual, tmp_path):
    found = outputs(lent, tmp_path, tables)
    for key, value in usual.items():
        np.testing.assert_array_equal(found[key].view(np.uint32), value.view(np.uint32), str(key))


def test_functions_and_struct_take_what_they_need_behind_the_rows(lent, kind, small_bundle):
    parameters = {"weights": "const void *weights", "scratch": "void *scratch"}
    more = ", ".join(parameters[word] for word in KINDS[kind])
    usual, text = header_of(small_bundle), header_of(lent)
    for declared in re.findall(r"^(void flow_\w+\(.*)\);", usual, re.M):
        assert f"{declared}, {more});" in text
    for pointer in re.findall(r"^  (void \(\*\w+\)\(.*)\);", usual, re.M):
        assert f"  {pointer}, {more});" in text
    assert f"extern const flowspec_flow_float_{'_'.join(KINDS[kind])} flow_flow;" in text
    assert "extern const flowspec_flow_float flow_flow;" in usual


def test_usual_flows_take_neither(small_bundle):
    assert not re.search("scratch|weights", header_of(small_bundle))
    assert not list((small_bundle / "native").glob("*.weights"))


@pytest.mark.parametrize("kind", ["both"], indirect=True)
def test_the_file_of_weights_is_the_one_that_is_stated(lent):
    data = (lent / "native" / "flow.weights").read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    assert stated(header_of(lent), "WEIGHTS_BYTES") == len(data)
    assert f'#define FLOW_WEIGHTS_DIGEST "{digest}"' in header_of(lent)
    assert json.loads((lent / "flow.json").read_text())["files"]["native/flow.weights"] == digest
    assert "| `native/flow.weights` | | its weights, " in (lent / "README.md").read_text()


@needs_cc
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_each_matrix_begins_at_a_line_of_the_cache(tmp_path, monkeypatch, dtype):
    monkeypatch.setattr(files, "MOST_TEXT", 0)
    path = tmp_path / "flow"
    native = flowspec.compile(flowspec.parse(FLOW), path, native=True, dtype=dtype) / "native"
    starts = re.findall(r"\(const char \*\)weights \+ (\d+)", (native / "flow.c").read_text())
    assert starts
    assert {int(start) % 64 for start in starts} == {0}
    line = ["cc", "-std=c99", "-O0", "-DFLOWSPEC_NO_DISPATCH", "flow.c", "replay.c", "-lm"]
    subprocess.run(line, cwd=native, check=True)
    subprocess.run([native / "a.out"], cwd=native, check=True, capture_output=True)


@needs_cc
@pytest.mark.parametrize("kind", ["weights"], indirect=True)
def test_other_bytes_are_told_from_the_weights(lent, tmp_path):
    library = built(lent, tmp_path)
    library.flow_weights_check.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    data = np.fromfile(lent / "native" / "flow.weights", np.uint8)
    memory = np.zeros(data.size + 128, np.uint8)
    start = -memory.ctypes.data % 64

    def said(content, at=0, size=data.size):
        memory[start + at : start + at + data.size] = content
        return library.flow_weights_check(memory.ctypes.data + start + at, size)

    changed = data.copy()
    changed[data.size // 2] ^= 1
    assert said(data) == 0
    assert library.flow_weights_check(None, data.size) == 1
    assert said(data, at=4) == 1
    assert said(data, size=data.size - 4) == 2
    assert said(changed) == 3
    assert said(data.reshape(-1, 4)[:, ::-1].ravel()) == 3


@pytest.mark.parametrize("kind", ["both"], indirect=True)
@pytest.mark.parametrize("compiler", ["gcc -std=c99", "clang -std=c99", "g++ -x c++"])
def test_it_compiles_without_a_warning_and_replays_its_vectors(lent, tmp_path, compiler):
    program, *flags = compiler.split()
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program}")
    line = [program, *flags, "-O0", "-DFLOWSPEC_NO_DISPATCH", "-Wall", "-Wextra", "-pedantic"]
    sources = [lent / "native" / name for name in ("flow.c", "replay.c")]
    subprocess.run([*line, "-Werror", *sources, "-o", tmp_path / "replay", "-lm"], check=True)
    weights = lent / "native" / "flow.weights"
    done = subprocess.run([tmp_path / "replay", weights], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("ok") == len(done.stdout.splitlines()) == 10
    (tmp_path / "flow.weights").write_bytes(weights.read_bytes() + b"\0")
    done = subprocess.run([tmp_path / "replay"], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "flow.weights does not hold the weights of flow\n")


@needs_cc
def test_the_program_in_the_documentation_draws_a_row(tmp_path, monkeypatch):
    for constant in ("MOST_TEXT", "MOST_STACK"):
        monkeypatch.setattr(files, constant, 0)
    flow = flowspec.parse("MAF(2, transforms=1, hidden=[8])")
    bundle = flowspec.compile(flow, tmp_path / "big", native=True)
    page = Path(__file__).parents[2] / "docs" / "native.md"
    (program,) = re.findall(r"```C\n(.*?)```", page.read_text(), re.S)
    (tmp_path / "program.c").write_text(program)
    sources, native = [tmp_path / "program.c", bundle / "native" / "big.c"], bundle / "native"
    line = ["cc", "-std=gnu11", "-O0", "-DFLOWSPEC_NO_DISPATCH", "-Wall", "-Werror", f"-I{native}"]
    subprocess.run([*line, *sources, "-o", tmp_path / "program"], check=True)
    run = [tmp_path / "program", native / "big.weights"]
    said = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    x, log_prob = flowspec.load(bundle).sample(1, seed=1, with_log_prob=True)
    found = [float(word.rstrip(":")) for word in said.split()[1:]]
    assert found == pytest.approx([x[0, 0], log_prob[0]], rel=1e-4, abs=1e-4)
    other = tmp_path / "program.c"
    assert subprocess.run([tmp_path / "program", other], check=False).returncode == 1


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")
def test_the_stack_stays_below_the_figure_in_the_header(lent, tmp_path):
    needed = deepest(frames(tmp_path, lent / "native" / "flow.c", "-O2"))
    assert needed <= stated(header_of(lent), "STACK")


@pytest.fixture
def quick_compiler(tmp_path, monkeypatch):
    """A compiler that takes no time over a library."""
    program = tmp_path / "quick-cc"
    flags = "-O0 -DFLOWSPEC_NO_DISPATCH"
    program.write_text(f'#!/bin/sh\nexec {shutil.which("cc")} "$@" {flags}\n')
    program.chmod(0o755)
    monkeypatch.setenv("CC", str(program))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@needs_cc
@pytest.mark.parametrize("kind", ["both"], indirect=True)
def test_python_calls_it_from_many_threads(lent, tables, quick_compiler):
    bundle, other = flowspec.load(lent, runtime="native"), flowspec.load(lent)
    x, context = tables["x"], tables["context"]
    expected = other.log_prob(x, context)
    with ThreadPoolExecutor(4) as threads:
        several = list(threads.map(lambda _: bundle.log_prob(x, context), range(40)))
    for found in several:
        np.testing.assert_array_equal(found, several[0])
    np.testing.assert_allclose(several[0], expected, rtol=1e-4, atol=1e-4)
    drawn = [each.sample(seed=3, context=context) for each in (bundle, other)]
    np.testing.assert_allclose(*drawn, rtol=1e-4, atol=1e-4)
    comparisons = verify(lent, "native")
    assert {each.graph for each in comparisons} == set(GRAPHS)
    assert all(each.passed for each in comparisons)


def test_webassembly_takes_them_beside_its_file(lent, kind):
    if not _has_wasm():
        pytest.skip("there is no clang, no wasm-ld or no Node")
    place = "file://" + str(lent / "native" / "flow.mjs")
    script = f"""
        import {{ load, weightsFile }} from "{place}";
        const flow = await load();
        const {{ logProb }} = flow.sample(4, {{ seed: 7, firstRow: 11, context: [0.5] }});
        const other = await load(undefined, new Uint8Array(8)).then(() => "", (e) => e.message);
        console.log(JSON.stringify([[...logProb], other, String(weightsFile)]));
    """
    line = ["node", "--input-type=module", "-e", script]
    said = json.loads(subprocess.run(line, check=True, capture_output=True, text=True).stdout)
    drawn = flowspec.load(lent).sample(4, seed=7, first_row=11, context=[0.5], with_log_prob=True)
    assert said[0] == pytest.approx(drawn[1], rel=1e-4, abs=1e-5)
    if "weights" in KINDS[kind]:
        assert said[1] == "these bytes are not the weights of flow"
        assert said[2].endswith("/native/flow.weights")
    else:
        assert said[1:] == ["", "undefined"]


def test_large_weights_and_large_scratch_are_those_past_the_bounds(tmp_path, monkeypatch):
    flow = flowspec.parse("MAF(2, transforms=1, hidden=[16])")
    text = header_of(flowspec.compile(flow, tmp_path / "flow", native=True))
    assert not re.search("scratch|weights", text)
    bound = stated(text, "STACK")
    monkeypatch.setattr(files, "MOST_STACK", bound)
    text = header_of(flowspec.compile(flow, tmp_path / "flow", native=True))
    assert stated(text, "STACK") == bound
    monkeypatch.setattr(files, "MOST_STACK", 1000)
    monkeypatch.setattr(files, "MOST_TEXT", 1000)
    text = header_of(flowspec.compile(flow, tmp_path / "flow", native=True))
    assert stated(text, "SCRATCH_BYTES") > 1000
    assert stated(text, "WEIGHTS_BYTES") > 1000
