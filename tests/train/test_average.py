"""The mean of the weights over the steps is scored and kept, and a training goes on with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

import flowspec
from flowspec.train.average import Average

ROWS = np.random.default_rng(0).normal([1, 5], [1, 2], (60, 2))
FLOW = flowspec.parse("event a, b\nNSF(2, transforms=1, hidden=[4]) |> Standardize")


def test_the_mean_forgets_exponentially():
    module = torch.nn.Linear(1, 1)
    average = Average(module, 0.5)
    expected = module.weight.item()
    for value in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0):
        module.weight.data.fill_(value)
        average.step()
        decay = min(0.5, (1 + value) / (10 + value))
        expected = decay * expected + (1 - decay) * value
    with average.in_place():
        assert module.weight.item() == pytest.approx(expected)
    assert module.weight.item() == 12


def test_the_mean_is_what_is_scored_and_kept():
    plain, mean = (
        flowspec.fit(FLOW, ROWS, epochs=3, steps=0, ema=ema).weights for ema in (0.0, 0.9)
    )
    assert any(not np.array_equal(plain[path], mean[path]) for path in plain)


@pytest.mark.parametrize("setting", [{"ema": 0.9}, {"dropout": 0.3}], ids=repr)
def test_a_training_goes_on_as_if_it_had_not_been_stopped(here, setting):
    def stumble(epoch):
        if epoch.number == 2:
            raise KeyboardInterrupt

    settings = {"epochs": 4, "batch_size": 16, "checkpoint_every": 0, **setting}
    flowspec.fit(FLOW, ROWS, output="whole", **settings)
    with pytest.raises(KeyboardInterrupt):
        flowspec.fit(FLOW, ROWS, output="again", on_epoch=stumble, **settings)
    flowspec.fit(FLOW, ROWS, output="again", resume=True, **settings)
    for name in ("weights.safetensors", "training.csv"):
        assert Path("whole", name).read_bytes() == Path("again", name).read_bytes(), name
