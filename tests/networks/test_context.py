"""Networks see the context brought to one scale; what stands in the pipeline gets it as it is."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

import flowspec
from flowspec.model.model import Model

FLOW = "context a, b: positive\nevent y\nMAF(1, hidden=[8], transforms=2) |> Scale(a)"
RANDOM = np.random.default_rng(0)
CONTEXT = np.stack([RANDOM.uniform(100, 300, 400), RANDOM.uniform(0.001, 0.002, 400)], axis=1)
DATA = CONTEXT[:, :1] * RANDOM.normal(size=(400, 1))


@pytest.fixture(scope="module")
def model() -> Model:
    return flowspec.fit(flowspec.parse(FLOW), DATA, CONTEXT, epochs=2, validation=0.0)


def test_location_and_scale_are_those_of_the_data(model):
    np.testing.assert_allclose(model.weights["context.location"], CONTEXT.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(model.weights["context.scale"], CONTEXT.std(axis=0), rtol=1e-6)


def test_a_context_in_other_units_changes_nothing(model):
    units = np.array([1.0, 1000.0])
    other = flowspec.fit(flowspec.parse(FLOW), DATA, CONTEXT * units, epochs=2, validation=0.0)
    np.testing.assert_allclose(
        other.log_prob(DATA, CONTEXT * units), model.log_prob(DATA, CONTEXT), rtol=1e-3
    )


def test_only_networks_see_it_so():
    """Until it is measured, and where no network is, the context is what was given."""
    flow = flowspec.parse("context a: positive\nNormal(0, 1) |> Scale(a)")
    assert flow.standard is None
    assert Model(flow).log_prob([0.0], [[2.0]]) == pytest.approx(
        -0.5 * np.log(2 * np.pi) - np.log(2)
    )


def test_a_variable_that_never_changes_is_told():
    flow = flowspec.parse("context a: positive\nevent y\nMAF(1, hidden=[4], transforms=1)")
    with pytest.raises(flowspec.FlowError, match="context `a` is 7 in all 50 rows"):
        flowspec.fit(flow, RANDOM.normal(size=50), np.full((50, 1), 7.0), epochs=1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_graphs_have_it(model, tmp_path, dtype):
    bundle = flowspec.load(flowspec.compile(model, tmp_path / "it", dtype=dtype))
    given = bundle.log_prob(DATA[:50], CONTEXT[:50])
    np.testing.assert_allclose(
        given, model.log_prob(DATA[:50], CONTEXT[:50]), rtol=1e-4 if dtype == "float32" else 1e-12
    )
    back = flowspec.from_json(bundle.about["flow"])
    assert back.learned().keys() == model.flow.learned().keys()


def test_a_module_has_it(model):
    import torch

    module = flowspec.to_torch(model, dtype=torch.float64)
    found = module(torch.tensor(CONTEXT[:50])).log_prob(torch.tensor(DATA[:50])).detach()
    np.testing.assert_allclose(found, model.log_prob(DATA[:50], CONTEXT[:50]), rtol=1e-10)
    assert "context.location" in module.state_dict()
