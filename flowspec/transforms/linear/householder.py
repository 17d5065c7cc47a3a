"""Reflection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts import mistakes
from flowspec.parts.fields import parameter
from flowspec.parts.values import Value
from flowspec.support.space import Space
from flowspec.transforms.linear.matrix import LARGEST_ENTRY, VectorMap


@dataclass(frozen=True, eq=False)
class Householder(VectorMap):
    """y = x - 2 v (v . x) / |v|^2, a reflection.

    |det|: 1.
    Source: arXiv:1611.09630, eq. 9.
    """

    examples = ("Householder([1, 2, -1])", "Householder(learn([1, 0.5, 0.2]))")

    direction: Value = parameter(by_row=False, doc="v, any vector but 0")

    def check_consistency(self, space: Space) -> Iterable[Diagnostic]:
        size = np.abs(np.asarray(getattr(self.direction, "init", self.direction), float)).max()
        if size < 1 / LARGEST_ENTRY:
            yield mistakes.ZeroVector(field="direction")
        if size > LARGEST_ENTRY:
            yield mistakes.EntryTooLarge(field="direction", limit=f"{LARGEST_ENTRY:g}")

    def forward_and_log_det(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        v = self.direction
        if isinstance(v, int | float):
            v = ops.constant(np.ones((x.shape[0], 1)))
        # Only its direction counts: its square could overflow, or vanish.
        v = v / ops.sum(ops.abs(v))
        return x - v * (2.0 * ops.sum(v * x) / ops.sum(v * v)), 0.0

    def inverse_and_log_det(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        return self.forward_and_log_det(ops, y)
