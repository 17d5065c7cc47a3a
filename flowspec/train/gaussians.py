"""Mixtures of Gaussians by expectation maximization, as members of an ensemble.

Few rows that fall into groups are learned better so than by any network.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from flowspec.bases.gaussian_mixture import GaussianMixture
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.ir.assembly import assemble
from flowspec.ir.flow import Flow
from flowspec.model.model import Model
from flowspec.support.support import REAL
from flowspec.transforms.elementwise.actnorm import Standardize
from flowspec.transforms.forms.on import On
from flowspec.transforms.transform import Transform

Points = NDArray[np.float64]

MOST_COMPONENTS = 10
ROWS_OF_COMPONENT = 20
"""Rows of a component at least."""
MOST_ROWS = 20_000
TURNS = 200
DRAWS = 10
"""Mixtures in the mean of them."""
MOVED = 0.2
"""How far rows that are drawn anew are moved, in deviations of their component."""
FLOOR = 1e-3
"""Added to variances, of numbers that are standardized."""
EPSILON = 1e-6
"""The smallest scale of a `GaussianMixture`."""


@mistake
class NoGaussians(Diagnostic):
    message = "a mixture of Gaussians cannot stand beside this flow"
    help = (
        "leave `gaussians` out: it is for several real columns behind a `Standardize`, "
        "no angles, no context"
    )


def takes_gaussians(flow: Flow) -> bool:
    """True if a mixture of Gaussians can stand beside a flow."""
    places = _tail(flow)
    is_real = bool(places) and all(s == REAL for s in flow.steps[places[0]].input.supports)
    return is_real and not flow.context and not flow.space.scalar


def check_gaussians(flow: Flow) -> None:
    """Raise a `FlowError` where no mixture of Gaussians can stand beside a flow."""
    if not takes_gaussians(flow):
        raise FlowError(NoGaussians())


def gaussians(model: Model, rows: Points, seed: int) -> Model:
    """A mixture of Gaussians for rows, in front of the steps of a model from `Standardize` on.

    It is the mean of mixtures fitted to rows drawn anew, each with a component more than Bayes'
    criterion wants.
    """
    start = len(model.flow.steps) - len(_tail(model.flow))
    behind = {
        f"steps.{int(index) - start}.{rest}": value
        for path, value in model.complete_weights.items()
        if path.startswith("steps.")
        for index, rest in [path.removeprefix("steps.").split(".", 1)]
        if int(index) >= start
    }
    size = model.flow.steps[start].input.size
    one = Model(_before(model.flow, GaussianMixture(size, components=1)), behind)
    z, _ = _inverted(one, rows[:MOST_ROWS])
    mean = _mean_of_draws(z, seed)
    flow = _before(model.flow, GaussianMixture(size, components=len(mean.weights)))
    weights = {**behind, "base.network.0.values": mean.raw()}
    return Model(flow, weights, dtype=model.dtype)


def log_density(known: Points, new: Points, most: int, given: int = 0) -> Points:
    """The log-density of new rows by a mixture of at most so many Gaussians for known ones.

    given   the number of columns, the first, on whose values the others are conditioned
    """
    middle, scale = known.mean(axis=0), known.std(axis=0)
    fitted = _mixtures((known - middle) / scale, 0, most)
    best = min(fitted, key=lambda mixture: mixture.criterion)
    x = (new - middle) / scale
    density = best.log_density(x) - np.log(scale[given:]).sum()
    return np.asarray(density - best.log_density(x[:, :given]) if given else density)


def _inverted(model: Model, rows: Points) -> tuple[Points, Points]:
    """The points in front of the steps of a model, of the rows that have some."""
    z, log_prob = model.to_base(rows)
    inside = np.isfinite(z).all(axis=1)
    return z[inside], log_prob[inside]


def _tail(flow: Flow) -> list[int]:
    """The places of the steps from the last `Standardize` on."""
    places = [i for i, step in enumerate(flow.steps) if _scales(step.transform)]
    return list(range(places[-1], len(flow.steps))) if places else []


def _scales(transform: Transform) -> bool:
    inner = transform.transform if isinstance(transform, On) else transform
    return isinstance(inner, Standardize)


def _before(flow: Flow, base: GaussianMixture) -> Flow:
    transforms = [flow.steps[place].transform for place in _tail(flow)]
    return assemble(base, transforms, None, flow.event)


@dataclasses.dataclass(frozen=True)
class _Fitted:
    """Weights (K,), means (K, D), covariances (K, D, D), and Bayes' criterion."""

    weights: Points
    means: Points
    covariances: Points
    criterion: float = math.inf

    def raw(self) -> Points:
        """The free numbers of a `GaussianMixture`."""
        lower = np.linalg.cholesky(self.covariances)
        size = self.means.shape[1]
        diagonal = np.log(np.maximum(np.einsum("kii->ki", lower) - EPSILON, EPSILON))
        below = [lower[:, i, j] for i in range(size) for j in range(i)]
        pieces = [np.log(self.weights), self.means, diagonal, np.stack(below, axis=1)]
        return np.concatenate([piece.ravel() for piece in pieces])

    def log_density(self, x: Points) -> Points:
        """The log-density (N,) of the mixture, or that of its first columns."""
        return np.asarray(np.logaddexp.reduce(self.log_densities(x), axis=1))

    def log_densities(self, x: Points) -> Points:
        """The weighted log-density (N, K) of each component, in the first columns alone where x has
        no more.
        """
        size = x.shape[1]
        found = []
        for weight, mean, covariance in zip(
            self.weights, self.means, self.covariances, strict=True
        ):
            lower = np.linalg.cholesky(covariance[:size, :size])
            z = np.linalg.solve(lower, (x - mean[:size]).T)
            log_det = np.log(np.diag(lower)).sum() + 0.5 * size * math.log(2 * math.pi)
            found.append(np.log(weight) - log_det - 0.5 * (z**2).sum(axis=0))
        return np.stack(found, axis=1)


