"""Bundles that the tests of what is exported share."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

import flowspec
from graphs import (
    EXAMPLES,
)


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.stem)
def source(request) -> Path:
    """The text of each example."""
    return request.param


@pytest.fixture
def flow(source) -> flowspec.Flow:
    """Each example."""
    return flowspec.read(source)


@pytest.fixture(scope="session")
def compiled_example(tmp_path_factory):
    """(path of an example, dtype) -> its bundle, compiled once."""
    place = tmp_path_factory.mktemp("examples")

    @functools.cache
    def compiled(source: Path, dtype: str) -> flowspec.Bundle:
        target = place / dtype / source.stem / "bundle"
        return flowspec.load(flowspec.compile(flowspec.read(source), target, dtype=dtype))

    return compiled


@pytest.fixture(params=["float32", "float64"])
def bundle(request, source, compiled_example) -> flowspec.Bundle:
    """The bundle of each example, in both float types."""
    return compiled_example(source, request.param)


@pytest.fixture
def made(tmp_path):
    """Compiles a text with options, and opens the bundle."""

    def compiled(text: str, name: str = "bundle", **options) -> flowspec.Bundle:
        return flowspec.load(flowspec.compile(flowspec.parse(text), tmp_path / name, **options))

    return compiled
