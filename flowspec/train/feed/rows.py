"""Rows of data as tensors, and arrays that can be rows of a flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from flowspec.data.numbers import plain_array
from flowspec.data.rows import NO_NUMBERS, context_beside
from flowspec.data.tables.memory import as_table, is_table
from flowspec.diagnostics.diagnostic import FlowError, mistake
from flowspec.diagnostics.inputs import WrongInput, is_conditional
from flowspec.diagnostics.quantities import amount
from flowspec.ir.flow import Flow
from flowspec.train.feed.cells import Float

Raw = tuple[NDArray[Any], NDArray[Any] | None, NDArray[Any] | None]
"""Values (N, D), context (N, C) and weights (N,) in float64. The latter two may be None."""

MOST_LISTED = 12
"""Columns that a message names: of more it names none."""


@mistake
class NotAnArray(WrongInput):
    message = "the {name} cannot be read as an array of numbers"
    help = "give numbers only, {form}"
    name: str
    form: str


@mistake
class WrongDataShape(WrongInput):
    message = "the data has shape {shape}, and the flow {columns}"
    help = "give an array of shape {wanted}"
    shape: tuple[int, ...]
    columns: str
    wanted: str


@mistake
class WrongContextShape(WrongInput):
    message = "the context has shape {shape}, and the data {rows}"
    help = "give an array of shape {wanted}"
    shape: tuple[int, ...]
    rows: str
    wanted: str


@mistake
class WrongWeightsShape(WrongInput):
    message = "the weights have shape {shape}"
    help = "give one for each of {rows:row}"
    shape: tuple[int, ...]
    rows: int


@dataclass(frozen=True)
class Rows:
    """values (N, D), or (N,) for a scalar flow; context (N, C); weights (N,).

    The latter two may be None.
    """

    values: Tensor
    context: Tensor | None = None
    weights: Tensor | None = None

    @classmethod
    def of(cls, flow: Flow, raw: Raw, dtype: torch.dtype) -> Rows:
        """Arrays as tensors of a float type; the weights stay in float64, until they are scaled."""
        values = _tensor(raw[0], dtype)
        context = None if raw[1] is None else _tensor(raw[1], dtype)
        weights = None if raw[2] is None else _tensor(raw[2], torch.float64)
        return cls(values[:, 0] if flow.space.scalar else values, context, weights)

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Rows:
        """All the rows, one behind the other."""
        if len(parts) == 1:
            return parts[0]
        contexts = [part.context for part in parts if part.context is not None]
        weights = [part.weights for part in parts if part.weights is not None]
        return cls(
            torch.cat([part.values for part in parts]),
            torch.cat(contexts) if contexts else None,
            torch.cat(weights) if weights else None,
        )

    def with_scaled_weights(self, exponent: int) -> Rows:
        """The rows with their weights divided by 2 to the exponent, in the type of the values.

        Weights count in relation to each other alone. Scaled by a power of two they are the same
        numbers, but those of 1e300 or 1e-300 fit into a float32.
        """
        if self.weights is None:
            return self
        scaled = torch.from_numpy(np.ldexp(self.weights.numpy(), -exponent))
        return Rows(self.values, self.context, scaled.to(self.values.dtype))

    @property
    def tensors(self) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Values, context and weights."""
        return self.values, self.context, self.weights

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, index: slice | Tensor | NDArray[Any]) -> Rows:
        context = None if self.context is None else self.context[index]
        weights = None if self.weights is None else self.weights[index]
        return Rows(self.values[index], context, weights)

    @property
    def weight(self) -> float:
        """The sum of the weights."""
        return float(len(self)) if self.weights is None else float(self.weights.double().sum())


def _tensor(array: NDArray[Any], dtype: torch.dtype) -> Tensor:
    """A tensor with numbers of its own: torch takes no array that is read-only or backwards."""
    with np.errstate(over="ignore"):  # rows with such numbers are reported, or left out
        return torch.from_numpy(np.array(array, float_type(dtype), order="C"))


def float_type(dtype: torch.dtype) -> Float:
    """numpy's name of a float type."""
    return np.float64 if dtype == torch.float64 else np.float32


def as_raw(flow: Flow, data: Any, context: Any = None, weights: Any = None, where: str = "") -> Raw:
    """Arrays of the shapes that a flow needs. Messages say `where` they come from.

    Errors:  FlowError, where shapes are wrong, or a context is missing.
    """
    width = len(flow.columns)
    values = _numbers(data, "data", flow.columns)
    values = values[:, None] if values.ndim == 1 and width == 1 else values
    if values.ndim != 2 or values.shape[1] != width:
        columns = amount(width, "column")
        wanted = f"(rows, {width}){_listed(flow.columns)}"
        raise FlowError(
            WrongDataShape(where=where, shape=values.shape, columns=columns, wanted=wanted)
        )
    names = flow.context.names if flow.context else ()
    contexts = as_contexts(flow, context_beside(names, data, context), len(values))
    if isinstance(weights, str) and is_table(data):
        weights = _numbers(data, "data", [weights])[:, 0]
    return values, contexts, _weights(weights, len(values))


def as_contexts(flow: Flow, context: Any, rows: int | None = None) -> NDArray[Any] | None:
    """The context (rows, C) of a flow that has one; None for as many rows as there are.

    Errors:  FlowError, where shapes are wrong, or a context is missing.
    """
    names = flow.context.names if flow.context else ()
    if not is_conditional(names, context):
        return None
    array = _numbers(context, "context", names)
    array = array[:, None] if array.ndim == 1 else array
    rows = (array.shape[0] if array.ndim else 1) if rows is None else rows
    if array.shape != (rows, len(names)):
        count = amount(rows, "row")
        wanted = f"({rows}, {len(names)}){_listed(names)}"
        raise FlowError(WrongContextShape(shape=array.shape, rows=count, wanted=wanted))
    return array


def _listed(names: Sequence[str]) -> str:
    """The columns of an array, as far as a message has room for them."""
    return f": {', '.join(names)}" if len(names) <= MOST_LISTED else ""


def _weights(weights: Any, rows: int) -> NDArray[Any] | None:
    if weights is None:
        return None
    array = _numbers(weights, "weights")
    array = array[:, 0] if array.shape == (rows, 1) else array
    if array.shape != (rows,):
        raise FlowError(WrongWeightsShape(shape=array.shape, rows=rows))
    return array


def _numbers(values: Any, name: str, columns: Sequence[str] = ()) -> NDArray[Any]:
    """An array of numbers: of a table its columns of these names."""
    if is_table(values):
        table = as_table(values, name)
        return table.numbers(columns or table.columns)
    try:
        return plain_array(values).astype(np.float64)
    except NO_NUMBERS:
        form = "one for each row" if name == "weights" else "as (rows, columns)"
        raise FlowError(NotAnArray(name=name, form=form)) from None
