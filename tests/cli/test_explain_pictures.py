"""Pictures of `flowspec explain`: curves on a terminal, and files."""

from __future__ import annotations

import numpy as np
import pytest

from commands import refused

pytest.importorskip("matplotlib")

from flowspec.cli import explain
from flowspec.language.catalogue import entries
from flowspec.plots import components, terminal
from flowspec.plots.example import example_of

DRAWN = [entry for entry in entries() if entry.kind in explain.DRAWN]


@pytest.mark.parametrize("ending, begins", [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_the_map_of_a_step_is_drawn_into_a_file(call, here, ending, begins):
    answer = call("explain", "Tanh", "-o", f"tanh.{ending}")
    assert answer == (0, "", f"wrote tanh.{ending}\n")
    assert (here / f"tanh.{ending}").read_bytes().startswith(begins)


def test_what_has_no_picture_is_refused(call, here):
    refused(call("explain", "Tnah", "-o", "x.png"), "did you mean `Tanh`?")
    refused(call("explain", "Abc", "-o", "x.png"), "there is no base or step called `Abc`")
    for name in ("NSF", "domain-mismatch", "whole-numbers"):
        refused(call("explain", name, "-o", "x.png"), f"`{name}` has no picture", code=2)
    refused(call("explain", "Tanh", "-o", "x.jpg"), "ends in .png or .svg", code=2)
    assert list(here.iterdir()) == []


def test_a_pipe_gets_words_alone(call):
    assert "y over x" not in call("explain", "Tanh").out


def test_a_terminal_gets_the_curve(call, monkeypatch):
    written = call("explain", "Tanh").out
    monkeypatch.setattr(explain, "_is_terminal", lambda: True)
    assert call("explain", "Tanh").out.startswith(written + "\ny over x\n")
    assert call("explain", "NSF").out == call("explain", "NSF").out  # which has none


@pytest.mark.parametrize("entry", DRAWN, ids=lambda entry: entry.name)
def test_every_curve_can_be_drawn(entry):
    found = components.curve(entry)
    if found is not None:
        x, y, title = found
        lines = terminal.curve(x, y, title).split("\n")
        assert len(lines) == terminal.HEIGHT + 3
        assert max(map(len, lines)) <= 80


def test_a_straight_line_climbs_from_corner_to_corner():
    lines = terminal.curve(np.array([0.0, 1.0]), np.array([2.0, 5.0]), "line").split("\n")[1:-2]
    assert lines[0].startswith("       5 ┤")
    assert lines[-1].startswith("       2 ┤⣀")
    assert [len(line) for line in lines] == sorted((len(line) for line in lines), reverse=True)


def test_a_constant_is_a_level_line():
    text = terminal.curve(np.array([0.0, 1.0]), np.array([3.0, 3.0]), "level")
    assert "⠉" * terminal.WIDTH in text


def test_the_example_of_a_flexible_function_bends():
    known = {entry.name: entry for entry in entries()}
    assert "heights=[1, 0.3" in example_of(known["RQS"])
    assert "theta=[-1, 2" in example_of(known["Bernstein"])
    for name in ("Affine", "Tanh", "Logit", "LULinear", "Normal"):
        assert example_of(known[name]) == known[name].example
