"""A flow with its weights, which can be evaluated: the float64 reference, on numpy alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from flowspec.data.numbers import plain_array
from flowspec.data.rows import context_beside, context_rows, refuse_outside, table_rows, vector_rows
from flowspec.diagnostics.collector import raise_any
from flowspec.diagnostics.kinds import MAPPING, TEXT, WHOLE, Kind, require
from flowspec.diagnostics.notebooks import InNotebooks
from flowspec.diagnostics.prompt import headline
from flowspec.ir.flow import Flow
from flowspec.ir.glance import glance
from flowspec.ir.kinds import FLOW
from flowspec.model import density
from flowspec.model.binding import BoundFlow, bind
from flowspec.model.fixed import FixedFlow, fix
from flowspec.model.weights import weight_mistakes
from flowspec.ops.numpy import NumpyOps
from flowspec.support.circle import Circle
from flowspec.support.support import Interval

Rows = NDArray[Any]
"""Points, noise, context or log-densities."""


def _is_float_type(dtype: Any) -> bool:
    """True for what numpy takes as a type of float."""
    try:
        return dtype is not None and np.dtype(dtype).name in ("float32", "float64")
    except (TypeError, ValueError):
        return False


FLOAT_TYPE = Kind("float32 or float64", _is_float_type)


@dataclass(frozen=True, eq=False, repr=False)
class Model(InNotebooks):
    """A flow and the values of what it learned. Missing values stand at their start.

    Points are (N, D), or (N,) for a scalar flow; context is (N, C). What has columns with names is
    read by name; one column may be given as (N,) or (N, 1).
    """

    flow: Flow
    weights: Mapping[str, np.ndarray] = field(default_factory=dict)
    seed: int = 0
    """Of what starts from random numbers."""
    dtype: str = "float32"
    """Of its bundle, if `compile` is asked for no other: float64 for what was trained in it."""

    def __post_init__(self) -> None:
        require(
            "Model",
            flow=(self.flow, FLOW),
            weights=(self.weights, MAPPING),
            seed=(self.seed, WHOLE),
            dtype=(self.dtype, TEXT),
        )
        raise_any(weight_mistakes(self.flow, self.weights))

    def __repr__(self) -> str:
        return self.glance("Model")

    def glance(self, kind: str) -> str:
        """A few lines for a prompt: the columns, how much is learned, the pipeline."""
        flow = self.flow
        learned = sum(int(np.size(value.init)) for value in flow.learned().values())
        head = headline(kind, flow.columns, self._context_names, learned)
        return glance(head, flow.base, [step.transform for step in flow.steps])

    @cached_property
    def fixed(self) -> FixedFlow:
        """The flow with its weights put in; only the context still varies."""
        return fix(self.flow, self.complete_weights)

    @property
    def complete_weights(self) -> dict[str, np.ndarray]:
        """The value of everything that is learned, by path."""
        learned = self.flow.learned()
        return {
            path: plain_array(self.weights.get(path, value.start(path, self.seed))).astype(float)
            for path, value in learned.items()
        }

    def log_prob(
        self, x: ArrayLike, context: ArrayLike | None = None, dtype: DTypeLike = np.float64
    ) -> Rows:
        """Density at `x`: natural log; -inf outside the support; NaN only where x is NaN."""
        require("log_prob", dtype=(dtype, FLOAT_TYPE))
        ops, flow, points = self._bound_at(x, context, dtype)
        with np.errstate(all="ignore"):
            log_prob = density.log_prob(ops, flow, points)
        return np.broadcast_to(np.asarray(log_prob), points.shape[-1:]).astype(dtype)

    def from_noise(
        self, noise: ArrayLike, context: ArrayLike | None = None, dtype: DTypeLike = np.float64
    ) -> tuple[Rows, Rows]:
        """Points and their log-densities from standard noise (N, K), of the kinds that
        `flow.noise` lists.
        """
        require("from_noise", dtype=(dtype, FLOAT_TYPE))
        ops = NumpyOps(dtype)
        standard = table_rows(noise, "noise", len(self.flow.noise), dtype).T
        flow = bind(ops, self.fixed, context=self._context(context, dtype, standard.shape[-1]))
        with np.errstate(all="ignore"):
            x, log_prob = density.sample(ops, flow, standard)
        rows = np.broadcast_to(np.asarray(log_prob), standard.shape[-1:])
        return np.asarray(x).T.astype(dtype), rows.astype(dtype)

    def to_base(
        self, x: ArrayLike, context: ArrayLike | None = None, dtype: DTypeLike = np.float64
    ) -> tuple[Rows, Rows]:
        """The points of the base that give `x`, as `flow.base.latent` has them, and the
        log-densities of `x`; NaN outside the support.
        """
        require("to_base", dtype=(dtype, FLOAT_TYPE))
        ops, flow, points = self._bound_at(x, context, dtype)
        with np.errstate(all="ignore"):
            z, log_prob = density.to_base(ops, flow, points)
        rows = np.broadcast_to(np.asarray(log_prob), points.shape[-1:])
        return np.asarray(z).T.astype(dtype), rows.astype(dtype)

    def _bound_at(
        self, x: ArrayLike, context: ArrayLike | None, dtype: DTypeLike
    ) -> tuple[NumpyOps, BoundFlow, Rows]:
        """The interpreter, the flow bound for a context, and the points with the batch last."""
        single = getattr(x, "dtype", None) == np.float32
        ops = NumpyOps(dtype, np.float32 if single else None)
        points = self._points(x, dtype)
        context = context_beside(self._context_names, x, context)
        given = self._context(context, dtype, points.shape[-1])
        return ops, bind(ops, self.fixed, context=given), points

    @property
    def _context_names(self) -> tuple[str, ...]:
        return self.flow.context.names if self.flow.context else ()

    def _context(self, context: ArrayLike | None, dtype: DTypeLike, rows: int) -> Rows | None:
        rows_of_context = context_rows(self._context_names, context, rows, dtype)
        if rows_of_context is None or self.flow.context is None:
            return None
        supports = [
            support if isinstance(support, Interval | Circle) else None
            for support in self.flow.context.space.supports
        ]
        # The nearest float32 to a closed end is inside, on whichever side of it it lies.
        single = getattr(context, "dtype", None) == np.float32
        checked = rows_of_context.astype(np.float32) if single else rows_of_context
        refuse_outside(self._context_names, supports, checked)
        return rows_of_context.T

    def _points(self, x: ArrayLike, dtype: DTypeLike) -> Rows:
        """Points with the batch last."""
        if self.flow.space.scalar:
            return vector_rows(x, "x", dtype, self.flow.columns)
        return table_rows(x, "x", self.flow.space.size, dtype, self.flow.columns).T
