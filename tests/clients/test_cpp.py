"""flowspec.hpp: the vectors, the numbers and the messages of Python, in C++."""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import flowspec
from forgery import replaced
from onnxruntime_headers import onnxruntime_root

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients" / "cpp"
EARLIER = sorted((ROOT / "tests" / "bundles").glob("*/*/"))
METHODS = {"gradient": "log_prob_grad", "from_noise_gradient": "from_noise_grad"}
"""The methods that have other names in Python."""


def run(*line: object, **options: object) -> str:
    done = subprocess.run(
        [str(word) for word in line], capture_output=True, text=True, timeout=600, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def installed() -> Path:
    """The folder where the package of CMake was built, tests and all, and installed: `prefix`.

    It stays, so that what has not changed is not compiled again.
    """
    if not shutil.which("cmake") or not shutil.which("c++"):
        pytest.skip("cmake and a C++ compiler are not installed")
    place = CLIENT / ".build"
    place.mkdir(exist_ok=True)
    with open(place / ".lock", "w") as lock:  # another process may be at it too
        fcntl.flock(lock, fcntl.LOCK_EX)
        options = [f"-DONNXRUNTIME_ROOT={onnxruntime_root()}", "-DFLOWSPEC_TESTS=ON"]
        options += [f"-DCMAKE_INSTALL_PREFIX={place / 'prefix'}", "-DCMAKE_BUILD_TYPE=Debug"]
        run("cmake", "-S", CLIENT, "-B", place, *options)
        run("cmake", "--build", place, "--parallel", 2)
        run("cmake", "--install", place)
    return place


@pytest.fixture(scope="session")
def bundles(tmp_path_factory) -> dict[str, Path]:
    """Bundles of every kind that a client has to tell apart, by name."""
    folder = tmp_path_factory.mktemp("bundles")
    plane = "event a: positive, b: (0, 1)\nMAF(2, transforms=1, hidden=[8]) |> Onto(event)"
    line = "Normal(0, 1) |> Affine(0, 2) |> Tanh |> Affine(0.5, 0.5)"
    conditional = f"context k: (0, inf), angle: circle(-pi, pi), p: [0.25, 1]\n{plane}"
    kinds = {
        "scalar": (line, {"gradient": True}),
        "other": ("Normal(0, 1) |> Tanh", {}),
        "double": (line, {"gradient": True, "dtype": "float64"}),
        "conditional": (conditional, {"gradient": True}),
        "shared": (plane, {"share_weights": True}),
        "with C": (line, {"native": True}),
        "of four rows": (plane, {"target": "static", "batch": 4}),
        "conditional of four rows": (conditional, {"target": "static", "batch": 4}),
        "of one vector": (conditional, {"target": "hssm"}),
        "without samples": (plane, {"target": "tract"}),
    }
    return {
        name: flowspec.compile(flowspec.parse(text), folder / name.replace(" ", "_"), **options)
        for name, (text, options) in kinds.items()
    }


# --- vectors --------------------------------------------------------------------------------------


def test_the_vectors_are_right(installed, bundles):
    folders = [*bundles.values(), *(ROOT / "exported").iterdir(), *EARLIER]
    lines = run(installed / "replay", *folders).splitlines()
    assert len(lines) > 2 * len(folders)


def test_the_vectors_of_imported_flows_are_right(installed, imported):
    lines = run(installed / "replay", *imported.values()).splitlines()
    assert {line.split()[0] for line in lines} >= {"log_prob", "sample", "to_base", "from_noise"}


# --- calls ----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def call(installed):
    """The numbers or the message that a call of C++ gives."""

    def call(path, method, *, double=False, **arguments):
        words = [f"{name}={written(value)}" for name, value in arguments.items()]
        line = " ".join([method, str(path), *words, *(["double="] if double else [])])
        return run(installed / "calls", input=line + "\n").removesuffix("\n.\n")

    return call


def written(value) -> str:
    if not isinstance(value, np.ndarray):
        return str(value)
    return "x".join(map(str, value.shape)) + ":" + ",".join(map(repr, value.ravel().tolist()))


def unwritten(text: str) -> dict[str, np.ndarray]:
    arrays = {}
    for name, shape, numbers in re.findall(r"^(\w+) ([\dx]+):?(.*)$", text, re.M):
        values = np.array([float(n) for n in numbers.split(",") if n])
        arrays[name] = values.reshape(tuple(map(int, shape.split("x"))))
    return arrays


def in_python(path, method, *, rows_at_once=4096, **arguments):
    bundle = flowspec.load(path, threads=1, rows_at_once=rows_at_once)
    if method == "sample":
        arguments["with_log_prob"] = True
    values = getattr(bundle, METHODS.get(method, method))(**arguments)
    values = values if isinstance(values, tuple) else (values,)
    return [value for value in values if value is not None]


def rows(*shape, dtype="float32"):
    """Numbers in (0, 1): they lie in every support here."""
    return np.random.default_rng(3).uniform(0.3, 0.9, shape).astype(dtype)


CALLS = [
    ("scalar", "sample", {"n": 20, "seed": -(2**60) - 1, "first_row": 2**40 + 3}),
    ("scalar", "sample", {"n": 20, "rows_at_once": 7}),
    ("scalar", "sample", {}),
    ("scalar", "sample", {"n": 0}),
    ("scalar", "log_prob", {"x": rows(9), "rows_at_once": 4}),
    ("scalar", "log_prob", {"x": rows(9, 1)}),
    ("scalar", "gradient", {"x": rows(5)}),
    ("scalar", "from_noise", {"noise": rows(5)}),
    ("shared", "log_prob", {"x": rows(0, 2)}),
    ("of four rows", "log_prob", {"x": rows(0, 2)}),
    ("conditional", "sample", {"n": 0, "context": rows(3)}),
    ("scalar", "from_noise_gradient", {"noise": rows(5, 1), "x_cotangent": rows(5)}),
    ("double", "sample", {"n": 20, "seed": 5, "double": True}),
    ("double", "to_base", {"x": rows(6, dtype="float64"), "double": True}),
    ("conditional", "sample", {"context": rows(9, 3), "rows_at_once": 4, "seed": 2}),
    ("conditional", "sample", {"n": 5, "context": rows(3)}),
    ("conditional", "log_prob", {"x": rows(9, 2), "context": rows(9, 3), "rows_at_once": 4}),
    ("conditional", "log_prob", {"x": rows(2), "context": rows(1, 3)}),
    ("conditional", "gradient", {"x": rows(3, 2), "context": rows(3)}),
    (
        "conditional",
        "from_noise_gradient",
        {
            "noise": rows(3, 2),
            "x_cotangent": rows(3, 2),
            "log_prob_cotangent": rows(3),
            "context": rows(3, 3),
        },
    ),
    ("shared", "sample", {"n": 8, "seed": 1}),
    ("shared", "to_base", {"x": rows(5, 2)}),
    ("of four rows", "sample", {"n": 9, "seed": 4}),
    ("of four rows", "log_prob", {"x": rows(6, 2)}),
    ("conditional of four rows", "sample", {"context": rows(6, 3)}),
    ("conditional of four rows", "from_noise", {"noise": rows(1, 2), "context": rows(3)}),
    ("of one vector", "log_prob", {"x": rows(5, 2), "context": rows(5, 3)}),
    ("without samples", "to_base", {"x": rows(5, 2)}),
]


@pytest.mark.parametrize(("name", "method", "arguments"), CALLS)
def test_a_call_gives_the_numbers_of_python(name, method, arguments, call, bundles):
    found = list(unwritten(call(bundles[name], method, **arguments)).values())
    wanted = in_python(
        bundles[name], method, **{n: v for n, v in arguments.items() if n != "double"}
    )
    assert [value.shape for value in found] == [value.shape for value in wanted]
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)


