"""docs/native.md is true: its commands and its code run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "native.md").read_text()

QUICKLY = "-O0 -DFLOWSPEC_NO_DISPATCH"
"""Flags that take no time."""

pytestmark = pytest.mark.slow


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.S)


def test_its_commands_and_code_run(call, here, monkeypatch):
    """In the order of the page: the bundle of the first command is what the code uses."""
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler")
    monkeypatch.setenv("XDG_CACHE_HOME", str(here / "cache"))
    (here / "bin").mkdir()
    (here / "bin" / "cc").write_text(f'#!/bin/sh\nexec {shutil.which("cc")} "$@" {QUICKLY}\n')
    (here / "bin" / "cc").chmod(0o755)
    monkeypatch.setenv("PATH", f"{here / 'bin'}:{os.environ['PATH']}")
    (here / "examples").symlink_to(ROOT / "examples")
    has_wasm = all(map(shutil.which, ("clang", "wasm-ld", "node")))
    for line in re.findall(r"^\$ flowspec (.*)$", "\n".join(blocks("console")), re.M):
        if has_wasm or "--wasm" not in line:
            answer = call(*shlex.split(line), *(["--native"] if "compile" in line else []))
            assert answer.code == 0, f"{line}\n{answer.err}"
    (here / "program.c").write_text("\n".join(blocks("c")))
    for script in blocks("sh"):
        subprocess.run(["sh", "-ec", script], check=True, capture_output=True)
    exec("\n".join(blocks("python")), {"__name__": "native"})
    if has_wasm:
        (here / "program.mjs").write_text("\n".join(blocks("js")))
        subprocess.run(["node", "program.mjs"], check=True, capture_output=True)


def test_the_program_of_the_how_to_runs(call, here):
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler")
    (here / "examples").symlink_to(ROOT / "examples")
    page = (ROOT / "docs" / "howto" / "embedded.md").read_text()
    (compiled,) = re.findall(r"^\$ flowspec (compile .*)$", page, re.M)
    assert call(*shlex.split(compiled)).code == 0
    (program,) = re.findall(r"```c\n(.*?)```", page, re.S)
    (here / "main.c").write_text(program)
    (script,) = re.findall(r"```sh\n(.*?)```", page, re.S)
    quick = script.replace("-O3", QUICKLY)
    done = subprocess.run(["sh", "-ec", quick], check=True, capture_output=True, text=True)
    assert re.fullmatch(r"[-\d.e]+ [-\d.e]+: [-\d.e]+\n", done.stdout)


def test_it_names_the_functions_of_the_header():
    functions = set(re.findall(r"^\| `wind_(\w+)`", TEXT, re.M))
    from flowspec.runtime.native import GRAPHS

    assert functions == set(GRAPHS)
