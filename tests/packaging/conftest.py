"""The wheel that users get."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from environments import pip

ROOT = Path(__file__).parents[2]
SOURCES = ["flowspec", "grammar", "pyproject.toml", "README.md", "LICENSE"]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built of a copy of the sources, so that the checkout stays as it is."""
    place = tmp_path_factory.mktemp("wheel")
    sources = place / "sources"
    sources.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            without = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, sources / name, ignore=without)
        else:
            shutil.copy(ROOT / name, sources)
    pip("wheel", "--no-deps", "-w", place, sources)
    (built,) = place.glob("flowspec-*.whl")
    return built
