"""The documentation is true: its code runs, its tables and files are what the code makes."""

from __future__ import annotations

import doctest
import filecmp
import importlib
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import flowspec
from flowspec.diagnostics.explained import codes
from flowspec.export.strict import verify_strictly
from flowspec.ir import schema
from flowspec.runtime.about import FORMATS
from flowspec.train.feed.data_warnings import kinds
from pages import WRITTEN, blocks, follow

ROOT = Path(__file__).parent.parent


PAGES = [path for path in WRITTEN if "```" in path.read_text()]
OWN_TESTS = ["native", "editing"]
"""Pages that other tests follow: they need a compiler, or files."""

NOT_FOLLOWED = ["serving"]
"""Pages whose code needs what is not installed, or tables that only a reader has."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [ROOT / "README.md", *(p for p in PAGES if p.stem not in [*OWN_TESTS, *NOT_FOLLOWED])],
    ids=lambda path: path.stem,
)
def test_a_page_can_be_followed(path, call, here, monkeypatch):
    if path.stem == "judging":
        pytest.importorskip("sklearn")
    for name in ("examples", "exported"):
        (here / name).symlink_to(ROOT / name)
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(here / "home"))
    monkeypatch.setenv("SHELL", "/bin/bash")
    page = path.read_text()
    can_be_run = re.search(r"^```python|^\$ flowspec", page, re.MULTILINE)
    assert (follow(page, call) > 0) == bool(can_be_run)


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


@pytest.mark.parametrize("path", [ROOT / "README.md", *PAGES], ids=lambda path: path.stem)
def test_flows_on_pages_are_right_or_shown_with_their_mistake(path):
    page = path.read_text()
    for block in blocks(page):
        if block.language == "flow" and not block.text.startswith("train"):
            try:
                flowspec.parse(block.text)
            except flowspec.FlowError as error:
                assert all(f"error[{each.code}]" in page for each in error.diagnostics)


def test_codes_of_troubleshooting_are_those_that_there_are():
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    cells = re.findall(r"^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|", page, re.MULTILINE)
    told = {code.strip("`") for cell in cells for code in cell.split(", ")}
    assert len(told) > 20
    assert told <= {*codes(), *kinds()}


BASES = [
    "Normal(0, 1)[3]",
    "Normal(0, 1)[2]",
    "Uniform(0, 1)[3]",
    "Normal(0, 1)",
    "CircularUniform",
]
BEFORE = ["", *(f"{base} |> " for base in BASES)]


def test_what_others_names_are_called_can_be_written():
    page = (ROOT / "docs" / "howto" / "coming-from.md").read_text().replace(r"\|>", "|>")
    ours = " ".join(re.findall(r"^\| .* \| (.*) \|$", page, re.MULTILINE))
    written = {
        text for text in re.findall(r"`(.*?)`", ours) if re.match(r"[A-Z]|inverse|on\(", text)
    }
    assert len(written) > 60
    for text in written:
        assert any(is_right(f"{before}{text}") for before in BEFORE) or is_right(f"{text}(3)"), text


def is_right(text: str) -> bool:
    try:
        return bool(flowspec.parse(text))
    except flowspec.FlowError:
        return False


def test_the_fields_of_a_bundle_are_all_told():
    page = (ROOT / "docs" / "bundle.md").read_text()
    section = page.split("## `flow.json`")[1].split("\n## ")[0]
    told = {
        name
        for line in re.findall(r"^\| (`.*?) \|", section, re.M)
        for name in re.findall(r"`(\w+)`", line)
    }
    assert told == {*FORMATS[max(FORMATS)], "flow"}


def test_the_schema_file_is_the_one_that_the_registry_makes():
    held = (ROOT / "grammar" / "flow.schema.json").read_text()
    assert held == schema.text(), "write it again: see CONTRIBUTING.md"


@pytest.mark.slow
def test_the_exported_examples_are_what_the_examples_give(tmp_path):
    """Byte for byte, but for the vectors: their last digits are those of a processor."""
    subprocess.run(
        [sys.executable, ROOT / "examples" / "export.py", tmp_path], check=True, capture_output=True
    )
    for held in sorted((ROOT / "exported").iterdir()):
        again = tmp_path / held.name
        names = {path.name for path in held.iterdir()}
        assert names == {path.name for path in again.iterdir()}
        same = names - {"flow.json", "vectors.json"}
        _, different, failed = filecmp.cmpfiles(held, again, same, shallow=False)
        assert not different and not failed and stated(held) == stated(again), (
            f"{held.name}: {different or 'flow.json'}; write them again: make exported"
        )
        assert all(check.passed for check in verify_strictly(held)), held.name


def stated(bundle: Path) -> dict[str, object]:
    """What flow.json says of the flow, without what was measured on the machine that wrote it."""
    document = json.loads((bundle / "flow.json").read_text())
    del document["digest"], document["certificate"], document["files"]["vectors.json"]
    return document


def test_every_example_has_its_bundle():
    assert {p.stem for p in (ROOT / "examples").glob("*.flow")} == {
        p.name for p in (ROOT / "exported").iterdir()
    }
