"""A batch whose loss or gradient is not finite is skipped and told; deep flows start calmly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import flowspec
from flowspec.data.tables.write import write_table
from flowspec.ir.settings import Settings
from flowspec.train.deep import gentle, last_layers
from flowspec.train.outcome import MOST_SKIPPED
from flowspec.train.remarks import remarks

FLOW = "event x\nStudentT(3, learn(0), learn(1))"
NEAR = np.random.default_rng(0).normal(0, 1, (400, 1))


FAR = np.concatenate([NEAR, [[1e25]]])
"""A row whose density is too small for float32."""


def learned(x, **settings):
    """The epochs, and the model, of a training on some rows."""
    epochs = []
    flow = flowspec.parse("Normal(learn(0), learn(1))[1]")
    model = flowspec.fit(flow, x, held_out=NEAR, on_epoch=epochs.append, **settings)
    return epochs, model


@pytest.mark.filterwarnings("ignore:warning")
def test_a_bad_batch_is_skipped_and_counted():
    epochs, model = learned(FAR, epochs=3, batch_size=50)
    assert [epoch.skipped for epoch in epochs] == [1, 1, 1]
    assert all(np.isfinite(epoch.loss) for epoch in epochs)
    assert next(remarks(epochs)).startswith("3 batches were skipped, as the loss or its gradient")
    assert abs(model.weights["base.loc"]) < 0.2


@pytest.mark.filterwarnings("ignore:warning")
def test_a_training_with_skipped_batches_goes_on_to_the_same_weights(tmp_path):
    _, whole = learned(FAR, epochs=4, batch_size=50)
    with pytest.raises(KeyboardInterrupt):
        flowspec.fit(flowspec.parse("Normal(learn(0), learn(1))[1]"), FAR, held_out=NEAR, epochs=4,
                     batch_size=50, checkpoint=tmp_path / "kept", checkpoint_every=0,
                     on_epoch=interrupt_at_2)  # fmt: skip
    epochs, again = learned(FAR, epochs=4, batch_size=50, checkpoint=tmp_path / "kept", resume=True)
    assert len(epochs) in (2, 3) and again.weights == whole.weights


def interrupt_at_2(epoch):
    if epoch.number == 2:
        raise KeyboardInterrupt


@pytest.mark.parametrize(("draws", "batch"), [(60, 6), (600, MOST_SKIPPED)])
def test_too_many_in_a_row_end_the_training(draws, batch):
    with pytest.raises(flowspec.FlowError, match=f"became nan in epoch 1, batch {batch}"):
        flowspec.fit(flowspec.parse("Normal(learn(0), learn(1))[1]"),
                     log_density=lambda x: x[:, 0] * np.nan, draws=draws, epochs=3,
                     batch_size=10)  # fmt: skip


def test_the_bundle_says_how_many_batches_were_skipped(call, here):
    write_table("data.csv", ["x"], NEAR.T)
    Path("it.flow").write_text(FLOW)
    assert call("fit", "it.flow", "--data", "data.csv", "-o", "made", "--epochs", 2).code == 0
    assert json.loads(Path("made/metrics.json").read_text())["skipped_batches"] == 0


def test_a_deep_flow_of_heavy_tails_ends_above_one_gaussian():
    x = np.random.default_rng(0).standard_t(1.5, (1500, 6))
    gaussian = -3 * np.log(2 * np.pi * np.e) - 0.5 * np.linalg.slogdet(np.cov(x.T))[1]
    flow = flowspec.parse("RealNVP(6, transforms=24, hidden=[16, 16]) |> Standardize")
    model = flowspec.fit(flow, x, epochs=6, batch_size=64)
    assert model.log_prob(x).mean() > gaussian


def test_the_default_rate_of_a_deep_flow_is_less_and_a_chosen_one_stays():
    deep = flowspec.parse("RealNVP(2, transforms=16, hidden=[4])")
    assert len(last_layers(deep)) == 16
    assert gentle(deep, Settings()).learning_rate == pytest.approx(0.005)
    assert gentle(deep, Settings(learning_rate=3e-3)).learning_rate == 3e-3
    shallow = flowspec.parse("RealNVP(2, transforms=8, hidden=[4])")
    assert gentle(shallow, Settings()) == Settings()
