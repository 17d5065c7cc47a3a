"""Draws from a bundle where some of its columns are known: exact where its order allows it, else by
importance sampling, with the effective sample size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowspec.data.tables.whole_numbers import cell_middles, in_cells
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.runtime.bundle import Bundle
from flowspec.runtime.kernels import Kernels

Rows = NDArray[np.float64]
Chosen = NDArray[np.bool_]

POOL = 50_000
"""Samples of the whole flow, near which candidates are looked for."""
CENTERS = 100
ROUNDS = 3
"""Times that the candidates are drawn; all but the last move the kernels to where the density is.
"""
CANDIDATES = 1_000
EFFORTS = (1, 4, 64)
"""Times as many candidates, one after the other, until there are enough that count."""
FOR_EACH = 5
"""Candidates at least, and for each row that is drawn."""

LEAST = 50.0
"""The effective sample size below which nothing is drawn."""
WANTED = 100.0
"""That of a density that is summed out: its error is 0.1 nats then."""

ENOUGH = 30.0
"""That of the weights by which kernels are moved; of fewer rows they would collapse."""

SAME = 1e-5
"""A difference relative to 1 + |value| that is rounding."""
LOST = 0.1
"""Nats that rounding may take from a log-density."""
TRIED = 16
"""Points at which it is tried which noise a column depends on."""


@mistake
class TooRare(Diagnostic):
    message = "the samples with {known} have an effective size of {size} only"
    help = "{advice}"
    known: str
    size: str
    advice: str = "give fewer columns, or values that are less rare"


@dataclass(frozen=True)
class Drawn:
    """Rows in which the known columns have their values.

    effective    the effective sample size of the candidates, or None where draws are exact
    candidates   how many there were
    """

    rows: Rows
    effective: float | None = None
    candidates: int = 0


@dataclass(frozen=True, eq=False)
class Candidates:
    """Rows (N, D) and their log-weights (N,)."""

    rows: Rows
    weights: Rows

    @property
    def effective(self) -> float:
        """The effective sample size."""
        if not np.isfinite(self.weights).any():
            return 0.0
        return float(1 / (_shares(self.weights) ** 2).sum())


class Conditioned:
    """The draws of a bundle given some of its columns, for one context.

    context   a row (C,), or None
    """

    def __init__(self, bundle: Bundle, seed: int = 0, context: NDArray[Any] | None = None):
        self._bundle = bundle
        self._seed = seed
        self._context = None if context is None else np.asarray(context)[None]
        self._whole = np.isin(bundle.columns, bundle.dequantized)
        self._sources: dict[bytes, NDArray[np.int64] | None] = {}

    def draw(self, known: Rows, count: int, stream: int = 0) -> Drawn:
        """So many rows.

        known    values (D,), NaN in the columns to draw
        stream   another number gives other draws
        Errors:  FlowError, where the known values are too rare.
        """
        free = np.isnan(known)
        random = np.random.default_rng([abs(self._seed), int(self._seed < 0), stream])
        if not free.any():
            return Drawn(np.tile(known, (count, 1)))
        sources = self._sources_of(~free)
        if sources is not None:
            return Drawn(self._exact(known, free, sources, count, random))
        return self._weighed(known, free, count, random)

    def marginal(self, known: Rows) -> tuple[float, float]:
        """The log-density of the known columns, the others summed out, and its standard error.

        It is the mean weight of candidates for the others (importance sampling; the error is that
        of the delta method). Of whole numbers it is that of their cell. Both are NaN where the
        candidates are too few; the density is minus infinity where none has any.
        """
        random = np.random.default_rng([abs(self._seed), int(self._seed < 0)])
        found = self._enough(known, np.isnan(known), 0, WANTED, random)
        if not found.effective:
            return -math.inf, 0.0
        if found.effective < LEAST:
            return math.nan, math.nan
        count = len(found.weights)
        highest = float(found.weights.max())
        mean = highest + math.log(np.exp(found.weights - highest).mean())
        return mean, math.sqrt(max(1 / found.effective - 1 / count, 0.0))

    # --- exact ------------------------------------------------------------------------------------

    def _sources_of(self, known: Chosen) -> NDArray[np.int64] | None:
        """The noise that the known columns are a function of, if it is as many numbers as they are:
        the rest of the noise does not depend on them. Else None.
        """
        key = known.tobytes()
        if key not in self._sources:
            self._sources[key] = self._find_sources(known)
        return self._sources[key]

    def _find_sources(self, known: Chosen) -> NDArray[np.int64] | None:
        noise = self._bundle.noise
        is_undone = self._bundle.description.latent == noise and len(noise) == len(known)
        graphs = {"to_base", "from_noise"} <= {*self._bundle.graphs}
        if not is_undone or not graphs or (known & self._whole).any():
            return None
        random = np.random.default_rng(0)
        standard = self._noise(TRIED, random)
        before = self._from_noise(standard)[:, known]
        sources = []
        for place in range(len(noise)):
            other = standard.copy()
            other[:, place] = self._noise(TRIED, random)[:, place]
            after = self._from_noise(other)[:, known]
            if (np.abs(after - before) > SAME * (1 + np.abs(before))).any():
                sources.append(place)
        return np.array(sources, np.int64) if len(sources) == known.sum() else None

    def _exact(
        self,
        known: Rows,
        free: Chosen,
        sources: NDArray[np.int64],
        count: int,
        random: np.random.Generator,
    ) -> Rows:
        """Rows of the noise that gives the known columns, and any other noise."""
        any_row = self._bundle.sample(1, seed=self._seed, context=self._contexts(1))
        rows = np.where(free, np.asarray(any_row, float).reshape(1, -1), known)
        z, _ = self._bundle.to_base(self._points(rows), self._contexts(1))
        fixed = np.asarray(z, float).reshape(1, -1)[:, sources]
        if not np.isfinite(fixed).all():
            raise self._too_rare(known, 0.0)
        noise = self._noise(count, random)
        noise[:, sources] = fixed
        return np.where(free, self._from_noise(noise), known)

    def _noise(self, count: int, random: np.random.Generator) -> Rows:
        columns = [
            random.random(count) if kind == "uniform" else random.standard_normal(count)
            for kind in self._bundle.noise
        ]
        return np.stack(columns, axis=1)

    def _from_noise(self, noise: Rows) -> Rows:
        x, _ = self._bundle.from_noise(noise, self._contexts(len(noise)))
        return np.asarray(x, float).reshape(len(noise), -1)

    # --- by weights -------------------------------------------------------------------------------

    def _weighed(self, known: Rows, free: Chosen, count: int, random: np.random.Generator) -> Drawn:
        found = self._enough(known, free, count, count, random)
        if found.effective < LEAST:
            raise self._too_rare(known, found.effective)
        rows = found.rows[_resampled(_shares(found.weights), count, random)]
        return Drawn(rows, found.effective, len(found.rows))

    def _enough(
        self, known: Rows, free: Chosen, count: int, wanted: float, random: np.random.Generator
    ) -> Candidates:
        """Candidates by weight: more of them, where few are not as many as wanted."""
        best = Candidates(np.empty((0, len(known))), np.empty(0))
        for effort in EFFORTS:
            found = self._candidates(known, free, count, effort, random)
            if not found.effective:
                break
            if found.effective >= LEAST or not best.effective:
                best = found
            if best.effective >= max(LEAST, wanted):
                break
        return best

    def _candidates(
        self, known: Rows, free: Chosen, count: int, effort: int, random: np.random.Generator
    ) -> Candidates:
        """Rows and their log-weights: importance sampling (Rubin, 1987), with kernels that move to
        where the density is (population Monte Carlo: Cappé et al., 2004).
        """
        centers, size = CENTERS * math.isqrt(effort), CANDIDATES * effort
        kernels = Kernels.around(self._near(known, free, centers))
        for turn in range(ROUNDS):
            is_last = turn == ROUNDS - 1
            values = kernels.draw(max(size, FOR_EACH * count) if is_last else size, random)
            rows = self._completed(known, free, values, random)
            weights = self._log_prob(rows) - kernels.log_prob(values)
            if is_last or not np.isfinite(weights).any():
                break
            kernels = Kernels.around(values[random.choice(size, centers, p=_tempered(weights))])
        return Candidates(rows, weights)

    @cached_property
    def _pool(self) -> Rows:
        x = self._bundle.sample(POOL, seed=self._seed, context=self._contexts(1))
        rows = np.asarray(x, float).reshape(POOL, -1)
        return rows[np.isfinite(rows).all(axis=1)]

    def _near(self, known: Rows, free: Chosen, count: int) -> Rows:
        """The free columns of the samples that are nearest in the known ones."""
        pool = self._pool
        if free.all():
            return pool[:count]
        middles = cell_middles(known, self._bundle.columns, self._bundle.dequantized)[~free]
        spread = np.diff(np.quantile(pool[:, ~free], (0.16, 0.84), axis=0), axis=0)[0]
        scale = np.where(spread > 0, spread, 1.0)
        distance = (((pool[:, ~free] - middles) / scale) ** 2).sum(axis=1)
        return pool[np.argpartition(distance, count - 1)[:count]][:, free]

    def _completed(
        self, known: Rows, free: Chosen, values: Rows, random: np.random.Generator
    ) -> Rows:
        """Rows with the known columns; whole numbers anywhere in their cell."""
        places = random.random((len(values), len(known)))
        rows = in_cells(known, self._bundle.columns, self._bundle.dequantized, places)
        rows[:, free] = values
        return rows

    def _log_prob(self, rows: Rows) -> Rows:
        points = self._points(rows)
        # Beyond the numbers of the float type there is no density.
        finite = np.isfinite(points).reshape(len(rows), -1).all(axis=1)
        found = np.full(len(rows), -np.inf)
        if finite.any():
            density = self._bundle.log_prob(points[finite], self._contexts(int(finite.sum())))
            # Where differences of a nat are lost to rounding, all weights would be the same.
            is_exact = density > -LOST / np.finfo(self._bundle.dtype).eps
            found[finite] = np.where(is_exact, density, -np.inf)
        return found

    # --- shapes -----------------------------------------------------------------------------------

    def _points(self, rows: Rows) -> NDArray[Any]:
        with np.errstate(over="ignore"):
            points = rows.astype(self._bundle.dtype)
        return points[:, 0] if self._bundle.description.scalar else points

    def _contexts(self, count: int) -> NDArray[Any] | None:
        return None if self._context is None else np.repeat(self._context, count, axis=0)

    def _too_rare(self, known: Rows, size: float) -> FlowError:
        pairs = zip(self._bundle.columns, known.tolist(), strict=True)
        words = ", ".join(f"`{name}` = {value:g}" for name, value in pairs if value == value)
        advice = self._advice(known) if size == 0 else TooRare.advice
        return FlowError(TooRare(known=words, size=f"{size:.3g}", advice=advice))

    def _advice(self, known: Rows) -> str:
        """What to do where no candidate has a density: a value may have none by itself."""
        row = np.asarray(self._bundle.sample(1, seed=self._seed, context=self._contexts(1)), float)
        for place in np.flatnonzero(~np.isnan(known)).tolist():
            alone = row.reshape(1, -1).copy()
            alone[0, place] = known[place]
            if np.isneginf(self._log_prob(alone))[0]:
                name, value = self._bundle.columns[place], known[place]
                return f"look at `{name}` = {value:g}: it is outside the support, or far out"
        return TooRare.advice


def _shares(log_weights: Rows) -> Rows:
    """Weights that add up to one."""
    weights = np.exp(log_weights - log_weights.max())
    shares: Rows = weights / weights.sum()
    return shares


def _tempered(log_weights: Rows) -> Rows:
    """Weights that add up to one, flattened until enough rows have some."""
    finite = np.isfinite(log_weights)
    for power in (1.0, 0.5, 0.2, 0.1, 0.05, 0.02):
        shares = _shares(np.where(finite, power * log_weights, -np.inf))
        if 1 / (shares**2).sum() >= ENOUGH:
            break
    return shares


def _resampled(shares: Rows, count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Places by their shares, as evenly as can be (systematic resampling), in any order."""
    steps = (np.arange(count) + random.random()) / max(count, 1)
    ends = np.cumsum(shares)
    places = np.searchsorted(ends / ends[-1], steps).clip(0, len(shares) - 1)
    return random.permutation(places)
