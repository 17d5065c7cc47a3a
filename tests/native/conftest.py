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


@pytest.fixture(scope="session")
def wasm_bundle(tmp_path_factory):
    for tool in ("clang", "wasm-ld"):
        if shutil.which(tool) is None:
            pytest.skip(f"there is no {tool}")
    path = tmp_path_factory.mktemp("wasm") / "flow"
    flow = flowspec.parse(FLOW)
    return flowspec.compile(flow, path, gradient="log_prob", wasm=True, exact_bits=True)