MISTAKES = [
    ("scalar", "log_prob", {"x": rows(3, 2)}),
    ("scalar", "log_prob", {"x": rows(3), "context": rows(3, 1)}),
    ("scalar", "sample", {"n": -1}),
    ("scalar", "sample", {"n": 3, "first_row": 2**63 - 2}),
    ("scalar", "sample", {"n": 2**55}),
    ("scalar", "sample", {"n": 3, "rows_at_once": 0}),
    ("scalar", "from_noise_gradient", {"noise": rows(5, 1), "x_cotangent": rows(4)}),
    ("shared", "log_prob", {"x": rows(3)}),
    ("shared", "log_prob", {"x": rows(2, 3)}),
    ("shared", "from_noise", {"noise": rows(2, 3)}),
    ("shared", "gradient", {"x": rows(2, 2)}),
    ("shared", "from_noise_gradient", {"noise": rows(2, 2), "x_cotangent": rows(2, 2)}),
    ("without samples", "sample", {"n": 3}),
    ("conditional", "sample", {"n": 3}),
    ("conditional", "log_prob", {"x": rows(3, 2), "context": rows(2, 3)}),
    ("conditional", "log_prob", {"x": rows(3, 2), "context": rows(3, 2)}),
    ("conditional", "sample", {"context": np.array([[1, 1, 0.5], [-0.125, 1, 0.5]])}),
    ("conditional", "sample", {"context": np.array([[1, 1, 0.5], [1, -4, 0.5], [1, 9, 0.5]])}),
    ("conditional", "sample", {"context": np.array([[np.inf, 1, 0.5], [1, 1, 0.5]])}),
    ("conditional", "sample", {"context": np.array([[1, 1, 0.1], [1, 1, 1.1]])}),
]


