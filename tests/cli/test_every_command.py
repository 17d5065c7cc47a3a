"""Every command, called rightly and wrongly: help, usage, missing files, exit codes.

Commands run inside the test's own process, through the function that the installed script
calls. An exception that would be a traceback for the user is an error of the test.
"""

from __future__ import annotations

import subprocess
from importlib import metadata

import pytest

import flowspec
from commands import (
    COMMANDS,
    SCRIPT,
    refused,
    written,
)


def test_the_commands_are_these(call):
    answer = call("--help")
    assert answer.code == 0
    listed = answer.out.split("Commands:")[1].split("\n")
    assert [line.split()[0] for line in listed if line.strip()] == COMMANDS


def test_without_a_command_the_help_is_shown(call):
    answer = call()
    assert answer.code == 2
    assert "Commands:" in answer.err + answer.out


def test_the_version_is_told(call):
    answer = call("--version")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(f"flowspec {flowspec.__version__} (Python 3.")
    assert f"onnxruntime {metadata.version('onnxruntime')}" in answer.out


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_has_an_example(call, command):
    answer = call(command, "--help")
    assert (answer.code, answer.err) == (0, "")
    assert f"Example: flowspec {command}" in answer.out
    assert call(command, "-h") == answer


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_flag_is_wrong_usage(call, command):
    refused(call(command, "--sharpness"), "No such option", "--sharpness", code=2)


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["show"],
        ["compile"],
        ["compile", "x.flow"],
        ["sample"],
        ["score"],
        ["score", "x"],
        ["verify"],
        ["explain"],
        ["fit"],
        ["fit", "x.flow"],
        ["fit", "x.flow", "--data", "x.csv"],
        ["list", "Tanh"],
        ["explain", "Tanh", "Exp"],
        ["show", "a.flow", "b.flow"],
        ["check", "x.flow", "--format", "xml"],
        ["list", "--format", "xml"],
        ["targets", "--format", "xml"],
        ["verify", "x", "--runtime", "abacus"],
        ["compile", "x.flow", "-o", "x", "--dtype", "float16"],
        ["compile", "x.flow", "-o", "x", "--batch", "many"],
        ["sample", "x", "-n", "-1"],
        ["sample", "x", "-n", "1.5"],
        ["sample", "x", "--seed", "one"],
        ["fit", "x.flow", "--data", "x.csv", "-o", "x", "--epochs", "0"],
        ["fit", "x.flow", "--data", "x.csv", "-o", "x", "--learning-rate", "-1"],
        ["fit", "x.flow", "--data", "x.csv", "-o", "x", "--validation", "1"],
    ],
    ids=" ".join,
)
def test_a_command_called_wrongly_is_wrong_usage(call, here, arguments):
    refused(call(*arguments), "Try 'flowspec", "Error: ", code=2)


def test_a_misspelt_command_is_suggested(call):
    refused(call("sampel"), "did you mean 'sample'?", code=2)
    refused(call("zzzz"), "No such command 'zzzz'", code=2)


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "none.flow"],
        ["show", "none.flow"],
        ["show", "none.json"],
        ["compile", "none.flow", "-o", "made"],
        ["fit", "none.flow", "--data", "none.csv", "-o", "made"],
    ],
    ids=" ".join,
)
def test_a_missing_file_is_told(call, here, arguments):
    refused(call(*arguments), "no such file or directory")
    assert not list(here.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [["sample", "none"], ["verify", "none"], ["score", "none", "--data", "none.csv"]],
    ids=" ".join,
)
def test_a_missing_bundle_is_told(call, here, arguments):
    refused(call(*arguments), "there is no folder none")
    assert not list(here.iterdir())


@pytest.mark.parametrize(
    "arguments", [["check"], ["show"], ["compile", "-o", "made"]], ids=lambda a: a[0]
)
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (bytes(range(256)), "it holds binary data"),
        (b"Normal(0, 1) \xff", "byte 14 is not UTF-8"),
        (b"", "there is no flow here"),
        (b"Normal(0, 1) |> Tnah", "did you mean `Tanh`?"),
    ],
    ids=["binary", "not UTF-8", "empty", "mistake"],
)
def test_a_file_that_is_no_flow_is_told(call, here, arguments, content, told):
    command, *rest = arguments
    refused(call(command, written(here / "it.flow", content), *rest), told, "it.flow")
    assert [path.name for path in here.iterdir()] == ["it.flow"]


def test_a_folder_is_no_flow(call, here):
    (here / "folder.flow").mkdir()
    refused(call("check", "folder.flow"), "there is no .flow file in folder.flow")
    refused(call("fmt", "folder.flow"), "there is no .flow file in folder.flow")
    refused(call("compile", "folder.flow", "-o", "made"), "cannot read folder.flow: is a directory")


def test_standard_input_is_no_file(call, here):
    refused(call("show", "-"), "cannot read -")


def test_the_installed_script_answers_the_same(here, call):
    written(here / "wrong.flow", "Normal(0, 1) |> Logit")
    done = subprocess.run([SCRIPT, "check", "wrong.flow"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == call("check", "wrong.flow")


def test_a_reader_that_stops_early_is_no_error(bundles):
    """`flowspec sample ... | head -1`: the rest of the output has nowhere to go."""
    command = [SCRIPT, "sample", bundles / "one", "-n", "200000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"x\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode in (0, 1)  # it changed with click's versions
