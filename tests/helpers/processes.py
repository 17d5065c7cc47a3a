"""Processes of this machine, as /proc shows them."""

from __future__ import annotations

import contextlib
from pathlib import Path


def children(parent: int) -> list[int]:
    """The processes that another one started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return sorted(found)
