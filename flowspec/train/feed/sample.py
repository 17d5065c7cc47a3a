"""Rows that are looked at for what a density cannot fit well: of a large table some of them.

A sort of every column of a large table would take longer than to read it. Repeated rows are looked
for among those whose hash ends alike: both of a pair are in, or none.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_ROWS = 2**16
MOST_NUMBERS = 2**22
MOST_HASHES = 2**17


class Sample:
    """Rows (values and context beside each other) of every piece, as they stand in the data.

    rows       the rows that were gone through
    """

    def __init__(self, pieces: int):
        self.rows = 0
        self._pieces = max(pieces, 1)
        self._parts: list[NDArray[Any]] = []
        self._hashes = np.empty(0, np.uint64)
        self._kept_bits = 0

    def add(
        self, values: NDArray[Any], context: NDArray[Any] | None, good: NDArray[np.bool_]
    ) -> None:
        """Take in a piece, but for its bad rows. An empty `good` stands for all."""
        block = values if context is None else np.concatenate([values, context], axis=1)
        block = block[good] if len(good) else block
        self.rows += len(block)
        quota = max(min(MOST_ROWS, MOST_NUMBERS // max(block.shape[1], 1)) // self._pieces, 1)
        self._parts.append(np.array(block[:: -(-len(block) // quota) or 1], np.float64))
        self._add_hashes(_hashes(block))

    @property
    def table(self) -> NDArray[Any]:
        """The rows that are looked at."""
        return np.concatenate(self._parts) if self._parts else np.empty((0, 0))

    @property
    def repeated(self) -> NDArray[np.int64]:
        """How often each different row occurs, of those whose hash was kept."""
        return np.unique(self._hashes, return_counts=True)[1]

    def _add_hashes(self, hashes: NDArray[np.uint64]) -> None:
        self._hashes = np.concatenate([self._hashes, self._kept(hashes)])
        while len(self._hashes) > MOST_HASHES:
            self._kept_bits += 1
            self._hashes = self._kept(self._hashes)

    def _kept(self, hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
        return hashes[hashes & np.uint64(2**self._kept_bits - 1) == 0]


def _hashes(block: NDArray[Any]) -> NDArray[np.uint64]:
    """A number for each row, the same for the same row (splitmix64, column by column)."""
    bits = np.array(block + 0.0, np.float64, order="F").view(np.uint64)  # -0 is 0
    mixed = np.zeros(len(block), np.uint64)
    for column in bits.T:
        mixed = (mixed ^ column) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        mixed = mixed * np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(32)
    return mixed
