"""Rows of data as tensors, and what counts as rows of a flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from flowspec.diagnostics.diagnostic import FlowError
from flowspec.diagnostics.inputs import WrongInput, is_conditional
from flowspec.ir.flow import Flow

Raw = tuple[np.ndarray, np.ndarray | None, np.ndarray | None]
"""Values (N, D), context (N, C) and weights (N,) in float64. The latter two may be None."""


@dataclass(frozen=True)
class Rows:
    """values (N, D), or (N,) for a scalar flow; context (N, C); weights (N,). The latter two may be None."""

    values: Tensor
    context: Tensor | None = None
    weights: Tensor | None = None

    @classmethod
    def of(cls, flow: Flow, raw: Raw, dtype: torch.dtype) -> Rows:
        """Arrays as tensors of a float type."""
        values, context, weights = (None if each is None else _tensor(each, dtype) for each in raw)
        assert values is not None
        return cls(values[:, 0] if flow.space.scalar else values, context, weights)

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Rows:
        """One behind the other."""
        if len(parts) == 1:
            return parts[0]
        contexts = [part.context for part in parts if part.context is not None]
        weights = [part.weights for part in parts if part.weights is not None]
        values = torch.cat([part.values for part in parts])
        return cls(
            values,
            torch.cat(contexts) if contexts else None,
            torch.cat(weights) if weights else None,
        )

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index) -> Rows:
        context, weights = (
            None if each is None else each[index] for each in (self.context, self.weights)
        )
        return Rows(self.values[index], context, weights)

    @property
    def weight(self) -> float:
        """How much all rows weigh together."""
        return float(len(self)) if self.weights is None else float(self.weights.double().sum())


def _tensor(array: np.ndarray, dtype: torch.dtype) -> Tensor:
    """A tensor with numbers of its own: torch takes no array that is read-only or backwards."""
    with np.errstate(over="ignore"):  # rows with such numbers are told, or left out
        return torch.from_numpy(np.array(array, float_type(dtype), order="C"))


def float_type(dtype: torch.dtype) -> type:
    """numpy's name of a float type."""
    return np.float64 if dtype == torch.float64 else np.float32


def as_raw(flow: Flow, data, context=None, weights=None, where: str = "") -> Raw:
    """Arrays of the shapes that a flow needs. Messages say `where` they come from.

    Errors:  FlowError, where shapes are wrong, or a context is missing.
    """
    width = len(flow.columns)
    values = _numbers(data, "data")
    values = values[:, None] if values.ndim == 1 and width == 1 else values
    if values.ndim != 2 or values.shape[1] != width:
        what = f"the data has shape {values.shape}, and the flow {width} column{'s' * (width != 1)}"
        advice = f"give an array of shape (rows, {width}){_listed(flow.columns)}"
        raise FlowError(WrongInput(where=where, what=what, advice=advice))
    return values, _context(flow, context, len(values)), _weights(weights, len(values))


def _context(flow: Flow, context, rows: int) -> np.ndarray | None:
    names = flow.context.names if flow.context else ()
    if not is_conditional(names, context):
        return None
    given = _numbers(context, "context")
    given = given[:, None] if given.ndim == 1 else given
    if given.shape != (rows, len(names)):
        what = f"the context has shape {given.shape}, and the data {rows} row{'s' * (rows != 1)}"
        raise FlowError(
            WrongInput(
                what=what, advice=f"give an array of shape ({rows}, {len(names)}){_listed(names)}"
            )
        )
    return given


def _listed(names: Sequence[str]) -> str:
    """The columns of an array, as far as a message has room for them."""
    return f": {', '.join(names)}" if len(names) <= 12 else ""


def _weights(weights, rows: int) -> np.ndarray | None:
    if weights is None:
        return None
    found = _numbers(weights, "weights")
    if found.shape != (rows,):
        raise FlowError(
            WrongInput(
                what=f"the weights have shape {found.shape}",
                advice=f"give one for each of {rows} rows",
            )
        )
    return found


def _numbers(given, what: str) -> np.ndarray:
    try:
        if isinstance(given, Tensor):
            given = given.detach().cpu()
            given = (
                given.double() if given.dtype == torch.bfloat16 else given
            ).numpy()  # numpy has no bfloat16
        given = np.asarray(given)
        if (
            given.dtype.kind not in "cmM"
        ):  # complex numbers and times, of which numpy would make real numbers
            return given.astype(np.float64)
    except (ValueError, TypeError):
        pass
    advice = "give numbers only, " + (
        "one for each row" if what == "weights" else "as (rows, columns)"
    )
    raise FlowError(
        WrongInput(what=f"the {what} cannot be read as an array of numbers", advice=advice)
    )
