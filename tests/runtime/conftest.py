"""Bundles of small flows, opened once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import flowspec

TEXTS = {
    "scalar": "Normal(0,1) |> Affine(0,2) |> Tanh |> Affine(0.5,0.5)",
    "single": "Normal(0, 1)[1]",
    "pair": "event a: real, b: positive\nNormal([0, 1], 2) |> Onto(event)",
    "given": "context z: positive\nevent y: positive\nNormal(0, 1) |> Exp |> Scale(z)",
    "given pair": (
        "context z: positive, w\nevent a: real, b: real\nNormal(0, 1)[2] |> Scale(z) |> Shift(w)"
    ),
}


@pytest.fixture(scope="session")
def place(tmp_path_factory) -> Path:
    """A folder with the bundles of `TEXTS`, and some with other options."""
    place = tmp_path_factory.mktemp("bundles")
    for name, text in TEXTS.items():
        flowspec.compile(flowspec.parse(text), place / name)
    flowspec.compile(flowspec.parse(TEXTS["scalar"]), place / "double", dtype="float64")
    flowspec.compile(flowspec.parse(TEXTS["pair"]), place / "fixed", batch=4)
    flowspec.compile(flowspec.parse(TEXTS["given"]), place / "fixed given", batch=4)
    return place


@pytest.fixture(scope="session")
def opened(place):
    """Bundles by name, each opened once."""
    found = {}

    def open_bundle(name: str) -> flowspec.Bundle:
        return found.setdefault(name, flowspec.load(place / name))

    for path in place.iterdir():
        open_bundle(path.name)
    return open_bundle


@pytest.fixture
def broken(place, tmp_path) -> Path:
    """A copy of a bundle that a test may break."""
    return Path(shutil.copytree(place / "pair", tmp_path / "broken"))
