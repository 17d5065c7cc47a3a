"""Data that cannot be trained on: the whole message of each case is held in tests/spoiled.

A new case is an entry of `TABLES` or `CALLS` in tests/helpers; `pytest --update-golden` writes its
message.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("pyarrow")

import flowspec
from flowspec.cli.main import main
from flowspec.data import files as data_files
from flowspec.data import pieces
from flowspec.data.tables import table as tables
from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.train.feed import row_mistakes
from spoiled_calls import CALLS
from spoiled_flows import written
from spoiled_tables import TABLES

FOLDER = Path(__file__).parent.parent / "spoiled"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def golden(update_golden):
    """Compares a message with the golden one of a name."""

    def compare(name: str, message: str) -> None:
        path = FOLDER / f"{name}.err"
        if update_golden:
            path.write_text(message)
        assert message == path.read_text()
        _assert_in_words_of_users(message)

    return compare


def _assert_in_words_of_users(message: str) -> None:
    """Each mistake is told whole, with what to do, and nothing of how the program works shows."""
    assert re.match(r"(dropped \d+ of \d+ rows .*\n)?error\[[a-z-]+\]: .", message)
    assert message.count("error[") == message.count(" = help: ")
    assert not re.search(
        r"Traceback|array\(|np\.|torch\.|<class|object at 0x|\{\w|errno|codec|datetime|None\b",
        message,
    )
    assert not re.search(r"\b(please|invalid|node|codomain)\b", message, re.IGNORECASE)


def _put(data) -> str:
    """Write the data of a table: the name of its file."""
    if isinstance(data, str):
        return str(written("data.csv", data))
    if isinstance(data, np.ndarray):
        np.save("data.npy", data, allow_pickle=data.dtype == object)
        return "data.npy"
    data()
    return ""


@pytest.mark.parametrize("name", TABLES)
def test_the_command_says_what_is_wrong_with_a_table(here, monkeypatch, capsys, golden, name):
    spoiled = TABLES[name]
    place = _put(spoiled.data) or spoiled.name
    written("it.flow", spoiled.flow)
    words = [
        "fit",
        "it.flow",
        "--data",
        spoiled.name or place,
        "-o",
        "made",
        "--epochs",
        "1",
        *spoiled.options.split(),
    ]
    monkeypatch.setattr(sys, "argv", ["flowspec", *words])
    with pytest.raises(SystemExit) as stop:
        main()
    answer = capsys.readouterr()
    golden(name, answer.err)
    assert (stop.value.code, answer.out) == (1, "")
    assert not (here / "made").exists()


@pytest.mark.parametrize("name", CALLS)
def test_fit_says_what_is_wrong_with_data(golden, name):
    with pytest.raises(flowspec.FlowError) as caught:
        CALLS[name]()
    golden(name, str(caught.value) + "\n")


def test_no_golden_file_without_its_case():
    assert not {*TABLES} & {*CALLS}
    assert {path.stem for path in FOLDER.glob("*.err")} == {*TABLES, *CALLS}


def test_every_kind_of_mistake_has_a_golden_file():
    kinds = [
        kind
        for module in (data_files, pieces, row_mistakes, tables)
        for kind in vars(module).values()
        if isinstance(kind, type)
    ]
    codes = {
        kind.family or re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()
        for kind in kinds
        if issubclass(kind, Diagnostic) and kind.message
    }
    covered = set(
        re.findall(
            r"^error\[(.+?)\]",
            "\n".join(path.read_text() for path in FOLDER.glob("*.err")),
            re.MULTILINE,
        )
    )
    assert codes - covered == {"unwritable-path"}  # of tables that are written
