"""`flowspec completion`: scripts for three shells, put where these look for them."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from commands import SCRIPT, refused
from flowspec.cli import completion

SHELLS = {
    "bash": ".local/share/bash-completion/completions/flowspec",
    "zsh": ".zfunc/_flowspec",
    "fish": ".config/fish/completions/flowspec.fish",
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_printed(call, shell):
    answer = call("completion", shell)
    assert (answer.code, answer.err) == (0, "")
    assert f"_FLOWSPEC_COMPLETE={shell}_complete" in answer.out


@pytest.mark.parametrize("shell, place", SHELLS.items())
def test_it_is_installed_by_one_command(call, home, monkeypatch, shell, place):
    monkeypatch.setenv("SHELL", f"/usr/bin/{shell}")
    answer = call("completion", "--install")
    assert answer.code == 0
    assert f"wrote {home / place}" in answer.out
    assert (home / place).read_text() == call("completion", shell).out


def test_what_stands_in_the_start_file_of_zsh_stays_and_grows_once(call, home):
    (home / ".zshrc").write_text("alias ll='ls -l'")
    for _ in range(2):
        assert call("completion", "zsh", "--install").code == 0
    text = (home / ".zshrc").read_text()
    assert text.startswith("alias ll='ls -l'\n# completion of flowspec\n")
    assert text.count("compinit") == 2  # autoload, and the call


def test_without_a_variable_it_is_the_shell_of_the_login(call, monkeypatch):
    monkeypatch.delenv("SHELL", raising=False)
    monkeypatch.setattr(completion, "_login_shell", lambda: "/usr/bin/fish")
    assert call("completion").out == call("completion", "fish").out


def test_an_unknown_shell_is_wrong_usage(call, monkeypatch):
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    refused(call("completion"), "write one of bash, zsh, fish", code=2)
    refused(call("completion", "tcsh"), "tcsh", code=2)


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_offers_commands_and_options(call):
    script = call("completion", "bash").out
    for typed, offered in (("flowspec ver", "verify"), ("flowspec doctor --for", "--format")):
        words = typed.split()
        asked = (
            f"{script}\nPATH={SCRIPT.parent}:$PATH\nCOMP_WORDS=({typed})\n"
            f"COMP_CWORD={len(words) - 1}\n_flowspec_completion flowspec\n"
            'echo "${COMPREPLY[@]}"'
        )
        done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True)
        assert done.stdout.split() == [offered]
