"""`flowspec.fit` with a log-density in the place of data: the flow learns to draw from it."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import flowspec
from flowspec.model.model import Model

FLOW = "Normal(0, 1) |> Affine(learn(0), learn(1))"
CONDITIONAL = "context m: real\nevent y\nNormal(0, 1) |> Elementwise(MonotonicAffine, hidden=[8])"


def narrow(x):
    """N(2, 0.5), without its constant."""
    return -2.0 * (x - 2.0) ** 2


def fitted(flow: str, log_density, context=None, **options) -> Model:
    options = {"epochs": 20, "draws": 1280, "batch_size": 128, "learning_rate": 0.1, **options}
    return flowspec.fit(flowspec.parse(flow), context=context, log_density=log_density, **options)


def test_finds_the_density_and_its_constant():
    losses = []
    weights = fitted(
        FLOW, narrow, on_epoch=lambda epoch: losses.append(epoch.validation)
    ).complete_weights
    assert weights["steps.0.shift"] == pytest.approx(2.0, abs=0.01)
    assert abs(weights["steps.0.scale"]) == pytest.approx(0.5, abs=0.01)
    # For q = p the loss is minus the logarithm of the integral of exp(log_density).
    assert min(losses) == pytest.approx(-0.5 * math.log(2 * math.pi * 0.25), abs=1e-3)


def test_a_conditional_flow_learns_a_density_for_each_context():
    contexts = np.random.default_rng(0).normal(size=(400, 1))
    model = fitted(
        CONDITIONAL,
        lambda y, context: -0.5 * (y - context[:, 0]) ** 2,
        contexts,
        learning_rate=0.02,
        epochs=30,
    )
    noise = np.random.default_rng(1).normal(size=(4000, 1))
    for given in (-1.0, 1.5):
        assert model.from_noise(noise, np.full((4000, 1), given))[0].mean() == pytest.approx(
            given, abs=0.1
        )


def test_same_seed_gives_the_same_weights():
    first, again, other = (
        fitted(FLOW, narrow, epochs=2, seed=seed).complete_weights for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first["steps.0.shift"], again["steps.0.shift"])
    assert first["steps.0.shift"] != other["steps.0.shift"]


def test_goes_on_from_a_checkpoint(tmp_path):
    place = tmp_path / "kept.pt"
    calls = []

    def stumbling(x):
        calls.append(len(x))
        if len(calls) == 47:
            raise KeyboardInterrupt
        return narrow(x)

    from flowspec.train import checkpoint

    whole = fitted(FLOW, narrow, epochs=8).complete_weights
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint.Keeper, "is_due", lambda self: True)
        with pytest.raises(KeyboardInterrupt):
            fitted(FLOW, stumbling, epochs=8, checkpoint=place)
    resumed = fitted(FLOW, narrow, epochs=8, checkpoint=place, resume=True).complete_weights
    for path, value in whole.items():
        np.testing.assert_array_equal(resumed[path], value)


def test_a_loss_that_becomes_infinite_leaves_the_epochs_before_it(tmp_path):
    place, calls, epochs = tmp_path / "kept.pt", [], []

    def stumbling(x):
        calls.append(len(x))
        # From epoch 5 on: each takes ten steps and scores once.
        return narrow(x) * (math.nan if len(calls) > 45 else 1.0)

    with pytest.raises(flowspec.FlowError, match="up to the end of epoch 4 is kept in"):
        fitted(FLOW, stumbling, epochs=8, checkpoint=place)
    # With other steps it can go on from there.
    fitted(
        FLOW,
        narrow,
        epochs=8,
        checkpoint=place,
        resume=True,
        learning_rate=0.05,
        on_epoch=epochs.append,
    )
    assert [epoch.number for epoch in epochs] == [5, 6, 7, 8]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"log_density": lambda x: x[:, None]}, r"`log_density` gave \(8192, 1\) for 8192 rows"),
        ({"log_density": lambda x: x.detach().numpy()}, "`log_density` gave ndarray"),
        ({"log_density": lambda x: -(x.detach() ** 2)}, "has no gradient"),
        (
            {"log_density": lambda x: torch.where(x > 0, -x, -math.inf)},
            "end the flow in the support",
        ),
        ({"log_density": narrow, "data": np.zeros(3)}, "give one of the two"),
        ({"log_density": narrow, "context": np.zeros((3, 1))}, "this flow has no context"),
        ({"log_density": narrow, "weights": np.ones(3)}, "no rows to weigh"),
        ({"log_density": narrow, "held_out": np.ones(3)}, "no rows to weigh"),
        ({"log_density": narrow, "draws": 0}, "0 draws"),
        ({}, "give one of the two"),
    ],
)
def test_what_cannot_be_is_told(options, told):
    with pytest.raises(flowspec.FlowError, match=told):
        flowspec.fit(
            flowspec.parse(FLOW), options.pop("data", None), options.pop("context", None), **options
        )


def test_a_base_whose_samples_have_no_gradients_is_told():
    with pytest.raises(flowspec.FlowError, match="samples of Mixture have no gradients"):
        fitted("Mixture(learn([1, 1]), Normal(0, 1), Normal(1, 1))", narrow)
    with pytest.raises(flowspec.FlowError, match="needs m"):
        fitted(CONDITIONAL, narrow)


def test_a_setting_that_is_not_there_is_told():
    with pytest.raises(TypeError, match="did you mean `epochs`"):
        fitted(FLOW, narrow, epoch=3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dequantize": ("x",)}, "nothing is dequantized"),
        ({"weights": [1.0]}, "no rows to weigh or to hold out"),
        ({"draws": 0}, "an epoch of 0 draws teaches nothing"),
    ],
)
def test_what_belongs_to_rows_is_refused_beside_a_density(options, words):
    flow = flowspec.parse("event x: real\nNormal(learn(0), learn(1))")
    with pytest.raises(flowspec.FlowError, match=words):
        flowspec.fit(flow, log_density=lambda x: -(x**2), **options)
