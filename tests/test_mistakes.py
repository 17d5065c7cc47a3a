"""Golden messages: every tests/mistakes/*.flow is wrong, and the *.err beside it holds what the user reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import flowspec
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError
from flowspec.language import check_mistakes, syntax_mistakes
from flowspec.parts import mistakes

FOLDER = Path(__file__).parent / "mistakes"
FILES = sorted(FOLDER.glob("*.flow"))

NOT_FROM_TEXT = {
    "SchemaMismatch": "JSON only",
    "FalseSupport": "JSON only",
    "UnknownContext": "JSON only",
    "RaggedArray": "JSON only",
    "UnreadableFile": "a file that is not there",
    "FileTooLarge": "tests/language/test_fuzz.py, which needs no file of 200 kB",
    "TooManyWords": "tests/language/test_fuzz.py, which needs no file of 50 kB",
}
"""Mistakes without a golden file, and why."""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_message_is_the_golden_one(path, update_golden):
    with pytest.raises(FlowError) as caught:
        flowspec.read(path)
    message, golden = str(caught.value) + "\n", path.with_suffix(".err")
    if update_golden:
        golden.write_text(message)
    assert message == golden.read_text()


def test_no_golden_file_without_its_flow():
    assert {path.stem for path in FOLDER.glob("*.err")} == {path.stem for path in FILES}


def _kinds() -> dict[str, type[Diagnostic]]:
    found = {}
    for module in (mistakes, check_mistakes, syntax_mistakes):
        for name, kind in vars(module).items():
            if (
                isinstance(kind, type)
                and issubclass(kind, Diagnostic)
                and kind.message
                and kind.__module__ == module.__name__
            ):
                found[name] = kind
    return found


def test_every_kind_of_mistake_has_a_golden_file():
    told = set(
        re.findall(
            r"^error\[(.+?)\]",
            "\n".join(path.read_text() for path in FOLDER.glob("*.err")),
            re.MULTILINE,
        )
    )
    missing = {name for name in _kinds() if _code(name) not in told}
    assert missing == set(NOT_FROM_TEXT)


def _code(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_mistake_is_told_whole(path):
    """No text is left blank by a field that is empty, no field shows as Python writes it."""
    with pytest.raises(FlowError) as caught:
        flowspec.read(path)
    for each in caught.value.diagnostics:
        assert each.message and not re.search(
            r"array\(|np\.|<class|None|Interval\(|\{\w|\bnan\b", each.message + each.note
        )
        assert not re.search(r"\b(please|invalid)\b", str(each), re.IGNORECASE)
