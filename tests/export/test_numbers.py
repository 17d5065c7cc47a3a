"""Parameters that a float32 cannot hold are refused, and the advice is a way out."""

from __future__ import annotations

import numpy as np
import pytest

import flowspec

BEYOND = {
    "Normal(0, 1e39)": "`scale` of Normal is 1e+39",
    "Normal(0, 1) |> Affine(-1e300, 1)": "`shift` of Affine is -1e+300",
    "Normal(0, 1)[2] |> Affine([0, 1e39], 1)": "`shift` of Affine is 1e+39",
    "Normal(0, 1) |> Scale(1e-50)": "`scale` of Scale is 1e-50",
}


@pytest.mark.parametrize("text", BEYOND)
def test_a_number_beyond_float32_is_refused(text, tmp_path):
    with pytest.raises(flowspec.FlowError) as refused:
        flowspec.compile(flowspec.parse(text), tmp_path / "m")
    told = str(refused.value)
    assert told.startswith("error[beyond-float]")
    assert f"{BEYOND[text]}, which float32 cannot hold" in told
    assert "note: its numbers have sizes from 1.2e-38 to 3.4e+38" in told
    assert "`--dtype float64`" in told
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("text", BEYOND)
def test_float64_holds_it(text, tmp_path):
    flow = flowspec.parse(text)
    bundle = flowspec.load(flowspec.compile(flow, tmp_path / "m", dtype="float64"))
    x = bundle.sample(10, seed=1)
    np.testing.assert_allclose(bundle.log_prob(x), flowspec.Model(flow).log_prob(x), rtol=1e-12)


def test_zeros_and_open_ends_are_no_such_numbers(tmp_path):
    text = "Normal(0, 1)[2] |> Linear([[1, 0], [1e-60, 2]], [0, 0])"
    flowspec.compile(flowspec.parse(text), tmp_path / "m")
    flowspec.compile(flowspec.parse("Truncated(Normal(0, 1), 3)"), tmp_path / "n")


@pytest.mark.parametrize("text", ["Uniform(-3e38, 3e38)", "Uniform([0, -3e38], [1, 3e38])"])
def test_numbers_that_follow_from_others_are_held_or_refused(text, tmp_path):
    """The width of the interval, which its ends do not tell."""
    with pytest.raises(flowspec.FlowError) as refused:
        flowspec.compile(flowspec.parse(text), tmp_path / "m")
    assert "which float32 cannot hold" in str(refused.value)
    flow = flowspec.parse(text.replace("3e38", "1.5e38"))
    bundle = flowspec.load(flowspec.compile(flow, tmp_path / "m"))
    assert np.isfinite(bundle.sample(10, seed=1)).all()


def test_the_message_for_such_a_number(tmp_path):
    with pytest.raises(flowspec.FlowError) as refused:
        flowspec.compile(flowspec.parse("Uniform(-3e38, 3e38)"), tmp_path / "m")
    assert (
        str(refused.value)
        == """\
error[constant-beyond-float]: Uniform reckons with 6e+38, which float32 cannot hold
 --> base
  = note: its largest number is 3.4e+38
  = help: compile it with `--dtype float64` (in Python `dtype="float64"`)"""
    )
    flowspec.compile(flowspec.parse("Uniform(-3e38, 3e38)"), tmp_path / "m", dtype="float64")
