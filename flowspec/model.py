"""A flow with its weights: what can be evaluated. This is the float64 reference, on numpy alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from flowspec import density
from flowspec.assembly import resolve
from flowspec.binding import bind
from flowspec.flow import Flow
from flowspec.ops.numpy import NumpyOps


@dataclass(frozen=True, eq=False)
class Model:
    """A flow and the values of what it learned. Missing values stand at their start.

    Points are (N, D), or (N,) for a scalar flow; context is (N, C).
    """

    flow: Flow
    weights: Mapping[str, np.ndarray] = field(default_factory=dict)
    seed: int = 0
    """Of what starts from random numbers."""

    @cached_property
    def fixed(self) -> Flow:
        """The flow with its weights put in; only the context still varies."""
        return resolve(self.flow, self.complete_weights)

    @property
    def complete_weights(self) -> dict[str, np.ndarray]:
        """The value of everything that is learned, by path."""
        learned = self.flow.learned()
        return {
            path: np.asarray(self.weights.get(path, value.start(path, self.seed)), np.float64) for path, value in learned.items()
        }

    def log_prob(self, x, context=None, dtype=np.float64) -> np.ndarray:
        """Density at `x`: natural log; -inf outside the support; NaN only where x is NaN."""
        ops = NumpyOps(dtype)
        x = np.asarray(x, dtype).T
        flow = bind(ops, self.fixed, context=_columns(context, dtype))
        with np.errstate(all="ignore"):
            found = density.log_prob(ops, flow, x)
        return np.broadcast_to(found, x.shape[-1:]).astype(dtype)

    def from_noise(self, noise, context=None, dtype=np.float64) -> tuple[np.ndarray, np.ndarray]:
        """Points and their log-densities from standard noise (N, K), of the kinds that `flow.noise` lists."""
        ops = NumpyOps(dtype)
        noise = np.asarray(noise, dtype).T
        flow = bind(ops, self.fixed, context=_columns(context, dtype))
        with np.errstate(all="ignore"):
            x, log_prob = density.sample(ops, flow, noise)
        return x.T.astype(dtype), np.broadcast_to(log_prob, noise.shape[-1:]).astype(dtype)


def _columns(context, dtype):
    return None if context is None else np.asarray(context, dtype).T
