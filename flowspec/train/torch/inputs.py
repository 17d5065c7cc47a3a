"""Points and contexts for a module: tensors as they are, anything else read as bundles read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from flowspec.data.rows import numbers
from flowspec.data.tables.memory import is_table


def as_points(values: Any, name: str, columns: Sequence[str], scalar: bool, like: Tensor) -> Tensor:
    """Points (*, D), or (*,) of a scalar flow; what is no tensor gets the type of `like`.

    Errors:  FlowError, where a column is missing, or something is no number.
    """
    if not isinstance(values, Tensor):
        array = numbers(values, name, columns)
        array = array[:, 0] if scalar and is_table(values) else array
        values = torch.tensor(array, dtype=like.dtype, device=like.device)
    return values if scalar or len(columns) != 1 else _as_column(values)


def _as_column(values: Tensor) -> Tensor:
    """One column with its axis, which may be left out."""
    return values if values.ndim and values.shape[-1] == 1 else values.unsqueeze(-1)
