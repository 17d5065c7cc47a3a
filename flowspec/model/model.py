"""A flow with its weights: what can be evaluated. This is the float64 reference, on numpy alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from flowspec.diagnostics.diagnostic import FlowError
from flowspec.diagnostics.inputs import ContextMissing, WrongInput
from flowspec.ir.flow import Flow
from flowspec.model import density
from flowspec.model.binding import bind
from flowspec.model.fixed import FixedFlow, fix
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
    def fixed(self) -> FixedFlow:
        """The flow with its weights put in; only the context still varies."""
        return fix(self.flow, self.complete_weights)

    @property
    def complete_weights(self) -> dict[str, np.ndarray]:
        """The value of everything that is learned, by path."""
        learned = self.flow.learned()
        return {
            path: np.asarray(self.weights.get(path, value.start(path, self.seed)), np.float64)
            for path, value in learned.items()
        }

    def log_prob(self, x, context=None, dtype=np.float64) -> np.ndarray:
        """Density at `x`: natural log; -inf outside the support; NaN only where x is NaN."""
        ops = NumpyOps(dtype)
        x = _rows("x", x, dtype, None if self.flow.space.scalar else self.flow.space.size)
        flow = bind(ops, self.fixed, context=self._context(context, dtype, x.shape[-1]))
        with np.errstate(all="ignore"):
            found = density.log_prob(ops, flow, x)
        return np.broadcast_to(np.asarray(found), x.shape[-1:]).astype(dtype)

    def from_noise(self, noise, context=None, dtype=np.float64) -> tuple[np.ndarray, np.ndarray]:
        """Points and their log-densities from standard noise (N, K), of the kinds that `flow.noise` lists."""
        ops = NumpyOps(dtype)
        noise = _rows("noise", noise, dtype, len(self.flow.noise))
        flow = bind(ops, self.fixed, context=self._context(context, dtype, noise.shape[-1]))
        with np.errstate(all="ignore"):
            x, log_prob = density.sample(ops, flow, noise)
        rows = np.broadcast_to(np.asarray(log_prob), noise.shape[-1:])
        return np.asarray(x).T.astype(dtype), rows.astype(dtype)

    def _context(self, context, dtype, rows: int) -> np.ndarray | None:
        if self.flow.context is None:
            return None
        names = self.flow.context.names
        if context is None:
            raise FlowError(ContextMissing(names=", ".join(names), count=len(names)))
        given = _rows("context", context, dtype, len(names))
        if given.shape[-1] != rows:
            what, advice = (
                f"`context` has {given.shape[-1]} rows",
                f"give {rows}, one for each point",
            )
            raise FlowError(WrongInput(what=what, advice=advice))
        return given


def _rows(name: str, values, dtype, columns: int | None) -> np.ndarray:
    """Rows (N, columns) with the batch last; `columns` is None for numbers (N,).

    Errors:  FlowError, where they have another shape.
    """
    array = np.asarray(values, dtype)
    if columns is None:
        array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if array.shape[1:] != (() if columns is None else (columns,)) or not array.ndim:
        advice = (
            "give an array of shape (rows,)"
            if columns is None
            else f"give an array of shape (rows, {columns})"
        )
        raise FlowError(WrongInput(what=f"`{name}` has shape {array.shape}", advice=advice))
    return array.T
