"""Masked networks: each output depends on the inputs that an adjacency matrix allows, and
no others.

Source: MADE, Germain et al., 2015, arXiv:1502.03509; the masks for any adjacency are
    those of zuko.nn.MaskedMLP.

Inputs become known in *generations*: those of generation 0 depend on nothing, those of
generation g on some of generation g - 1. A hidden unit whose inputs are all of generation
g - 1 or earlier has *degree* g: it can be computed at stage g. Units are sorted by
degree, so that what is new at a stage is a slice. That makes an inverse cost the
arithmetic of one pass, not of one for each generation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from flowspec.networks.layers import Layer, MaskedDense, Residual, random


def generations(adjacency: np.ndarray) -> np.ndarray | None:
    """For each row of a square adjacency matrix its generation: the length of the longest
    chain that leads to it.

    None, if the chains are circular.
    """
    size = len(adjacency)
    stages = np.zeros(size, int)
    for _ in range(size + 1):
        further = np.where(adjacency, stages + 1, 0).max(axis=1, initial=0)
        if (further == stages).all():
            return stages
        stages = further
    return None


UNITS_AT_ONCE = 1024


@dataclass(frozen=True)
class Plan:
    """The masks of a network, and the degree of every unit.

    adjacency   (outputs, inputs): which output may depend on which input
    known       for each input the stage from which on it is known: 0 for the context,
                else its generation + 1
    stages      for each output its own generation
    repeats     the number of blocks of outputs, one after the other
    """

    adjacency: np.ndarray
    known: np.ndarray
    stages: np.ndarray
    repeats: int = 1

    @cached_property
    def _kinds(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The distinct rows of the adjacency in their order, the one of each output, and the degree
        of each.
        """
        # Packed rows stand in the order of the rows, and are sorted much faster.
        packed = [row.tobytes() for row in np.packbits(np.asarray(self.adjacency, bool), axis=1)]
        first = {row: output for output, row in reversed([*enumerate(packed)])}
        distinct = sorted(first)
        kinds = {row: kind for kind, row in enumerate(distinct)}
        rows = self.adjacency[[first[row] for row in distinct]]
        return (
            rows,
            np.tile([kinds[row] for row in packed], self.repeats),
            np.array([self.known[row].max(initial=0) for row in rows]),
        )

    def units(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """The kind of each unit of a hidden layer, and the places that the units would
        have without sorting by degree.
        """
        rows, _, degrees = self._kinds
        reachable = np.flatnonzero(rows.any(axis=1))
        spread = reachable[np.arange(size) % len(reachable)]
        places = np.argsort(degrees[spread], kind="stable")
        return spread[places], places

    def layers(self, hidden: Sequence[int], activation: str, residual: bool) -> tuple[Layer, ...]:
        """A network with these masks."""
        rows, inverse, degrees = self._kinds
        # Sums of float32 ones are exact up to 2^24, and much faster than those of whole numbers.
        sums, everything = rows.sum(axis=1), np.arange(len(rows))

        def reads(units: np.ndarray, before: np.ndarray | None) -> np.ndarray:
            """Which units of a layer see no more than a unit of the next one may."""
            if before is None:
                return rows[units]
            seen = rows[before].T.astype(np.float32)
            parts = range(0, len(units), UNITS_AT_ONCE)
            chosen = (rows[units[start : start + UNITS_AT_ONCE]] for start in parts)
            return np.concatenate(
                [part.astype(np.float32) @ seen == sums[before] for part in chosen]
            )

        made: list[Layer] = []
        before = None
        for size in hidden:
            units, _ = self.units(size)
            linear = reads(units, before)
            if before is None or not residual or len(units) != len(before):
                made.append(_masked(linear, degrees[units], "identity" if residual else activation))
            if residual:
                inner = reads(units, units)
                made.append(
                    Residual(
                        (
                            _masked(inner, degrees[units], activation),
                            _masked(inner, degrees[units], "identity"),
                        )
                    )
                )
            before = units
        last = reads(everything, before)[inverse]
        made.append(_masked(last, np.tile(self.stages, self.repeats), "identity"))
        return tuple(made)


def _masked(mask: np.ndarray, degrees: np.ndarray, activation: str) -> MaskedDense:
    outputs, inputs = mask.shape
    spread = 1 / math.sqrt(max(inputs, 1))
    fixed = mask.astype(np.float64)
    fixed.setflags(write=False)
    return MaskedDense(
        inputs,
        outputs,
        activation,
        weight=random((outputs, inputs), spread),
        bias=random((outputs,), spread),
        mask=fixed,
        degrees=tuple(int(d) for d in degrees),
    )
