"""`flowspec fmt`: files in the canonical layout, rewritten only where that changes them."""

from __future__ import annotations

import io
import os
import stat
import sys

import pytest

from commands import EXAMPLES, refused, written

UGLY = "Normal(0,1)|>Tanh # squash"
NEAT = "Normal(0, 1) |> Tanh  # squash\n"


@pytest.fixture
def standard_input(monkeypatch):
    def give(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return give


def test_a_file_is_rewritten(call, here):
    path = written(here / "a.flow", UGLY)
    path.chmod(0o600)
    assert call("fmt", path) == (0, "", "")
    assert path.read_text() == NEAT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_in_the_layout_is_left_alone(call, here):
    path = written(here / "a.flow", NEAT)
    before = path.stat()
    assert call("fmt", path) == (0, "", "")
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_what_a_link_points_to_is_rewritten(call, here):
    path = written(here / "a.flow", UGLY)
    (here / "link.flow").symlink_to(path)
    assert call("fmt", here / "link.flow") == (0, "", "")
    assert (here / "link.flow").is_symlink() and path.read_text() == NEAT


def test_the_flows_of_a_folder_are_rewritten(call, here):
    (here / "deep" / "er").mkdir(parents=True)
    path = written(here / "deep" / "er" / "a.flow", UGLY)
    other = written(here / "deep" / "notes.txt", UGLY)
    assert call("fmt", here / "deep") == (0, "", "")
    assert (path.read_text(), other.read_text()) == (NEAT, UGLY)


def test_check_names_the_files_that_would_change(call, here):
    path, neat = written(here / "a.flow", UGLY), written(here / "b.flow", NEAT)
    assert call("fmt", "--check", path, neat) == (1, f"{path}\n", "")
    assert path.read_text() == UGLY
    assert call("fmt", "--check", neat, EXAMPLES) == (0, "", "")


def test_diff_shows_what_would_change(call, here):
    path = written(here / "a.flow", UGLY)
    answer = call("fmt", "--diff", path)
    assert (answer.code, answer.err, path.read_text()) == (0, "", UGLY)
    shown = ["@@ -1 +1 @@", f"-{UGLY}", "\\ No newline at end of file", f"+{NEAT[:-1]}"]
    assert answer.out.splitlines() == [f"--- {path}", f"+++ {path}", *shown]
    assert call("fmt", "--diff", "--check", path).code == 1


def test_diff_counts_lines_as_diff_does(call, here):
    path = written(here / "a.flow", "# one\x0ctwo\u2028three\r\nNormal(0, 1)\n")
    answer = call("fmt", "--diff", path)
    assert "@@ -1,2 +1,2 @@\n-# one\x0ctwo\u2028three\r\n+# one" in answer.out
    assert "No newline" not in answer.out


def test_standard_input_goes_to_standard_output(call, here, standard_input):
    standard_input(UGLY.encode())
    assert call("fmt", "-") == (0, NEAT, "")
    standard_input(b"Normal(0,\xff")
    refused(call("fmt", "-"), "<stdin>", "byte 10 is not UTF-8")


def test_a_file_against_the_grammar_is_told_and_left_alone(call, here):
    wrong, path = written(here / "a.flow", "Normal(0,1) | Tanh"), written(here / "b.flow", UGLY)
    refused(call("fmt", wrong, path), "a.flow:1:13", "write `|>`")
    assert (wrong.read_text(), path.read_text()) == ("Normal(0,1) | Tanh", NEAT)
    refused(call("fmt", here / "none.flow"), "cannot read none.flow")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_cannot_be_written_is_told(call, here):
    path = written(here / "a.flow", UGLY)
    here.chmod(0o500)
    refused(call("fmt", path), "cannot write")
    here.chmod(0o700)
    assert path.read_text() == UGLY
