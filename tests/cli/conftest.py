"""Bundles, tables and flows that the tests of the commands share."""

from __future__ import annotations

from pathlib import Path

import pytest

import flowspec
from commands import (
    GIVEN,
    LEARNS,
    ONE_LINER,
    PAIR,
    written,
)


@pytest.fixture(scope="session")
def bundles(tmp_path_factory) -> Path:
    """A folder with the bundles `one`, `pair` and `given`."""
    place = tmp_path_factory.mktemp("bundles")
    texts = {"one": ONE_LINER.read_text(), "pair": PAIR, "given": GIVEN}
    for name, text in texts.items():
        flowspec.compile(flowspec.parse(text), place / name)
    return place


@pytest.fixture
def table(here) -> Path:
    """Forty rows of a column `x`, in steps of a tenth."""
    return written(here / "data.csv", "x\n" + "".join(f"{i / 10}\n" for i in range(40)))


@pytest.fixture
def learns(here) -> Path:
    """A flow that learns two numbers."""
    return written(here / "learns.flow", LEARNS)
