"""`flowspec embed`: programs that give the numbers of Python, or compile where they cannot run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import flowspec
from flowspec.export.embed.languages import LANGUAGES
from flowspec.export.embed.program import SHOWN, program
from onnxruntime_headers import onnxruntime_root

pytestmark = pytest.mark.slow

SLOW = ("cpp", "csharp", "java", "r")
"""Languages whose programs take seconds to compile or start: they get the strange names,
and the context of a fixed number of rows."""
STUBS = Path(__file__).with_name("stubs")
PLANE = "event a: positive, b: (0, 1)\nMAF(2, transforms=1, hidden=[8]) |> Onto(event)"
NAMES = ['a"b', "*/ ??/ ", "tab\t\\", "@TITLE@ ${x}", "\ufeff\u202e\b", "数 😀 %s", "</script>\0"]
CONTEXT = "context k: (0, inf), angle: circle(-pi, pi)\n"
KINDS = {
    "scalar in float64": (
        "Normal(0, 1) |> Affine(0, 2) |> Tanh |> Affine(0.5, 0.5)",
        {"dtype": "float64"},
    ),
    "scalar with a context": ("context k: real\nNormal(k, 1)", {}),
    "of four rows": (PLANE, {"target": "static", "batch": 4, "share_weights": True}),
    "of four rows with a context": (CONTEXT + PLANE, {"target": "static", "batch": 4}),
}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory, imported) -> list[Path]:
    """Bundles of every kind that a template tells apart, and those of zuko."""
    folder = tmp_path_factory.mktemp("kinds")
    kinds = [
        flowspec.compile(flowspec.parse(text), folder / name.replace(" ", "_"), **options)
        for name, (text, options) in KINDS.items()
    ]
    names = iter(NAMES)
    text = f"event x[{len(NAMES)}]\nMAF({len(NAMES)}, transforms=1, hidden=[8]) |> Onto(event)"
    said = json.dumps(flowspec.parse(text).to_json())
    named = re.sub(r'"x\d+"', lambda _: json.dumps(next(names)), said)
    strange = flowspec.compile(flowspec.from_json(json.loads(named)), folder / "strange_names")
    return [kinds[0], strange, *kinds[1:], *imported.values()]


def written(bundle: Path, language: str, folder: Path) -> Path:
    """The file of a program."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / LANGUAGES[language].template
    file.write_text(program(flowspec.load(bundle), language))
    return file


