"""Messages have colors on a terminal only, and none where NO_COLOR is set."""

from __future__ import annotations

import re

import click
import pytest

from flowspec.cli import colors

MESSAGE = """\
error[domain-mismatch]: Log takes positive numbers, and Normal gives real ones
 --> <flow>:1:17
  |
1 | Normal(0, 1) |> Log
  | ------------    ^^^ takes positive
  | |
  | gives real
  |
  = help: insert `Exp` before it"""


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setattr(colors.sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)


def test_a_terminal_gets_colors_and_the_same_words(terminal):
    text = colors.colored(MESSAGE)
    assert text.startswith("\x1b[31m\x1b[1merror[domain-mismatch]:")
    assert "\x1b[31m ------------    ^^^ takes positive" in text
    assert click.unstyle(text) == MESSAGE
    assert "Normal(0, 1) |> Log" in re.split("\n", text)[3]


def test_no_color_is_respected(terminal, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert colors.colored(MESSAGE) == MESSAGE


def test_a_pipe_gets_none(monkeypatch):
    monkeypatch.setattr(colors.sys.stderr, "isatty", lambda: False, raising=False)
    assert colors.colored(MESSAGE) == MESSAGE
