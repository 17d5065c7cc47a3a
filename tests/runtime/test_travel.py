"""Bundles, models, modules and flows travel: pickled, copied, sent to another process."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import shutil

import numpy as np
import pytest

import flowspec
from flowspec.diagnostics.diagnostic import FlowError

torch = pytest.importorskip("torch")

COPIES = {
    "pickle": lambda thing: pickle.loads(pickle.dumps(thing)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}
every_copy = pytest.mark.parametrize("kind", COPIES)
TEXT = "event a, b: positive\nNormal(learn([0, 1]), learn(1))\n  |> LULinear |> Onto(event)"
X = np.array([[0.5, 1.0], [2.0, 0.1]])


@every_copy
@pytest.mark.parametrize("name", ["scalar", "pair", "given", "double", "fixed"])
def test_a_bundle_travels(opened, kind, name):
    bundle = opened(name)
    same = COPIES[kind](bundle)
    context = [[2.0]] if bundle.context else None
    np.testing.assert_array_equal(
        same.sample(5, seed=3, context=context), bundle.sample(5, seed=3, context=context)
    )
    assert same.path == bundle.path and same.about == bundle.about


@every_copy
def test_a_bundle_keeps_its_options_and_carries_its_files(broken, kind):
    bundle = flowspec.load(broken, threads=1, rows_at_once=2)
    before = bundle.log_prob(X)
    shutil.rmtree(broken)
    same = COPIES[kind](bundle)
    assert same.session("log_prob").get_session_options().intra_op_num_threads == 1
    assert same._pieces.rows == 2
    np.testing.assert_array_equal(same.log_prob(X), before)


@every_copy
def test_flows_and_models_travel(kind):
    flow = flowspec.parse(TEXT)
    model = flowspec.Model(flow, {"base.loc": np.array([0.5, -1.0])})
    expected = model.log_prob(X)
    assert COPIES[kind](flow) == flow
    np.testing.assert_array_equal(COPIES[kind](model).log_prob(X), expected)


@every_copy
def test_modules_travel(kind):
    module = flowspec.to_torch(flowspec.parse(TEXT))
    x = torch.tensor(X, dtype=torch.float32)
    same = COPIES[kind](module)
    assert torch.equal(same().log_prob(x), module().log_prob(x))
    assert torch.equal(COPIES[kind](module()).log_prob(x), module().log_prob(x))


@every_copy
def test_mistakes_travel(kind):
    with pytest.raises(FlowError) as caught:
        flowspec.parse("Normal(0, 1) |> Tnah")
    assert str(COPIES[kind](caught.value)) == str(caught.value)


@pytest.mark.slow
def test_a_bundle_works_in_another_process(opened):
    bundle = opened("pair")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply(bundle.log_prob, (X,))
    np.testing.assert_array_equal(there, bundle.log_prob(X))