def run(*line: object, **options) -> str:
    done = subprocess.run(
        [str(word) for word in line], capture_output=True, text=True, timeout=600, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def compiler(name: str) -> str:
    if path := shutil.which(name):
        return path
    pytest.skip(f"{name} is not installed")


# --- programs that run ----------------------------------------------------------------------------


def python(file: Path, request) -> list[object]:
    return [sys.executable, "-W", "error", file]


def js(file: Path, request) -> list[object]:
    link = file.parent / "node_modules"
    link.symlink_to(request.getfixturevalue("modules"))
    return ["node", file]


def native(*compile: str):
    def build(file: Path, request) -> list[object]:
        root, made = onnxruntime_root(), file.with_suffix("")
        places = [f"-I{root / 'include'}", f"-L{root / 'lib'}", f"-Wl,-rpath,{root / 'lib'}"]
        warnings = ["-Wall", "-Wextra", "-Werror"]
        line = [compiler(compile[0]), *compile[1:], *warnings, *places, file, "-o", made]
        run(*line, "-lonnxruntime", "-lm")
        return [made]

    return build


def r(file: Path, request) -> list[object]:
    line = [compiler("Rscript"), "-e", 'quit(status = !requireNamespace("reticulate"))']
    if subprocess.run(line, capture_output=True).returncode:
        pytest.skip("R has no package reticulate")
    return ["Rscript", file]


RUN = {
    "python": python,
    "js": js,
    "cpp": native("c++", "-std=c++17"),
    "c": native("cc", "-std=c99"),
    "r": r,
}


@pytest.mark.parametrize("language", RUN)
def test_a_program_replays_the_vectors_and_prints_the_samples_of_python(
    language, bundles, tmp_path, request
):
    environment = os.environ | {"RETICULATE_PYTHON": sys.executable}
    for path in bundles if language not in SLOW else bundles[1:-1:3]:
        line = RUN[language](written(path, language, tmp_path / path.name), request)
        printed = run(*line, path, env=environment).splitlines()
        bundle = flowspec.load(path)
        count = bundle.description.batch or SHOWN
        heads = ",".join([*bundle.columns, "log_prob"])
        assert printed[0].startswith(heads.partition("\0")[0])  # where texts of C end
        found = np.array([row.split(",") for row in printed[1 : 1 + count]], float)
        np.testing.assert_allclose(found, rows_of(bundle, count), rtol=1e-5, atol=1e-5)
        assert [line.split(" is off by")[0] for line in printed[1 + count :]] == [
            "log_prob",
            "sample x",
            "sample log_prob",
        ]


def rows_of(bundle: flowspec.Bundle, count: int) -> np.ndarray:
    """The rows that a program prints."""
    context = None
    if bundle.context:
        context = json.loads(bundle.files["vectors.json"])["sample"]["context"][:count]
    x = bundle.sample(None if bundle.context else count, seed=1, context=context)
    return np.column_stack([x, bundle.log_prob(x, context)])


def test_a_program_sees_that_a_graph_is_another_one(bundles, tmp_path):
    path = shutil.copytree(bundles[2], tmp_path / "changed")
    other = flowspec.compile(flowspec.parse("context k: real\nNormal(k, 2)"), tmp_path / "other")
    file = written(path, "python", tmp_path)
    shutil.copy(other / "log_prob.onnx", path)
    done = subprocess.run([sys.executable, file, path], capture_output=True, text=True)
    assert done.returncode == 1
    assert "log_prob is off by" in done.stdout


# --- programs that are compiled against stubs -----------------------------------------------------


def csharp(file: Path, folder: Path) -> None:
    run(compiler("mcs"), "-langversion:latest", "-warnaserror", f"-out:{folder / 'flow.exe'}", file,
        STUBS / "OnnxRuntime.cs")  # fmt: skip


def java(file: Path, folder: Path) -> None:
    stubs = sorted(STUBS.glob("java/**/*.java"))
    run(compiler("javac"), "-Xlint:all", "-Werror", "-d", folder / "classes", file, *stubs)


def rust(file: Path, folder: Path) -> None:
    library = folder / "libort.rlib"
    edition = [compiler("rustc"), "--edition", "2021"]
    if not library.exists():
        run(
            *edition, "--crate-type", "rlib", "--crate-name", "ort", STUBS / "ort.rs", "-o", library
        )
    line = ["-D", "warnings", "--emit", "metadata", "--extern", f"ort={library}", file]
    run(*edition, *line, "-o", folder / "flow.rmeta")


def go(file: Path, folder: Path) -> None:
    name = "github.com/yalue/onnxruntime_go"
    lines = [
        "module flow",
        "go 1.19",
        f"require {name} v1.21.0",
        f"replace {name} => {STUBS / 'go'}",
    ]
    (file.parent / "go.mod").write_text("\n".join(lines) + "\n")
    environment = os.environ | {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local"}
    run(compiler("go"), "vet", ".", cwd=file.parent, env=environment)
    assert run(compiler("gofmt"), "-l", file) == ""


COMPILED = {"csharp": csharp, "java": java, "rust": rust, "go": go}


def test_every_language_is_run_or_compiled():
    assert {*RUN, *COMPILED} == {*LANGUAGES}
    said = {name for name, kind in LANGUAGES.items() if "compiled against stubs" in kind.checked}
    assert said == {*COMPILED}


@pytest.mark.parametrize("language", COMPILED)
def test_a_program_compiles_against_stubs(language, bundles, tmp_path):
    for path in bundles[:-1] if language not in SLOW else bundles[1:-1:3]:
        COMPILED[language](written(path, language, tmp_path / path.name), tmp_path)
