"""The documentation is true: its code runs, its tables and files are what the code makes."""

from __future__ import annotations

import doctest
import filecmp
import importlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from flowspec.ir import schema
from flowspec.language.catalogue import entries, markdown

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.S)


@pytest.mark.slow
def test_the_python_of_the_readme_runs(here):
    exec("\n".join(blocks("python")), {"__name__": "readme"})


def modules_with_examples() -> list[str]:
    """The modules of the package whose docstrings hold examples, by name."""
    paths = sorted(
        path.relative_to(ROOT).with_suffix("")
        for path in (ROOT / "flowspec").rglob("*.py")
        if re.search(r"^ *>>> ", path.read_text(), re.M)
    )
    return [".".join(path.parts).removesuffix(".__init__") for path in paths]


def test_docstrings_hold_examples():
    assert len(modules_with_examples()) >= 5


@pytest.mark.parametrize("name", modules_with_examples())
def test_the_examples_of_docstrings_run_as_written(name, here):
    """Each example brings its own imports: nothing of the module's own names is there."""
    if name.startswith(("flowspec.train", "flowspec.importers")):
        pytest.importorskip("torch")
    if name.startswith("flowspec.importers.zuko"):
        pytest.importorskip("zuko")
    (here / "exported").symlink_to(ROOT / "exported")
    tests = doctest.DocTestFinder().find(importlib.import_module(name), globs={})
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    said: list[str] = []
    for test in tests:
        runner.run(test, out=said.append)
    assert runner.tries > 0, "an example stands where doctest does not look"
    assert not runner.failures, "".join(said)


@pytest.mark.slow
def test_the_commands_of_the_readme_run(call, here):
    (here / "examples").symlink_to(ROOT / "examples")
    (here / "demo.flow").write_text("Normal(0, 1) |> Affine(0, 2) |> Logit\n")
    for line in re.findall(r"^\$ flowspec (.*)$", "\n".join(blocks("console")), re.M):
        extra = ["--epochs", "2"] if line.startswith("fit") else []
        answer = call(*shlex.split(line), *extra)
        assert answer.code == (1 if "demo.flow" in line else 0), f"{line}\n{answer.err}"


def test_the_outputs_of_the_readme_are_what_is_printed(call, here):
    (here / "demo.flow").write_text("Normal(0, 1) |> Affine(0, 2) |> Logit\n")
    assert call("check", "demo.flow").err.strip() in README
    assert call("show", str(ROOT / "examples" / "one_liner.flow")).out.strip() in README


def test_the_commands_of_the_page_on_editing_print_what_it_shows(call, here):
    (here / "flows").mkdir()
    (here / "flows" / "ugly.flow").write_text("Normal(0,1)|>Tanh # squash\n")
    (here / "wrong.flow").write_text("Normal(0, 1) |> Logit\n")
    (here / "typo.flow").write_text("Normal(0, 1) |> Tnah\n")
    page = (ROOT / "docs" / "editing.md").read_text()
    shown = re.findall(r"^\$ flowspec ([^\n]*)\n((?:(?!\$ |```).*\n)*)", page, re.M)
    assert len(shown) > 5
    for line, printed in shown:
        answer = call(*shlex.split(line))
        assert answer.out + answer.err == printed, line


def test_the_hooks_for_pre_commit_are_commands(call):
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text()
    entries = re.findall(r"^  entry: flowspec (\w+)$", hooks, re.M)
    assert re.findall(r"^- id: flowspec-(\w+)$", hooks, re.M) == entries == ["check", "fmt"]
    assert re.findall(r"^  files: (.*)$", hooks, re.M) == [r"\.flow$"] * 2
    for entry in entries:
        assert call(entry, "--help").code == 0
        assert f"- id: flowspec-{entry}\n" in (ROOT / "docs" / "editing.md").read_text()


def test_the_parts_of_the_readme_are_those_of_the_registry():
    written = re.search(r"<!-- parts: [^\n]*-->\n(.*?)<!-- /parts -->", README, re.S)
    assert written and written.group(1) == markdown(entries()), (
        "write it again: flowspec list --format markdown"
    )


def test_the_schema_file_is_the_one_that_the_registry_makes():
    held = (ROOT / "grammar" / "flow.schema.json").read_text()
    assert held == schema.text(), "write it again: see CONTRIBUTING.md"


@pytest.mark.slow
def test_the_exported_examples_are_rebuilt_byte_for_byte(tmp_path):
    subprocess.run(
        [sys.executable, ROOT / "examples" / "export.py", tmp_path], check=True, capture_output=True
    )
    for held in sorted((ROOT / "exported").iterdir()):
        names = sorted(path.name for path in held.iterdir())
        assert names == sorted(path.name for path in (tmp_path / held.name).iterdir())
        _, different, failed = filecmp.cmpfiles(held, tmp_path / held.name, names, shallow=False)
        assert not different and not failed, (
            f"{held.name}: {different}; write them again: make exported"
        )


def test_every_example_has_its_bundle():
    assert {p.stem for p in (ROOT / "examples").glob("*.flow")} == {
        p.name for p in (ROOT / "exported").iterdir()
    }
