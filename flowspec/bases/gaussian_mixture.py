"""Mixtures of normal distributions whose parameters are learned, or follow from the
context.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from flowspec.bases.base import Base, Noise, repeated
from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.networks.inputs import feature_count
from flowspec.networks.layers import ContextInput, Free, Layer, mlp, random, run
from flowspec.networks.settings import activation_name, hidden_layers, normalizes, too_large
from flowspec.ops import Ops
from flowspec.ops.vocabulary import LOG_2PI, Array
from flowspec.parts.fields import grown, setting
from flowspec.parts.trees import with_fields
from flowspec.parts.values import WholeContext
from flowspec.support.space import Space
from flowspec.support.support import REAL


@dataclass(frozen=True, eq=False)
class GaussianMixture(Base):
    """sum_k w_k N(x; loc_k, L_k L_k^T), all of them learned, or given by a network of the
    context.

    The w_k are a softmax, the diagonal of each L_k is exp + `epsilon`. Without a context
    the parameters start from random numbers of variance 1. For a mixture with given
    components write `Mixture`.
    Source: zuko.mixtures.GMM.
    """

    examples = (
        "GaussianMixture(3)",
        "GaussianMixture(2, components=4)",
        'GaussianMixture(2, components=3, covariance="diagonal")',
        'GaussianMixture(3, components=2, covariance="spherical", tied=true)',
        "GaussianMixture(1, components=1, tied=true)",
    )
    reparametrized = False

    features: int = setting(low=1, high=4096, doc="number of coordinates")
    components: int = setting(2, low=1, high=1024, doc="number of normal distributions")
    covariance: str = setting(
        "full",
        kind=str,
        choices=("full", "diagonal", "spherical"),
        doc="what the covariances may be",
    )
    tied: bool = setting(False, kind=bool, doc="have all components the same covariance?")
    hidden: tuple[int, ...] = hidden_layers()
    activation: str = activation_name()
    normalize: bool = normalizes()
    epsilon: float = setting(1e-6, kind=float, low=0.0, high=1.0, doc="smallest scale")
    network: tuple[Layer, ...] = grown()
    context: tuple[ContextInput, ...] = grown()

    @property
    def event_shape(self) -> tuple[int, ...]:
        return (self.features,)

    @cached_property
    def space(self) -> Space:
        return Space((REAL,) * self.features)

    @property
    def noise(self) -> tuple[Noise, ...]:
        """One uniform that chooses the component, then one normal number for each
        coordinate.
        """
        return ("uniform", *repeated("normal", self.features))

    def check_consistency(self) -> Iterable[Diagnostic]:
        columns = self.context[0].context.size if self.context else 0
        yield from too_large([max(columns, 1), *self.hidden, self._outputs])

    def grow(self, context_rates: Sequence[float]) -> Base:
        if self.network:
            return self
        context_size = feature_count(context_rates)
        if not context_size:
            free = Free(self._outputs, values=random((self._outputs,), math.sqrt(3)))
            return with_fields(self, {"network": (free,)})
        network = mlp(context_size, self._outputs, self.hidden, self.activation, self.normalize)
        return with_fields(
            self, {"network": network, "context": (ContextInput(WholeContext(context_size)),)}
        )

    # --- parameters -------------------------------------------------------------------------------

    @property
    def _shapes(self) -> list[tuple[int, ...]]:
        """The shapes of log-weights, locations, log-scales, and entries below the
        diagonals.
        """
        count, size = 1 if self.tied else self.components, self.features
        below = size * (size - 1) // 2 if self.covariance == "full" else 0
        return [
            (self.components,),
            (self.components, size),
            (count, 1 if self.covariance == "spherical" else size),
            (count, below),
        ]

    @property
    def _outputs(self) -> int:
        return sum(map(math.prod, self._shapes))

    def _given(self, ops: Ops) -> tuple[Array, Array, Array, Array | None]:
        """Log-weights (K, N), and by coordinate first: locations (D, K, N), scales (D, L,
        N), and below the diagonals.
        """
        # Free numbers take no input.
        inputs = self.context[0].context if self.context else cast(Array, None)
        raw = run(ops, self.network, inputs)
        shapes = [shape for shape in self._shapes if math.prod(shape)]
        pieces = zip(shapes, ops.split(raw, [math.prod(shape) for shape in shapes]), strict=True)
        pieces_by_coordinate = [
            rows if len(shape) == 1 else ops.exchange(ops.unflatten(rows, shape))
            for shape, rows in pieces
        ]
        logits, loc, log_scale, *below = pieces_by_coordinate
        log_weights = logits - ops.logsumexp(logits)[None]
        return log_weights, loc, ops.exp(log_scale) + self.epsilon, below[0] if below else None

    # --- formulas ---------------------------------------------------------------------------------

    def log_prob(self, ops: Ops, x: Array) -> Array:
        log_weights, loc, scale, below = self._given(ops)
        z = self._standardized(ops, ops.squarable(x)[:, None] - loc, scale, below)
        log_scale = ops.sum(ops.log(scale)) * (
            self.features if self.covariance == "spherical" else 1
        )
        log_densities = (
            log_weights
            - log_scale
            - 0.5 * ops.sum(ops.square(ops.squarable(z)))
            - 0.5 * LOG_2PI * self.features
        )
        return ops.logsumexp(log_densities)

    def _standardized(self, ops: Ops, centred: Array, scale: Array, below: Array | None) -> Array:
        """z with L z = centred, by forward substitution."""
        if below is None:
            return centred / scale
        known = centred[:1] / scale[:1]
        for i in range(1, self.features):
            row = below[_row(i)]
            known = ops.concat(
                [known, (centred[i : i + 1] - ops.sum(row * known)[None]) / scale[i : i + 1]]
            )
        return known

    def sample(self, ops: Ops, noise: Array) -> Array:
        log_weights, locs, scales, belows = self._given(ops)
        z, chosen = noise[1:], self._chosen(ops, log_weights, noise[:1])
        loc, scale = chosen(locs), chosen(scales)
        if belows is None:
            return loc + scale * z
        below = chosen(belows)
        rows = [(scale[i] * z[i])[None] for i in range(self.features)]
        for i in range(1, self.features):
            rows[i] = rows[i] + ops.sum(below[_row(i)] * z[:i])[None]
        return loc + ops.concat(rows)

    def _chosen(self, ops: Ops, log_weights: Array, chooser: Array) -> Callable[[Array], Array]:
        """Parameters of all components -> those of the component that a uniform chooses
        in each row.
        """
        if self.components == 1:
            return lambda parameters: parameters[:, 0]
        reached = ops.cumsum(ops.exp(log_weights))[:-1]
        index = ops.to_index(ops.sum(ops.number(chooser >= reached)))
        return lambda parameters: _of_component(ops, parameters, index)


def _row(i: int) -> slice:
    """The places of the entries of row i among all below the diagonal, row by row."""
    return slice(i * (i - 1) // 2, i * (i + 1) // 2)


def _of_component(ops: Ops, parameters: Array, index: Array) -> Array:
    """Parameters (R, K, N) of the component that `index` names in each row: (R, N)."""
    if parameters.shape[1] == 1:
        return parameters[:, 0]
    return ops.take_along(ops.exchange(parameters), index)
