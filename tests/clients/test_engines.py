"""A slice of the matrix of `make matrix`: bundles in the engines that are promised to be right."""

from __future__ import annotations

import pytest

import flowspec
from flowspec.runtime.replay.engine import Missing
from flowspec.runtime.replay.registry import engine_named
from flowspec.runtime.verification import verify

pytestmark = pytest.mark.slow

PROMISED = ["c", "node", "onnxruntime", "reference", "web"]
FEWER = {"web": (1, 3, 4)}
"""The bundles of an engine that takes seconds to start: each kind of flow once."""

FLOWS = {
    "one line": "Normal(0, 1) |> Affine(0, 2) |> Tanh |> Affine(0.5, 0.5)",
    "with a loop and a context": (
        "context k: real\nevent a: positive, b: (0, 1)\n"
        "MAF(2, transforms=1, hidden=[8]) |> Onto(event)"
    ),
    "searched": "Normal(0, 1)[2] |> Autoregressive(Bernstein(degree=4), hidden=[8])",
}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory):
    """The flows; the first one in float64 too, and the last one with shared constants."""
    folder = tmp_path_factory.mktemp("bundles")
    kinds = [(text, {}) for text in FLOWS.values()]
    kinds += [(FLOWS["one line"], {"dtype": "float64"})]
    kinds += [(FLOWS["searched"], {"share_weights": True})]
    return [
        flowspec.compile(flowspec.parse(text), folder / str(i), gradient=True, **options)
        for i, (text, options) in enumerate(kinds)
    ]


@pytest.mark.parametrize("name", PROMISED)
def test_every_graph_is_right_in_the_engine(name, bundles, request, monkeypatch):
    if name in ("node", "web"):
        monkeypatch.setenv("NODE_PATH", str(request.getfixturevalue("modules")))
    try:
        engine_named(name).version()
    except Missing as missing:
        pytest.skip(str(missing))
    for bundle in (bundles[i] for i in FEWER.get(name, range(len(bundles)))):
        report = verify(bundle, name)
        assert {each.graph for each in report} == {*flowspec.load(bundle).graphs}
        assert [each for each in report if not each.passed] == []
