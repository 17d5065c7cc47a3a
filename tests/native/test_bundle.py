"""The C of a bundle: built, replayed, called from Python."""

from __future__ import annotations

import shutil
import subprocess
import warnings

import numpy as np
import pytest

import flowspec
from flowspec.runtime import native
from flowspec.runtime.verification import verify

pytestmark = pytest.mark.slow

FLOW = (
    "context k: real\nevent x: (0, 1), y: positive\nMAF(2, transforms=1, hidden=[4]) |> Onto(event)"
)
needs_cc = pytest.mark.skipif(shutil.which("cc") is None, reason="there is no C compiler")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    path = tmp_path_factory.mktemp("native") / "my-flow"
    return flowspec.compile(flowspec.parse(FLOW), path, gradient="log_prob", native=True)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


def test_the_functions_are_named_after_the_directory(bundle):
    assert sorted(p.name for p in (bundle / "native").iterdir()) == [
        "my_flow.c",
        "my_flow.h",
        "replay.c",
    ]


def test_the_same_flow_gives_the_same_bytes(bundle, tmp_path):
    again = flowspec.compile(
        flowspec.parse(FLOW), tmp_path / "my-flow", gradient="log_prob", native=True
    )
    for file in (bundle / "native").iterdir():
        assert file.read_bytes() == (again / "native" / file.name).read_bytes()


@needs_cc
def test_a_name_neither_ends_a_comment_nor_a_text(tmp_path):
    names = ["a*/ b", "c ??/", "d\\"]
    quoted = ", ".join(f'"{name}"' for name in names)
    flow = flowspec.parse(f"event {quoted}\nMAF(3, transforms=1, hidden=[4]) |> Onto(event)")
    made = flowspec.compile(flow, tmp_path / "strange", native=True) / "native"
    (tmp_path / "all.c").write_text(
        '#include "strange.h"\n' + _line_of(made / "strange.c", "strange_columns[")
        + '\n#include <stdio.h>\nint main(void) { for (int i = 0; i < 3; i++)'
        ' puts(strange_columns[i]); return 0; }\n'
    )  # fmt: skip
    program = tmp_path / "all"
    line = ["cc", "-std=c99", "-Wall", "-Wextra", "-Werror", f"-I{made}", tmp_path / "all.c"]
    subprocess.run([*line, "-o", program], check=True)
    said = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == names


def _line_of(file, words: str) -> str:
    (line,) = [line for line in file.read_text().splitlines() if words in line]
    return line


@pytest.mark.parametrize(
    "compiler", ["gcc -std=c99", "clang -std=c99", "g++ -x c++", "clang++ -x c++"]
)
def test_it_compiles_without_a_warning_and_replays_its_vectors(bundle, tmp_path, compiler):
    program, *flags = compiler.split()
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program}")
    line = [program, *flags, "-O1", "-Wall", "-Wextra", "-pedantic", "-Werror"]
    sources = [str(bundle / "native" / name) for name in ("my_flow.c", "replay.c")]
    subprocess.run([*line, *sources, "-o", str(tmp_path / "replay"), "-lm"], check=True)
    done = subprocess.run([tmp_path / "replay"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("ok") == len(done.stdout.splitlines()) == 10


@needs_cc
def test_the_replay_fails_where_a_value_is_another(bundle, tmp_path):
    folder = tmp_path / "native"
    shutil.copytree(bundle / "native", folder)
    text = (folder / "my_flow.c").read_text()
    line = "    at += (size_t)rows;"
    assert line in text
    (folder / "my_flow.c").write_text(text.replace(line, "    log_prob[at] += 1;\n" + line, 1))
    sources = [str(folder / name) for name in ("my_flow.c", "replay.c")]
    subprocess.run(["cc", "-O0", *sources, "-o", str(tmp_path / "replay"), "-lm"], check=True)
    done = subprocess.run([tmp_path / "replay"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "differs" in done.stdout


@needs_cc
def test_verify_replays_the_vectors_in_it(bundle):
    found = verify(bundle, "native")
    assert {c.graph for c in found} == set(native.GRAPHS)
    assert all(c.passed for c in found), found


@needs_cc
def test_python_calls_it_as_it_calls_onnxruntime(bundle):
    one, other = flowspec.load(bundle), flowspec.load(bundle, runtime="native")
    context = np.linspace(-1, 1, 37).reshape(-1, 1)
    for a, b in zip(
        one.sample(seed=3, first_row=5, context=context, with_log_prob=True),
        other.sample(seed=3, first_row=5, context=context, with_log_prob=True),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
    x = one.sample(seed=4, context=context)
    for method in ("log_prob", "to_base", "log_prob_grad"):
        pair = [getattr(loaded, method)(x, context) for loaded in (one, other)]
        a, b = (found if isinstance(found, tuple) else (found,) for found in pair)
        for expected, found in zip(a, b, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_without_a_compiler_onnxruntime_runs_it_with_a_warning(bundle, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CC", raising=False)
    with pytest.warns(UserWarning, match="runs in onnxruntime: there is no C compiler on the PATH"):
        loaded = flowspec.load(bundle, runtime="native")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert loaded.log_prob([[0.5, 1.0]], [[0.0]]).shape == (1,)


def test_a_bundle_without_c_is_told_how_to_get_it(tmp_path):
    path = flowspec.compile(flowspec.parse("Normal(0, 1)"), tmp_path / "m")
    with pytest.raises(flowspec.FlowError) as error:
        flowspec.load(path, runtime="native")
    assert str(error.value) == (
        f"error[no-native]: {path} holds no C\n  = help: `flowspec compile --native` writes it"
    )


def test_a_name_that_is_none_of_c_is_told_with_one_that_is(tmp_path):
    flow = flowspec.parse("Normal(0, 1)")
    with pytest.raises(flowspec.FlowError) as error:
        flowspec.compile(flow, tmp_path / "m", native=True, name="7-up")
    assert str(error.value) == (
        "error[no-c-name]: `7-up` is no name in C\n"
        "  = help: write letters, digits and _, such as `--name flow_7_up`"
    )
    path = flowspec.compile(flow, tmp_path / "m", native=True, name="flow_7_up")
    assert (path / "native" / "flow_7_up.h").exists()


def test_words_of_c_are_no_names():
    assert [native.c_name(text) for text in ("double", "a b", "9", "", "ü")] == [
        "flow_double", "a_b", "flow_9", "flow", "flow",
    ]  # fmt: skip
