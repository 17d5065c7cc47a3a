"""`clients/native`: the C of a bundle called from each language, which replays the vectors."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CLIENTS = Path(__file__).parents[2] / "clients" / "native"
QUICK = {
    "c": ["cc"],
    "cpp": ["c++"],
    "events": ["c++"],
    "node": ["node", "clang", "wasm-ld"],
    "python": ["cc"],
    "numpy": ["cc"],
}
SLOW = {
    "rust": ["rustc"],
    "go": ["go"],
    "java": ["javac"],
    "csharp": ["mcs", "mono"],
    "r": ["Rscript"],
}
"""What each example needs."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("make") is None, reason="there is no make"),
]


@pytest.fixture(scope="module")
def build(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("build")


@pytest.fixture(scope="module")
def make(small_bundle, build):
    options = [f"BUNDLE={small_bundle}", f"BUILD={build}", f"PYTHON={sys.executable}"]
    options.append("CFLAGS=-O1 -DFLOWSPEC_NO_DISPATCH")

    def run(target: str) -> str:
        line = ["make", "--silent", "-C", str(CLIENTS), *options, target]
        done = subprocess.run(line, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert not done.stderr
        return done.stdout

    return run


def replays(make, language: str, tools: list[str]) -> None:
    if missing := [tool for tool in tools if shutil.which(tool) is None]:
        pytest.skip(f"there is no {missing[0]}")
    assert make(language) == "ok\n"


@pytest.mark.parametrize("language", QUICK)
def test_the_example_replays_the_vectors(make, language):
    replays(make, language, QUICK[language])


@pytest.mark.parametrize("language", SLOW)
def test_the_example_of_a_further_language_replays_the_vectors(make, language):
    replays(make, language, SLOW[language])


def test_an_example_says_where_a_value_differs(make, build, tmp_path):
    make("python")
    words = (build / "vectors.txt").read_text().split()
    words[-1] = str(float(words[-1]) + 1)
    (tmp_path / "vectors.txt").write_text(" ".join(words))
    line = [sys.executable, CLIENTS / "python" / "main.py", build / "libflow.so"]
    done = subprocess.run([*line, tmp_path / "vectors.txt"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "differs\n")


def test_every_example_is_tried_and_described():
    targets = re.search(r"^LANGUAGES = (.*)$", (CLIENTS / "Makefile").read_text(), re.M)
    assert set(targets.group(1).split()) == {*QUICK, *SLOW}
    readme = (CLIENTS / "README.md").read_text()
    assert set(re.findall(r"^\| `(\w+)`", readme, re.M)) == {*QUICK, *SLOW}
