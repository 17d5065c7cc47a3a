"""Flows that training cannot bend to the data are told, and no others."""

from __future__ import annotations

import pytest

import flowspec
from flowspec.ir.flexibility import warnings


def told(text: str) -> list[str]:
    return [str(warning) for warning in warnings(flowspec.parse(text))]


def test_the_warning_says_what_would_bend():
    assert told("event a\nMAF(1) |> Standardize") == [
        "warning[only-gaussian]: `a` can only be Gaussian, whatever is trained\n"
        " --> <flow>:2:1\n"
        "  |\n"
        "2 | MAF(1) |> Standardize\n"
        "  | ^^^^^^ is affine in `a`, and nothing else decides how\n"
        "  |\n"
        "  = note: an affine function of a normal number is a normal number\n"
        "  = help: use steps that bend: `NSF(1)` in place of `MAF(1)`, or "
        "`Autoregressive(RQS(bins=8))` in them"
    ]


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("IAF(1)", "`x0`"),
        ("MAF(2, transforms=1)", "`x0`"),
        ("NICE(2, transforms=1)", "`x0`"),
        ("event a, b, c\nMAF(3, transforms=1) |> Reverse |> Standardize", "`c`"),
        ("Normal(0, 1)[3] |> LULinear |> Autoregressive(MonotonicAffine)", "`x0`"),
        ("Normal(0, 1)[2] |> on(0) { Elementwise(MonotonicAffine) }", "`x0`, `x1`"),
    ],
)
def test_columns_that_stay_gaussian_are_named(text, columns):
    assert len(told(text)) == 1
    assert f"{columns} can only be Gaussian" in told(text)[0]


@pytest.mark.parametrize(
    "text",
    [
        "NSF(1)",
        "MAF(2)",
        "NICE(2)",
        "GF(2)",
        "MAF(1) |> Tails",
        "Normal(learn(0), learn(1))",  # written as what it is
        "context z\nMAF(1)",  # a regression
        "Uniform(0, 1)[2] |> Logit |> Autoregressive(MonotonicAffine)",
    ],
)
def test_flows_that_bend_are_not_warned_of(text):
    assert told(text) == []
