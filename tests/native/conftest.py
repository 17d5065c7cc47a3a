"""A small flow with a network and a spline, as C and WebAssembly with the same bits."""

from __future__ import annotations

import shutil

import pytest

import flowspec

FLOW = """
context k: real
event x: (0, 1), y: positive
Join(NSF(1, transforms=1, hidden=[8], bins=3), Normal(0, 1)) |> Onto(event)
"""


TOOLS = ("clang", "wasm-ld")


@pytest.fixture(scope="session")
def small_bundle(tmp_path_factory):
    """Its C, and its WebAssembly where that can be made."""
    path = tmp_path_factory.mktemp("small") / "flow"
    wasm = all(map(shutil.which, TOOLS))
    return flowspec.compile(
        flowspec.parse(FLOW), path, gradient="log_prob", native=True, wasm=wasm, exact_bits=True
    )


@pytest.fixture(scope="session")
def wasm_bundle(small_bundle):
    for tool in TOOLS:
        if shutil.which(tool) is None:
            pytest.skip(f"there is no {tool}")
    return small_bundle
