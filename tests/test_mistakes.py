"""Golden messages: every tests/mistakes/*.flow is wrong; its *.err holds what the user reads."""

from __future__ import annotations

import contextlib
import functools
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import flowspec
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError

TESTS = Path(__file__).parent
FOLDER = TESTS / "mistakes"
FILES = sorted(FOLDER.glob("*.flow"))

OTHER_TESTS = {
    "ContextOutsideInTable": "test_cli_plot.py",
    "ItemIsText": "train/test_spoiled_data.py",
    "LossNotFinite": "train/test_reverse_kl.py",
    "NoSolver": "export/test_solver.py",
    "NotImported": "importers/test_zuko.py",
    "OtherTraining": "train/test_resuming.py",
    "RaggedArray": "test_json.py",
    "WrongItemParts": "train/test_spoiled_data.py",
    "WrongLogDensity": "train/test_reverse_kl.py",
}
"""Mistakes of which a test asks only for words that their fields hold -> that test."""


@functools.cache
def mistakes_of(path: Path) -> FlowError:
    with pytest.raises(FlowError) as caught:
        flowspec.read(path)
    return caught.value


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_message_is_the_golden_one(path, update_golden):
    message, golden = str(mistakes_of(path)) + "\n", path.with_suffix(".err")
    if update_golden:
        golden.write_text(message)
    assert message == golden.read_text()


def test_no_golden_file_without_its_flow():
    assert {path.stem for path in FOLDER.glob("*.err")} == {path.stem for path in FILES}


def _kinds() -> Iterator[type[Diagnostic]]:
    """Every mistake of the package; a class without a message is a kind of them."""
    for module in pkgutil.walk_packages(flowspec.__path__, "flowspec."):
        with contextlib.suppress(ModuleNotFoundError):  # torch, zuko and others may be missing
            importlib.import_module(module.name)
    waiting = [Diagnostic]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if vars(kind).get("message") and kind.__module__.startswith("flowspec."):
            yield kind


def test_every_mistake_has_a_golden_file_or_a_test():
    told = {type(each) for path in FILES for each in mistakes_of(path).diagnostics}
    tests = "\n".join(
        path.read_text()
        for path in sorted(TESTS.rglob("*"))
        if path.suffix in (".py", ".err") and path.parent != FOLDER
    )
    words = set(re.findall(r"\w+", tests)) | set(re.findall(r"[\"\[]([a-z-]+)(?=[\"\]])", tests))
    untold = [kind for kind in _kinds() if kind not in told and not _quoted(kind, tests, words)]
    assert {kind.__name__ for kind in untold} <= OTHER_TESTS.keys()
    assert all((TESTS / path).exists() for path in OTHER_TESTS.values())


def _quoted(kind: type[Diagnostic], tests: str, words: set[str]) -> bool:
    """Do the tests name the mistake, its code, or three words of its message in a row?

    words   the names and the codes in the tests
    """
    code = re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()
    pieces = [piece.split() for piece in re.split(r"\{[\w:]*\}|,", vars(kind)["message"])]
    rows = [" ".join(piece[i : i + 3]) for piece in pieces for i in range(len(piece) - 2)]
    return bool({kind.__name__, code} & words) or any(row in tests for row in rows)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_mistake_is_told_whole(path):
    """No text is left blank by a field that is empty, no field shows as Python writes it."""
    for each in mistakes_of(path).diagnostics:
        assert each.message and not re.search(
            r"array\(|np\.|<class|None|Interval\(|\{\w|\bnan\b", each.message + each.note
        )
        assert not re.search(r"\b(please|invalid)\b", str(each), re.IGNORECASE)
