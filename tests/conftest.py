"""What all tests share: options, calls of the command line, and small bundles."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

import flowspec
from commands import GIVEN, ONE_LINER, PAIR
from flowspec.cli.main import main


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write golden files anew")


@pytest.fixture
def update_golden(request) -> bool:
    """Are golden files to be written anew?"""
    return request.config.getoption("--update-golden")


class Answer(NamedTuple):
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[list[str]]:
        """Standard output as CSV."""
        return list(csv.reader(io.StringIO(self.out)))


@pytest.fixture
def call(monkeypatch, capsys):
    """Calls `flowspec` with arguments, and gives what it answered."""

    def answer(*arguments) -> Answer:
        monkeypatch.setattr(sys, "argv", ["flowspec", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Answer(code, out, err)

    return answer


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def bundles(tmp_path_factory) -> Path:
    """A folder with the bundles `one`, `pair` and `given`."""
    place = tmp_path_factory.mktemp("bundles")
    texts = {"one": ONE_LINER.read_text(), "pair": PAIR, "given": GIVEN}
    for name, text in texts.items():
        flowspec.compile(flowspec.parse(text), place / name)
    return place
