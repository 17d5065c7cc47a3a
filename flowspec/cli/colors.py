"""Colors of messages, where a person reads them on a terminal."""

from __future__ import annotations

import os
import re
import sys

import click

LEVELS = {"error": "red", "warning": "yellow", "note": "cyan"}
HEAD = re.compile(r"^(error|warning|note)(\[[\w-]+\])?:(.*)$")
MARKS = re.compile(r"^( *\|)([ ^-]*[\^-][ ^-]*)(.*)$")
ADVICE = re.compile(r"^( *= )(note|help):")


def colored(text: str) -> str:
    """A message with the colors of a terminal, if standard error is one and NO_COLOR is not set."""
    if os.environ.get("NO_COLOR") or not sys.stderr.isatty():
        return text
    return "\n".join(map(_line, text.split("\n")))


def _line(line: str) -> str:
    if head := HEAD.match(line):
        level = click.style(f"{head[1]}{head[2] or ''}:", fg=LEVELS[head[1]], bold=True)
        return level + click.style(head[3], bold=True)
    if marks := MARKS.match(line):
        strong = click.style(f"{marks[2]}{marks[3]}", fg="red" if "^" in marks[2] else "cyan")
        return marks[1] + strong
    if advice := ADVICE.match(line):
        return f"{advice[1]}{click.style(advice[2] + ':', bold=True)}{line[advice.end() :]}"
    return line
