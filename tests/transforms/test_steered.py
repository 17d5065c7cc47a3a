"""Networks of each coordinate: increasing, onto, each with its own weights.

zuko's numbers: tests/importers.
"""

import numpy as np
import pytest
from scipy import integrate

import flowspec
from flowspec.model.binding import bind
from flowspec.model.model import Model
from flowspec.ops.numpy import NumpyOps

NAMES = ["MonotoneNetwork", "IntegratedNetwork"]


def step_of(text, seed=0):
    model = Model(flowspec.parse(f"Normal(0, 1)[2] |> {text}"), seed=seed)
    return bind(NumpyOps(), model.fixed).steps[0].transform


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_increases_and_reaches_every_number(name, seed):
    step = step_of(f"{name}(signals=3, hidden=[8, 8], signal=[1, -2, 3])", seed)
    x = np.broadcast_to(np.concatenate([[-1e20], np.linspace(-150, 150, 1001), [1e20]]), (2, 1003))
    y = step.forward(NumpyOps(), x)
    assert (np.diff(y, axis=1) > 0).all()
    assert (y[:, 0] < -1e10).all()
    assert (y[:, -1] > 1e10).all()


@pytest.mark.parametrize("name", NAMES)
def test_coordinates_have_networks_of_their_own(name):
    step = step_of(f"{name}(signals=3, hidden=[8])")
    y = step.forward(NumpyOps(), np.ones((2, 1)))
    assert y[0] != y[1]
    alone = step.only([1], 2).forward(NumpyOps(), np.ones((1, 1)))
    np.testing.assert_allclose(alone, y[1:], rtol=1e-14)


def test_the_quadrature_is_the_integral_of_the_slope():
    step = step_of('IntegratedNetwork(signals=3, hidden=[8], activation="tanh", shift=0.5)').only(
        [0], 2
    )

    def slope(x):
        return np.exp(step.log_slope(NumpyOps(), np.array([[x]]))).item()

    expected = [0.5 + integrate.quad(slope, 0, x, epsabs=1e-13)[0] for x in (-3.0, 0.0, 2.5)]
    np.testing.assert_allclose(
        step.forward(NumpyOps(), np.array([[-3.0, 0.0, 2.5]]))[0], expected, rtol=1e-9
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_conditioner_gives_the_signal_and_keeps_the_networks(name):
    flow = flowspec.parse(
        f"Normal(0, 1)[2] |> Autoregressive({name}(signals=3, hidden=[8]), hidden=[4])"
    )
    learned = flow.learned()
    assert "steps.0.univariate.signal" not in learned
    assert learned["steps.0.univariate.network.0.signal_weight"].init.shape == (2, 8, 3)


def test_a_loop_and_stages_written_out_have_the_same_numbers(tmp_path):
    """The graph of ten coordinates is a loop, numpy goes stage by stage."""
    model = Model(
        flowspec.parse(
            "Normal(0, 1)[10] "
            "|> Autoregressive(MonotoneNetwork(signals=8, hidden=[6]), hidden=[12])"
        )
    )
    flowspec.compile(model, tmp_path / "b", dtype="float64")
    noise = np.random.default_rng(0).normal(size=(20, 10))
    x, log_prob = flowspec.load(tmp_path / "b").from_noise(noise)
    expected, expected_log_prob = model.from_noise(noise)
    np.testing.assert_allclose(x, expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(log_prob, expected_log_prob, rtol=1e-9, atol=1e-9)
