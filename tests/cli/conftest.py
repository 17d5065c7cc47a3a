"""Tables and flows that the tests of the commands share."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import LEARNS, written


@pytest.fixture
def table(here) -> Path:
    """Forty rows of a column `x`, in steps of a tenth."""
    return written(here / "data.csv", "x\n" + "".join(f"{i / 10}\n" for i in range(40)))


@pytest.fixture
def learns(here) -> Path:
    """A flow that learns two numbers."""
    return written(here / "learns.flow", LEARNS)
