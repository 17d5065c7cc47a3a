"""The same architectures in other libraries, where these are installed: `pip install --no-deps nflows umnn normflows`.

Weights are random: only speeds are compared. The affine flow of normflows runs the other way: it samples in one pass of its
networks, and scores coordinate by coordinate. `zuko compiled` is zuko's flow through `torch.compile`, which needs a C compiler.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Peer:
    """Tensors (N, D) to log-densities (N,), and a number of rows to samples (N, D)."""

    log_prob: Callable[[torch.Tensor], torch.Tensor]
    sample: Callable[[int], torch.Tensor] | None = None


@dataclass(frozen=True)
class Architecture:
    """What a peer is asked to build: autoregressive layers with affine steps, or with splines of 8 bins within 5."""

    size: int
    layers: int
    hidden: int
    spline: bool


def nflows_peer(wanted: Architecture) -> Peer:
    from nflows.distributions import StandardNormal
    from nflows.flows import Flow
    from nflows.transforms import (
        CompositeTransform,
        MaskedAffineAutoregressiveTransform,
        MaskedPiecewiseRationalQuadraticAutoregressiveTransform,
        ReversePermutation,
    )

    options = {"features": wanted.size, "hidden_features": wanted.hidden, "num_blocks": 2, "use_residual_blocks": False}
    steps = []
    for _ in range(wanted.layers):
        steps.append(ReversePermutation(wanted.size))
        if wanted.spline:
            made = MaskedPiecewiseRationalQuadraticAutoregressiveTransform(**options, num_bins=8, tails="linear", tail_bound=5.0)
        else:
            made = MaskedAffineAutoregressiveTransform(**options)
        steps.append(made)
    flow = Flow(CompositeTransform(steps), StandardNormal([wanted.size])).eval()
    return Peer(flow.log_prob, flow.sample)


def normflows_peer(wanted: Architecture) -> Peer:
    import normflows

    steps = []
    for _ in range(wanted.layers):
        steps.append(normflows.flows.Permute(wanted.size, mode="swap"))
        if wanted.spline:
            made = normflows.flows.AutoregressiveRationalQuadraticSpline(
                wanted.size, 2, wanted.hidden, num_bins=8, tail_bound=5, permute_mask=False
            )
        else:
            made = normflows.flows.MaskedAffineAutoregressive(wanted.size, wanted.hidden, num_blocks=2, use_residual_blocks=False)
        steps.append(made)
    base = normflows.distributions.DiagGaussian(wanted.size, trainable=False)
    flow = normflows.NormalizingFlow(base, steps).eval()
    return Peer(flow.log_prob, lambda rows: flow.sample(rows)[0])


def compiled_zuko(flow) -> Peer:
    """`torch.compile` of the density; its graph breaks in samplers that bisect or go coordinate by coordinate."""
    return Peer(torch.compile(lambda x: flow().log_prob(x), dynamic=False))


def peers(wanted: Architecture | None) -> dict[str, Peer]:
    """What is installed, by name."""
    makers = {"nflows": nflows_peer, "normflows": normflows_peer}
    if wanted is None:
        return {}
    return {name: make(wanted) for name, make in makers.items() if importlib.util.find_spec(name)}