def _mean_of_draws(x: Points, seed: int) -> _Fitted:
    """The mean of mixtures that are fitted to rows drawn with replacement, and moved a little.

    On held-out rows of eight tables it is 0.00 to 0.16 nats a row above the mixture that Bayes'
    criterion wants.

    Source: Bagging Predictors, Breiman, 1996, doi:10.1007/BF00058655.
    """
    best = min(_mixtures(x, seed), key=lambda mixture: mixture.criterion)
    component = np.argmax(best.log_densities(x), axis=1)
    lower = np.linalg.cholesky(best.covariances)[component]
    random = np.random.default_rng(seed)
    count = min(len(best.weights) + 1, len(x))
    fits = []
    for _ in range(DRAWS):
        rows = random.integers(len(x), size=len(x))
        moved = np.einsum("nij,nj->ni", lower[rows], random.normal(size=x.shape))
        fits.append(_fitted(x[rows] + MOVED * moved, count, random))
    return _Fitted(
        np.concatenate([fit.weights for fit in fits]) / DRAWS,
        np.concatenate([fit.means for fit in fits]),
        np.concatenate([fit.covariances for fit in fits]),
    )


def _mixtures(x: Points, seed: int, allowed: int = MOST_COMPONENTS) -> list[_Fitted]:
    """The mixtures of one component, two, ..."""
    most = max(1, min(allowed, len(x) // ROWS_OF_COMPONENT))
    return [_fitted(x, count, np.random.default_rng(seed)) for count in range(1, most + 1)]


def _fitted(x: Points, count: int, random: np.random.Generator) -> _Fitted:
    """A mixture of so many components, by expectation maximization from k-means."""
    shares = _clusters(x, count, random)
    before = -math.inf
    for _ in range(TURNS):
        mixture = _maximized(x, shares)
        densities = mixture.log_densities(x)
        total = np.logaddexp.reduce(densities, axis=1)
        shares = np.exp(densities - total[:, None])
        mean = float(total.mean())
        if mean - before < 1e-3:
            break
        before = mean
    size = x.shape[1]
    numbers = count * (size + size * (size + 1) // 2 + 1) - 1
    criterion = -2 * len(x) * mean + numbers * math.log(len(x))
    return dataclasses.replace(mixture, criterion=criterion)


def _maximized(x: Points, shares: Points) -> _Fitted:
    counts = shares.sum(axis=0) + 1e-12
    means = shares.T @ x / counts[:, None]
    floor = FLOOR * np.eye(x.shape[1])
    covariances = [
        (share[:, None] * (x - mean)).T @ (x - mean) / n + floor
        for share, mean, n in zip(shares.T, means, counts, strict=True)
    ]
    return _Fitted(counts / counts.sum(), means, np.stack(covariances))


def _clusters(x: Points, count: int, random: np.random.Generator) -> Points:
    """The clusters (N, K) of k-means, from centers that lie far from each other."""
    centers = [x[random.integers(len(x))]]
    while len(centers) < count:
        nearest = np.min([((x - center) ** 2).sum(axis=1) for center in centers], axis=0)
        centers.append(x[random.choice(len(x), p=nearest / nearest.sum())])
    middle = np.stack(centers)
    for _ in range(20):
        label = np.argmin(((x[:, None] - middle) ** 2).sum(axis=2), axis=1)
        members = [x[label == k] for k in range(count)]
        middle = np.stack(
            [
                own.mean(axis=0) if len(own) else old
                for own, old in zip(members, middle, strict=True)
            ]
        )
    return np.eye(count)[label]
