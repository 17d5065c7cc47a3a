"""The rows that a flow is trained on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from flowspec.diagnostics import FlowError
from flowspec.flow import Flow
from flowspec.runtime.inputs import ContextMissing, WrongInput
from flowspec.tables import check_rows


@dataclass(frozen=True)
class Rows:
    """values (N, D), or (N,) for a scalar flow; context (N, C); weights (N,). The latter two may be None."""

    values: Tensor
    context: Tensor | None = None
    weights: Tensor | None = None

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index) -> Rows:
        context, weights = (None if each is None else each[index] for each in (self.context, self.weights))
        return Rows(self.values[index], context, weights)

    @property
    def weight(self) -> float:
        """How much all rows weigh together."""
        return float(len(self)) if self.weights is None else float(self.weights.double().sum())

    @property
    def fingerprint(self) -> str:
        """A hash of all numbers."""
        found = hashlib.sha256()
        for each in (self.values, self.context, self.weights):
            found.update(b"none" if each is None else each.cpu().contiguous().numpy().data)
        return found.hexdigest()


def checked_rows(flow: Flow, data, context=None, weights=None, dtype: torch.dtype = torch.float32) -> Rows:
    """Arrays as rows of a flow, held in a float type.

    Errors:  FlowError, where shapes are wrong, or rows are not finite or outside the support.
    """
    values = np.asarray(data, np.float64)
    width = len(flow.columns)
    matrix = values[:, None] if values.ndim == 1 and width == 1 else values
    if matrix.ndim != 2 or matrix.shape[1] != width:
        what = f"the data has shape {values.shape}, and the flow {width} columns"
        raise FlowError(WrongInput(what=what, advice=f"give (rows, {width})"))
    if not len(matrix):
        raise FlowError(WrongInput(what="the data has no rows", advice="give at least two"))
    check_rows(matrix, flow.columns, flow.space, "data")
    if flow.context and context is None:
        raise FlowError(ContextMissing(names=", ".join(flow.context.names), count=len(flow.context.names)))
    given = None
    if flow.context:
        given = np.asarray(context, np.float64)
        given = given[:, None] if given.ndim == 1 else given
        if given.shape != (len(matrix), len(flow.context.names)):
            what = f"the context has shape {given.shape}"
            raise FlowError(WrongInput(what=what, advice=f"give ({len(matrix)}, {len(flow.context.names)})"))
        check_rows(given, flow.context.names, flow.context.space, "context")
    return Rows(
        torch.tensor(matrix[:, 0] if flow.space.scalar else matrix, dtype=dtype),
        None if given is None else torch.tensor(given, dtype=dtype),
        None if weights is None else torch.tensor(_checked_weights(weights, len(matrix)), dtype=dtype),
    )


def _checked_weights(weights, rows: int) -> np.ndarray:
    found = np.asarray(weights, np.float64)
    if found.shape != (rows,):
        raise FlowError(WrongInput(what=f"the weights have shape {found.shape}", advice=f"give one for each of {rows} rows"))
    bad = np.flatnonzero(~(np.isfinite(found) & (found >= 0)))
    if len(bad):
        what = f"the weight is {found[bad[0]]} in row {bad[0] + 1}, and no number from 0 on in {len(bad)} of {rows} rows"
        raise FlowError(WrongInput(what=what, advice="leave these rows out, or correct them"))
    if not found.sum() > 0:
        raise FlowError(WrongInput(what="all weights are 0", advice="give positive weights"))
    return found
