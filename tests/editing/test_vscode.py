"""The extension for VS Code: its grammar follows the language, and it can be packaged."""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

import flowspec
from flowspec.editing.textmate import SCOPES, grammar
from flowspec.editing.vocabulary import vocabulary

EXTENSION = Path(__file__).parents[2] / "editors" / "vscode"
PACKAGE = json.loads((EXTENSION / "package.json").read_text("utf-8"))
SNIPPETS = json.loads((EXTENSION / "snippets" / "flow.json").read_text("utf-8"))


def test_the_grammar_is_that_of_the_language():
    """`python editors/vscode/write_grammar.py` writes it anew."""
    assert (EXTENSION / "syntaxes" / "flow.tmLanguage.json").read_text("utf-8") == grammar()


@pytest.mark.parametrize("kind", SCOPES)
def test_every_word_has_a_pattern(kind):
    patterns = json.loads(grammar())["patterns"]
    for word in vocabulary()[kind]:
        first = next(p for p in patterns if re.fullmatch(p["match"], word))
        assert first["name"] == ("keyword.other.learn.flow" if word == "learn" else SCOPES[kind])


def test_every_file_that_it_names_is_there():
    contributes = PACKAGE["contributes"]
    paths = [each["path"] for key in ("grammars", "snippets") for each in contributes[key]]
    paths.append(contributes["languages"][0]["configuration"])
    assert all((EXTENSION / path).is_file() for path in paths)


def test_every_command_that_it_offers_is_taken():
    source = (EXTENSION / "src" / "extension.ts").read_text("utf-8")
    taken = re.findall(r'registerCommand\("([^"]+)"', source)
    assert sorted(taken) == sorted(each["command"] for each in PACKAGE["contributes"]["commands"])


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_with_its_defaults_is_a_flow(name):
    snippet = SNIPPETS[name]
    text = re.sub(r"\$\{\d+:([^{}]*)\}|\$0", r"\1", "\n".join(snippet["body"]))
    around = {"train": "{}\nNormal(0, 1)", "def": "{}\nNormal(0, 1) |> Name(2)"}
    around["repeat"] = "Normal(0, 1)[2] |> {}"
    assert flowspec.parse(around.get(snippet["prefix"], "{}").format(text))


# --- with Node ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def npm():
    """Runs a script of the extension; a skip where its modules cannot be had."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed")
    modules = EXTENSION / "node_modules"
    modules.mkdir(exist_ok=True)
    wanted = hashlib.sha256((EXTENSION / "package.json").read_bytes()).hexdigest()
    with open(modules / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = modules / ".installed"
        if not stamp.exists() or stamp.read_text() != wanted:
            done = _run(["install", "--no-audit", "--no-fund", "--no-package-lock"])
            if done.returncode:
                pytest.skip(f"npm cannot install the modules: {done.stderr.strip()[-300:]}")
            stamp.write_text(wanted)
        yield lambda *words: _run(["run", "--silent", *words])


def _run(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["npm", *words], cwd=EXTENSION, capture_output=True, text=True, timeout=600
    )


@pytest.mark.slow
def test_the_tests_of_the_extension_pass(npm):
    done = npm("test")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_extension_is_packaged_by_one_command(npm):
    done = npm("package")
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(EXTENSION / "flowspec.vsix") as package:
        names = {name.removeprefix("extension/") for name in package.namelist()}
    assert names >= {"dist/extension.js", "syntaxes/flow.tmLanguage.json", "snippets/flow.json"}
    assert not [name for name in names if name.startswith(("node_modules", "src", "test"))]


@pytest.mark.slow
def test_the_bundled_extension_loads(npm):
    """In a process where `vscode` is a stand-in that has every name."""
    assert npm("build").returncode == 0
    script = """
        const any = new Proxy(class {}, { get: (own, name) => name in own ? own[name] : any });
        const Module = require("module"), load = Module._load;
        Module._load = (name, ...rest) => name === "vscode" ? any : load(name, ...rest);
        const { activate, deactivate } = require("./dist/extension.js");
        console.log(typeof activate, typeof deactivate);
    """
    done = subprocess.run(
        ["node", "-e", script], cwd=EXTENSION, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["function", "function"], done.stderr
