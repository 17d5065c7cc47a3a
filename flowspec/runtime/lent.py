"""Memory that the C of a large flow takes from its caller: its weights, and room to work in."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALIGNMENT = 64
"""Bytes at multiples of which such memory begins."""


def stated(header: str, constant: str) -> int:
    """Bytes that the header of a flow states, as its STACK; 0 where it does not."""
    found = re.search(rf"^#define \w+_{constant} (\d+)$", header, re.M)
    return int(found[1]) if found else 0


class LentMemory:
    """The last arguments of each call: addresses of the weights, and of memory of the thread's own.

    header   of the flow
    """

    def __init__(self, header: str, folder: Mapping[str, bytes], weights: str):
        """`weights`: the name of their file."""
        self._scratch = stated(header, "SCRATCH_BYTES")
        self._weights = []
        if size := stated(header, "WEIGHTS_BYTES"):
            self._weights.append(_aligned(size))
            self._weights[0][:] = np.frombuffer(folder[weights], np.uint8)
        self._of_thread = threading.local()

    def __len__(self) -> int:
        return len(self._weights) + (self._scratch > 0)

    def addresses(self) -> list[int]:
        """Those for calls of this thread."""
        try:
            found: list[int] = self._of_thread.addresses
        except AttributeError:
            own = [_aligned(self._scratch)] if self._scratch else []
            found = [_address(memory) for memory in (*self._weights, *own)]
            self._of_thread.memory, self._of_thread.addresses = own, found
        return found


def _aligned(size: int) -> NDArray[Any]:
    memory = np.empty(size + ALIGNMENT, np.uint8)
    start = -_address(memory) % ALIGNMENT
    return memory[start : start + size]


def _address(array: NDArray[Any]) -> int:
    return int(array.__array_interface__["data"][0])
