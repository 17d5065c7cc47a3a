"""From real numbers to the simplex."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ops import Ops
from flowspec.ops.vocabulary import Array, Operand
from flowspec.parts import domain_mistakes
from flowspec.support.simplex import Simplex
from flowspec.support.space import Image, Space
from flowspec.support.support import REAL
from flowspec.transforms.transform import Transform


@dataclass(frozen=True, eq=False)
class StickBreaking(Transform):
    """y_k = z_k (1 - z_1) ...

    (1 - z_(k-1)), z_k = sigmoid(x_k - log(K - k + 1)), and the rest of the stick last.

    K real numbers become K + 1 positive ones that sum to 1. The density is that of the
    first K.
    Source: torch.distributions.transforms.StickBreakingTransform.
    """

    examples = ("StickBreaking",)

    @property
    def gains(self) -> int:
        return 1

    def domain_for(self, space: Space) -> Space:
        return space.with_supports([REAL] * space.size)

    def range_for(self, space: Space) -> Space:
        return Space((Simplex(max(space.size, 2)),))

    def check_coordinates(self, space: Space, giver: str) -> Iterable[Diagnostic]:
        if space.intervals is None:
            yield domain_mistakes.TiedCoordinates(giver=giver, gives=str(space))

    def check_image_coordinates(self, space: Space, giver: str) -> Iterable[Diagnostic]:
        return ()

    def image(self, space: Space) -> Image:
        return Image(Space((Simplex(space.size + 1),)))

    def preimage(self, space: Space) -> Image:
        return Image(Space((REAL,) * (space.size - 1)))

    def forward_and_log_det(self, ops: Ops, x: Array) -> tuple[Array, Operand]:
        t = x - ops.constant(_log_remaining(x.shape[0]))
        log_z, log_rest = ops.log_sigmoid(t), ops.log_sigmoid(-t)
        left = ops.cumsum(log_rest)
        before = ops.concat([0.0 * left[:1], left[:-1]]) if x.shape[0] > 1 else 0.0 * left
        log_y = log_z + before
        # A share that underflows stays the smallest number: 0 lies outside the simplex.
        floor = float(np.log(np.finfo(ops.dtype).tiny))
        y = ops.exp(ops.maximum(ops.concat([log_y, left[-1:]]), floor))
        return y, ops.sum(log_y + log_rest)

    def inverse_and_log_det(self, ops: Ops, y: Array) -> tuple[Array, Operand]:
        # What is left behind share k, summed from the small end: 1 - (the sum before) would cancel.
        last_first = range(y.shape[0] - 1, -1, -1)
        behind = ops.take(ops.cumsum(ops.take(y, last_first)), last_first)[1:]
        log_y = ops.log(y[:-1])
        t = log_y - ops.log(behind)
        return t + ops.constant(_log_remaining(t.shape[0])), ops.sum(log_y - ops.softplus(t))


def _log_remaining(count: int) -> np.ndarray:
    """log K, ..., log 1 as a column: with x = 0 all shares are equal."""
    return np.log(np.arange(count, 0, -1.0))[:, None]
