"""The same architectures in other libraries, where these are installed:

    pip install --no-deps nflows umnn normflows
    pip install jax flowjax

Weights are random: only speeds are compared. The affine flow of normflows runs the other way: it
samples in one pass of its networks, and scores coordinate by coordinate. flowjax is jitted, for
each number of rows. `zuko compiled` and `flowspec compiled` are flows through `torch.compile`,
which needs a C compiler.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True)
class Peer:
    """Tensors (N, D) to log-densities (N,), and a number of rows to samples (N, D)."""

    log_prob: Callable[[torch.Tensor], Any]
    sample: Callable[[int], Any] | None = None


@dataclass(frozen=True)
class Architecture:
    """The flow that a peer is asked to build.

    Autoregressive or coupling layers with affine steps, or with splines of 8 bins within 5.
    """

    size: int
    layers: int
    hidden: int
    spline: bool
    coupling: bool = False


def nflows_peer(wanted: Architecture) -> Peer:
    from nflows.distributions import StandardNormal
    from nflows.flows import Flow
    from nflows.transforms import (
        CompositeTransform,
        MaskedAffineAutoregressiveTransform,
        MaskedPiecewiseRationalQuadraticAutoregressiveTransform,
        ReversePermutation,
    )

    options = {
        "features": wanted.size,
        "hidden_features": wanted.hidden,
        "num_blocks": 2,
        "use_residual_blocks": False,
    }
    steps = []
    for _ in range(wanted.layers):
        steps.append(ReversePermutation(wanted.size))
        if wanted.spline:
            made = MaskedPiecewiseRationalQuadraticAutoregressiveTransform(
                **options, num_bins=8, tails="linear", tail_bound=5.0
            )
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
            made = normflows.flows.MaskedAffineAutoregressive(
                wanted.size, wanted.hidden, num_blocks=2, use_residual_blocks=False
            )
        steps.append(made)
    base = normflows.distributions.DiagGaussian(wanted.size, trainable=False)
    flow = normflows.NormalizingFlow(base, steps).eval()
    return Peer(flow.log_prob, lambda rows: flow.sample(rows)[0])


def flowjax_flow(wanted: Architecture) -> Any:
    """The flow in flowjax, which installs equinox, optax and paramax with it."""
    import jax
    from flowjax import bijections, distributions, flows

    make = flows.coupling_flow if wanted.coupling else flows.masked_autoregressive_flow
    return make(
        jax.random.key(0),
        base_dist=distributions.Normal(jax.numpy.zeros(wanted.size)),
        transformer=bijections.RationalQuadraticSpline(knots=8, interval=5)
        if wanted.spline
        else None,
        flow_layers=wanted.layers,
        nn_width=wanted.hidden,
        nn_depth=2,
    )


def flowjax_peer(wanted: Architecture) -> Peer:
    import equinox
    import jax

    flow = flowjax_flow(wanted)
    score = equinox.filter_jit(lambda x: flow.log_prob(x))
    draw = equinox.filter_jit(lambda key, rows: flow.sample(key, (rows,)))
    return Peer(
        lambda x: score(x.numpy()).block_until_ready(),
        lambda rows: draw(jax.random.key(0), rows).block_until_ready(),
    )


def compiled(flow) -> Peer:
    """`torch.compile` of the density."""
    return Peer(torch.compile(lambda x: flow().log_prob(x), dynamic=False))


AUTOREGRESSIVE = {"nflows": nflows_peer, "normflows": normflows_peer, "flowjax": flowjax_peer}
COUPLING = {"flowjax": flowjax_peer}


def peers(wanted: Architecture) -> dict[str, Peer]:
    """What is installed, by name."""
    makers = COUPLING if wanted.coupling else AUTOREGRESSIVE
    return {name: make(wanted) for name, make in makers.items() if importlib.util.find_spec(name)}
