"""Every command where its output cannot go: a full disk, a reader that has gone, a place that is
no directory."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import click
import numpy as np
import pytest

from commands import COMMANDS, LEARNS, written
from flowspec.cli.main import cli, main

WITH_OUTPUT = {
    "check": ["check", "wrong.flow", "--format", "json"],
    "compile": ["compile", "--help"],
    "completion": ["completion", "fish"],
    "diff": ["diff", "a.flow", "m"],
    "doctor": ["doctor"],
    "embed": ["embed", "m", "--lang", "c"],
    "explain": ["explain", "RQS"],
    "fit": ["fit", "--help"],
    "fmt": ["fmt", "--diff", "a.flow"],
    "import": ["import", "--help"],
    "impute": ["impute", "m", "--data", "t.csv"],
    "init": ["init", "t.csv"],
    "judge": ["judge", "--help"],
    "list": ["list"],
    "lsp": ["lsp", "--help"],
    "package": ["package", "--help"],
    "plot": ["plot", "--help"],
    "sample": ["sample", "m", "-n", "10"],
    "score": ["score", "m", "--data", "t.csv"],
    "show": ["show", "a.flow"],
    "targets": ["targets"],
    "verify": ["verify", "m"],
    "view": ["view", "--help"],
}
"""A call of each command that writes to standard output."""

WITH_PLACE = {
    "compile": ["compile", "a.flow", "-o"],
    "embed": ["embed", "m", "--lang", "c", "-o"],
    "fit": ["fit", "a.flow", "--data", "t.csv", "--epochs", "1", "-o"],
    "impute": ["impute", "m", "--data", "t.csv", "-o"],
    "init": ["init", "t.csv", "-o"],
    "package": ["package", "m", "--for", "triton", "-o"],
    "plot": ["plot", "m", "-o"],
    "sample": ["sample", "m", "-n", "10", "-o"],
    "score": ["score", "m", "--data", "t.csv", "-o"],
    "show": ["show", "a.flow", "--plot"],
}
"""Calls that lack the place to write to."""

SUFFIXES = {
    "impute": ".csv", "sample": ".csv", "score": ".csv", "plot": ".png", "show": ".png",
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    import flowspec

    path = tmp_path_factory.mktemp("output")
    written(path / "a.flow", f"event x\n{LEARNS}")
    written(path / "wrong.flow", "Nomral(0, 1)")
    written(path / "t.csv", "x\n" + "\n".join(map(str, np.linspace(-1, 1, 20))) + "\n")
    flowspec.compile(flowspec.read(path / "a.flow"), path / "m")
    return path


def run(arguments: list[str], output, monkeypatch, capfd) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["flowspec", *arguments])
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", output)
        with pytest.raises(SystemExit) as ended:
            main()
    return ended.value.code, capfd.readouterr().err


def test_each_command_is_tried():
    assert list(WITH_OUTPUT) == COMMANDS


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("command", WITH_OUTPUT)
def test_a_full_disk_is_told_in_a_sentence(command, place, monkeypatch, capfd):
    monkeypatch.chdir(place)
    with open("/dev/full", "w") as full:  # closing it after the command writes nothing
        code, err = run(WITH_OUTPUT[command], full, monkeypatch, capfd)
    assert code == 1
    assert err.endswith("error: standard output cannot be written: no space left on device\n")


@pytest.mark.parametrize("command", WITH_OUTPUT)
def test_a_reader_that_has_gone_ends_a_command_quietly(command, place, monkeypatch, capfd):
    monkeypatch.chdir(place)
    reader, writer = os.pipe()
    os.close(reader)
    pipe = os.fdopen(writer, "w")
    code, err = run(WITH_OUTPUT[command], pipe, monkeypatch, capfd)
    with contextlib.suppress(BrokenPipeError):
        pipe.close()
    assert (code, err) == (1, "")


@pytest.mark.slow
@pytest.mark.parametrize("where", ["t.csv/inside", "/dev/null/inside", "/proc/inside"])
@pytest.mark.parametrize("command", WITH_PLACE)
def test_a_place_that_cannot_be_written_is_told(command, where, place, monkeypatch, call):
    monkeypatch.chdir(place)
    suffix = SUFFIXES.get(command, "")
    answer = call(*WITH_PLACE[command], where + suffix)
    assert (answer.code, answer.out) == (1, "")
    assert "error" in answer.err
    assert "inside" in answer.err


@pytest.mark.parametrize("command", WITH_PLACE)
def test_a_vanished_directory_is_told(command, place, monkeypatch, call, tmp_path):
    arguments = [
        str(place / part) if (place / part).exists() else part for part in WITH_PLACE[command]
    ]
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    suffix = SUFFIXES.get(command, "")
    answer = call(*arguments, "m" + suffix)
    assert answer.code == 1
    assert "the current directory is gone" in answer.err


BEFORE_ANYTHING = {
    "compile": ["compile", "none.flow", "-o"],
    "embed": ["embed", "none", "--lang", "c", "-o"],
    "explain": ["explain", "none", "-o"],
    "fit": ["fit", "none.flow", "--data", "none.csv", "-o"],
    "import": ["import", "zuko", "none.pt", "-o"],
    "impute": ["impute", "none", "--data", "none.csv", "-o"],
    "init": ["init", "none.csv", "-o"],
    "judge": ["judge", "none", "--data", "none.csv", "-o"],
    "package": ["package", "none", "--for", "triton", "-o"],
    "plot": ["plot", "none", "-o"],
    "sample": ["sample", "none", "-o"],
    "score": ["score", "none", "--data", "none.csv", "-o"],
    "show": ["show", "none.flow", "--plot"],
    "view": ["view", "none", "-o"],
}
"""Calls of what does not exist, which lack the place to write to."""


def test_each_command_with_an_output_is_tried():
    options = {"output", "picture"}
    group = click.Context(cli)
    commands = {name: cli.get_command(group, name) for name in COMMANDS}
    named = {name for name, of in commands.items() if options & {each.name for each in of.params}}
    assert named == {*BEFORE_ANYTHING}


@pytest.mark.parametrize("command", BEFORE_ANYTHING)
def test_a_place_that_cannot_be_written_is_told_before_any_work(command, here, call):
    written(here / "t.csv", "x\n1\n")
    suffix = {"judge": ".html", **SUFFIXES}.get(command, "")
    answer = call(*BEFORE_ANYTHING[command], "t.csv/inside" + suffix)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"error[unwritable-path]: cannot write t.csv/inside{suffix}: ")
    assert "t.csv is a file, not a directory" in answer.err


def test_looking_at_a_place_leaves_nothing_there(here, call, bundles):
    answer = call("sample", bundles / "one", "--context", "none.csv", "-o", "new/a.csv")
    assert answer.code == 1 and list(here.iterdir()) == []
