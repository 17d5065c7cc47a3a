"""Pages of the documentation, followed as a reader follows them."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import flowspec

DOCS = Path(__file__).parents[2] / "docs"
WRITTEN = [path for path in sorted(DOCS.rglob("*.md")) if path.parent != DOCS / "codes"]
"""The pages of the documentation, without those that its build makes."""

CONSOLE = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
WANTED = doctest.OutputChecker()


class Block(NamedTuple):
    """A block of code: its language, its text, and the line above it."""

    language: str
    text: str
    above: str


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page, in order."""
    for block in re.finditer(r"^```(\S*)\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        above = page[: block.start()].rstrip().rpartition("\n")[2]
        yield Block(block.group(1), block.group(2), above)


def same(wanted: str, printed: str) -> bool:
    """True if a page shows what is printed; `...` stands for anything."""
    return WANTED.check_output(wanted.rstrip() + "\n", printed.rstrip() + "\n", doctest.ELLIPSIS)


def follow(page: str, call: Callable[..., Any]) -> int:
    """Run the commands and the Python of a page, in one folder, and count them.

    A flow below "`name.flow`:" is written into that file. Output that a page shows is what is
    printed. Trainings are cut to two epochs, but for those with a `--budget`.
    """
    names: dict[str, Any] = {"__name__": "page"}
    steps, printed = 0, ""
    for block in blocks(page):
        if block.language == "flow" and (name := re.search(r"`([\w/]+\.flow)`.*:$", block.above)):
            Path(name.group(1)).write_text(block.text)
        elif block.language == "console":
            steps += sum(_command(*match.groups(), call) for match in CONSOLE.finditer(block.text))
        elif block.language == "python":
            printed, steps = _python(block.text, names), steps + 1
        elif block.language == "text" and printed:
            assert same(block.text, printed), f"printed:\n{printed}\nshown:\n{block.text}"
        if block.language != "python":
            printed = ""
    return steps


def _command(line: str, shown: str, call: Callable[..., Any]) -> int:
    """Run a line of a console; 0 if it is no command of FlowSpec."""
    program, *arguments = shlex.split(line)
    if program != "flowspec":
        return 0
    is_cut = arguments[0] == "fit" and "--budget" not in arguments
    quickly = ["--epochs", "2"] if is_cut else []
    answer = call(*arguments, *quickly)
    # `diff` exits with 1 where two flows differ.
    right = (0, 1) if arguments[0] == "diff" else ("error[" in shown,)
    assert answer.code in right, f"{line}\n{answer.err}"
    if shown:
        printed = answer.out + answer.err
        assert same(shown, printed), f"{line}\nprinted:\n{printed}\nshown:\n{shown}"
    return 1


def _python(code: str, names: dict[str, Any]) -> str:
    """What a piece of Python prints."""
    printed, fit = io.StringIO(), flowspec.fit
    flowspec.fit = lambda *rows, **options: fit(*rows, **options | {"epochs": 2})
    try:
        with contextlib.redirect_stdout(printed):
            exec(code, names)
    finally:
        flowspec.fit = fit
    return printed.getvalue()
