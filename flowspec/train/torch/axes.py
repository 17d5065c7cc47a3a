"""Axes of users and of formulas: (*batch, D) and (D, N)."""

from __future__ import annotations

from typing import cast

import torch
from torch import Size, Tensor

from flowspec.ops.vocabulary import Array, Operand

Shape = Size | list[int] | tuple[int, ...]
"""A shape, in all forms that torch takes."""

NO_SHAPE = Size()


class Axes:
    """The axes of points: (*batch, D) for users, (D, N) for formulas.

    Of scalars they are (*batch,) and (N,).
    """

    def __init__(self, scalar: bool, batch: Size):
        self.scalar = scalar
        self.batch = batch

    def last(self, x: Tensor) -> Tensor:
        """The points with the batch as the last axis."""
        return x.reshape(-1) if self.scalar else x.reshape(-1, x.shape[-1]).T

    def first(self, x: Array) -> Tensor:
        """The points with the axes of the batch first."""
        tensor = as_tensor(x)
        if self.scalar:
            return tensor.reshape(self.batch)
        return tensor.T.reshape(*self.batch, tensor.shape[0])

    def rows(self, values: Array) -> Tensor:
        """One number (N,) for each point, or one for all, as (*batch,)."""
        return as_tensor(values).expand(self.batch.numel()).reshape(self.batch)

    def log_dets(self, log_det: Operand, like: Tensor) -> Tensor:
        """A log-determinant, which formulas may give as a plain number, as (*batch,)."""
        return self.rows(torch.as_tensor(log_det, dtype=like.dtype, device=like.device))


def as_tensor(x: Array) -> Tensor:
    """The tensor that a formula gave: of torch's interpreter every array is one."""
    return cast(Tensor, x)


def flat_context(context: Tensor | None, batch: Size) -> Tensor | None:
    """The context (*, C) for points of a batch shape, as (C, N)."""
    if context is None:
        return None
    return context.expand(*batch, context.shape[-1]).reshape(-1, context.shape[-1]).T
