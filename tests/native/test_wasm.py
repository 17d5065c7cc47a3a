"""`compile --wasm`: what is written, how it is called, and what it says where it cannot be made."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess

import pytest

import flowspec

pytestmark = pytest.mark.slow

WRITTEN = ["flow.c", "flow.d.mts", "flow.h", "flow.mjs", "flow.plain.wasm", "flow.wasm"]
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="there is no Node")


def run(bundle, text: str) -> subprocess.CompletedProcess[str]:
    """What a script says that has the module `flow`."""
    script = f'import {{ load, columns }} from "{bundle}/native/flow.mjs";\n{text}'
    line = ["node", "--input-type=module", "-e", script]
    return subprocess.run(line, capture_output=True, text=True)


def test_the_files_stand_beside_the_c_and_have_their_digests(wasm_bundle):
    names = sorted(path.name for path in (wasm_bundle / "native").iterdir())
    assert names == sorted([*WRITTEN, "replay.c"])
    digests = json.loads((wasm_bundle / "flow.json").read_text())["files"]
    for name in WRITTEN:
        data = (wasm_bundle / "native" / name).read_bytes()
        assert digests[f"native/{name}"] == hashlib.sha256(data).hexdigest()


def test_the_card_names_them(wasm_bundle):
    card = (wasm_bundle / "README.md").read_text()
    assert "| `native/flow.c`, `flow.h` | | the flow as plain C; " in card
    assert "| `native/flow.wasm`, `flow.mjs` | | that C as WebAssembly, " in card


def test_the_module_is_a_few_kilobytes(wasm_bundle):
    assert (wasm_bundle / "native" / "flow.mjs").stat().st_size < 8000


def test_the_same_flow_gives_the_same_bytes(wasm_bundle, tmp_path):
    flow = flowspec.parse("Uniform(0, 1)")
    first, again = (
        flowspec.compile(flow, tmp_path / folder / "flow", wasm=True) for folder in ("a", "b")
    )
    for name in WRITTEN:
        data = (first / "native" / name).read_bytes()
        assert data == (again / "native" / name).read_bytes(), name


@needs_node
def test_node_calls_it_with_nothing_but_the_module(wasm_bundle):
    done = run(
        wasm_bundle,
        """
        const flow = await load();
        const drawn = flow.sample(3, { seed: 5n, context: [0.5] });
        const { logProb, xGrad, contextGrad } = flow.gradient(drawn.x, [0.5]);
        const back = flow.fromNoise(flow.toBase(drawn.x, [[0.5], [0.5], [0.5]]).z, [0.5]);
        const plain = (_, value) => (ArrayBuffer.isView(value) ? [...value] : value);
        console.log(JSON.stringify([columns, drawn, logProb, xGrad, contextGrad, back], plain));
        """,
    )
    assert done.returncode == 0, done.stderr
    columns, drawn, log_prob, x_grad, context_grad, back = json.loads(done.stdout)
    loaded = flowspec.load(wasm_bundle)
    x, expected = loaded.sample(3, seed=5, context=[0.5], with_log_prob=True)
    assert columns == ["x", "y"]
    assert drawn["x"] == pytest.approx(x.ravel(), rel=1e-5)
    assert drawn["logProb"] == pytest.approx(expected, rel=1e-4)
    assert log_prob == pytest.approx(drawn["logProb"], rel=1e-4, abs=1e-5)
    assert back["x"] == pytest.approx(drawn["x"], rel=1e-4)
    assert (len(x_grad), len(context_grad)) == (6, 3)


@needs_node
@pytest.mark.parametrize(
    "call, words",
    [
        ("flow.logProb([1, 2, 3, 4])", "this flow is conditional: it needs k"),
        ("flow.logProb([1, 2, 3, 4], [1, 2, 3])", "`context` has 3 rows, and 2 are needed"),
        (
            "flow.sample(2, { seed: 1.5, context: [1] })",
            "`seed` is 1.5: give a bigint, or a whole number below 2^53",
        ),
        (
            "flow.sample(2, { seed: 2n ** 63n, context: [1] })",
            "`seed` is 9223372036854775808, beyond the integers of 64 bits",
        ),
        (
            "flow.sample(2, { firstRow: 2n ** 63n - 2n, context: [1] })",
            "`firstRow` is 9223372036854775806, beyond the integers of 64 bits",
        ),
        ("flow.logProb([1, 2, 3], [1])", "`x` holds 3 numbers, and a row of it 2"),
        ("flow.sample(-1, { context: [1] })", "n is -1, and not a whole number"),
    ],
)
def test_a_wrong_call_is_told(wasm_bundle, call, words):
    text = f"const flow = await load();\ntry {{ {call}; }} catch (e) {{ console.log(e.message); }}"
    assert run(wasm_bundle, text).stdout.strip() == words


@needs_node
def test_more_rows_than_fit_at_once_are_those_of_one_stream(wasm_bundle):
    done = run(
        wasm_bundle,
        """
        const flow = await load();
        const { x } = flow.sample(10000, { seed: 1, context: [0] });
        const last = flow.sample(3, { seed: 1, firstRow: 9997, context: [0] }).x;
        console.log(x.length, last.every((value, i) => value === x[2 * 9997 + i]));
        """,
    )
    assert done.stdout.split() == ["20000", "true"], done.stderr


@pytest.mark.parametrize("tool", ["clang", "wasm-ld"])
def test_without_the_tools_nothing_is_written(tmp_path, monkeypatch, tool):
    (tmp_path / "bin").mkdir()
    for name in {"clang", "wasm-ld"} - {tool}:
        (tmp_path / "bin" / name).write_text("#!/bin/sh\n")
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(flowspec.FlowError) as error:
        flowspec.compile(flowspec.parse("Normal(0, 1)"), tmp_path / "m", wasm=True)
    assert str(error.value) == (
        f"error[no-wasm-tool]: WebAssembly is made with {tool}, which is not on the PATH\n"
        "  = help: install clang and lld: Debian's packages have these names"
    )
    assert not (tmp_path / "m").exists()


def test_a_tool_that_fails_is_quoted(tmp_path, monkeypatch):
    (tmp_path / "bin").mkdir()
    for name in ("clang", "wasm-ld"):
        (tmp_path / "bin" / name).write_text(
            "#!/bin/sh\necho 'error: unknown target' >&2\nexit 1\n"
        )
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    with pytest.raises(flowspec.FlowError) as error:
        flowspec.compile(flowspec.parse("Normal(0, 1)"), tmp_path / "m", wasm=True)
    assert str(error.value) == (
        "error[wasm-fails]: clang makes no WebAssembly: error: unknown target\n"
        "  = help: clang 13 and lld 13 or newer make it: Debian's packages are clang and lld"
    )
    assert not (tmp_path / "m").exists()