@pytest.mark.parametrize(("name", "method", "arguments"), MISTAKES)
def test_a_mistake_is_told_as_in_python(name, method, arguments, call, bundles):
    with pytest.raises(flowspec.FlowError) as told:
        in_python(bundles[name], method, **arguments)
    assert call(bundles[name], method, **arguments) == str(told.value)


def test_another_float_type_is_told(call, bundles):
    said = call(bundles["double"], "log_prob", x=rows(3))
    path = bundles["double"]
    assert said == (
        f"error[wrong-type]: {path} is of float64, and is opened as one of float32\n"
        "  = help: open it with `flowspec::load<double>`"
    )


SPOILED = {
    "a missing graph": lambda folder: (folder / "log_prob.onnx").unlink(),
    "no description": lambda folder: (folder / "flow.json").unlink(),
    "a changed graph": lambda folder: append(folder / "log_prob.onnx", " "),
    "a changed card": lambda folder: append(folder / "README.md", " "),
    "a changed description": lambda folder: replace(folder, '"batch": null', '"batch": 5'),
    "no JSON": lambda folder: (folder / "flow.json").write_text("{"),
    "a list": lambda folder: (folder / "flow.json").write_text("[]"),
    "no format": lambda folder: replace(folder, '"format": 3', '"format": "3"'),
}


def append(file: Path, text: str) -> None:
    file.write_bytes(file.read_bytes() + text.encode())


def replace(folder: Path, old: str, new: str) -> None:
    text = (folder / "flow.json").read_text()
    assert old in text
    (folder / "flow.json").write_text(text.replace(old, new))


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_a_damaged_bundle_is_told_as_in_python(spoil, call, bundles, tmp_path):
    folder = shutil.copytree(bundles["scalar"], tmp_path / "spoiled")
    spoil(folder)
    with pytest.raises(flowspec.FlowError) as told:
        flowspec.load(folder)
    assert call(folder, "log_prob", x=rows(3)) == str(told.value)


OTHERS = {
    "inputs": ("scalar", "sample"),
    "type": ("double", "log_prob"),
    "flow": ("other", "log_prob"),
}


@pytest.mark.parametrize(("name", "graph"), OTHERS.values(), ids=OTHERS)
def test_graphs_of_another_flow_are_told_as_in_python(name, graph, call, bundles, tmp_path):
    """The graphs fit their hashes, and another description."""
    folder = shutil.copytree(bundles["scalar"], tmp_path / "forged")
    replaced(folder, log_prob_onnx=(bundles[name] / f"{graph}.onnx").read_bytes())
    with pytest.raises(flowspec.FlowError) as told:
        flowspec.load(folder).log_prob(rows(3))
    assert call(folder, "log_prob", x=rows(3)) == str(told.value)


def test_a_bundle_of_a_newer_flowspec_is_told(call, bundles, tmp_path):
    folder = shutil.copytree(bundles["scalar"], tmp_path / "newer")
    replace(folder, '"format": 3', '"format": 4')
    with pytest.raises(flowspec.FlowError) as told:
        flowspec.load(folder)
    assert call(folder, "log_prob", x=rows(3)).splitlines()[0] == str(told.value).splitlines()[0]


# --- the README -----------------------------------------------------------------------------------


def test_the_program_of_the_readme_prints_the_samples_of_python(installed, tmp_path):
    """Twenty lines, built in the way that the README says."""
    readme = (CLIENT / "README.md").read_text()
    program, lists = (re.search(rf"```{kind}\n(.*?)```", readme, re.S) for kind in ("cpp", "cmake"))
    assert program and lists and len(program[1].splitlines()) <= 20
    (tmp_path / "main.cpp").write_text(program[1])
    (tmp_path / "CMakeLists.txt").write_text(lists[1])
    (tmp_path / "exported").symlink_to(ROOT / "exported")
    where = [
        f"-DCMAKE_PREFIX_PATH={installed / 'prefix'}",
        f"-DONNXRUNTIME_ROOT={onnxruntime_root()}",
    ]
    run("cmake", "-S", tmp_path, "-B", tmp_path / "build", *where)
    run("cmake", "--build", tmp_path / "build")
    printed = run(tmp_path / "build" / "moons", cwd=tmp_path)
    x, log_prob = flowspec.load(ROOT / "exported" / "two_moons").sample(
        5, seed=1, with_log_prob=True
    )
    found = np.array([line.split() for line in printed.splitlines()], float)
    np.testing.assert_allclose(found, np.column_stack([x, log_prob]), rtol=1e-5, atol=1e-5)
