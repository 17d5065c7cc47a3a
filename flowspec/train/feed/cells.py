"""Cells of whole numbers: dequantizing moves a whole number k to anywhere in (k, k + 1).

Source: A note on the evaluation of generative models, Theis et al., 2016, arXiv:1511.01844, 3.1: so
the loss is never below that of the probabilities of the whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from flowspec.diagnostics.diagnostic import Diagnostic, suggest
from flowspec.ir.flow import Flow
from flowspec.train.feed.row_mistakes import JointToDequantize, NoOutputToDequantize

Float = type[np.float32] | type[np.float64]


def cell_ends(k: NDArray[Any], dtype: Float = np.float32) -> tuple[NDArray[Any], NDArray[Any]]:
    """The least and the largest number strictly inside (k, k + 1) that a float type has."""
    low = np.nextafter(k.astype(dtype), dtype(np.inf))
    high = np.nextafter((k + 1).astype(dtype), dtype(-np.inf))
    return low, high


def moved_into_cells(
    values: Tensor, columns: Sequence[int], generator: np.random.Generator
) -> Tensor:
    """Rows (N, D) or (N,) in which the whole numbers of some columns are dequantized."""
    matrix = values.reshape(len(values), -1).clone()
    k = matrix[:, columns].numpy()
    low, high = cell_ends(k, k.dtype.type)
    moved = np.clip(k + generator.random(k.shape), low, high)
    matrix[:, columns] = torch.from_numpy(moved.astype(k.dtype))
    return matrix.reshape(values.shape)


def check_dequantized(flow: Flow, names: Sequence[str]) -> Iterator[Diagnostic]:
    """Mistakes of names that are no outputs, or outputs that are not free to move by themselves."""
    supports = {
        name: support for columns, support in flow.space.blocks for name in flow.columns[columns]
    }
    for name in names:
        if name not in supports:
            yield NoOutputToDequantize(name=name, advice=_instead(name, flow.columns))
        elif supports[name].joint:
            yield JointToDequantize(name=name, values=supports[name].words)


def _instead(name: str, columns: Sequence[str]) -> str:
    if near := suggest(name, columns):
        return f"did you mean `{near}`?"
    return "its outputs are " + ", ".join(f"`{column}`" for column in columns)
