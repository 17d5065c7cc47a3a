"""The space that rows take on disk, told before they are written."""

from __future__ import annotations

import io
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flowspec.data.places import Place
from flowspec.data.tables.write import writer_for
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.diagnostics.quantities import size_in_words
from flowspec.scale.mistakes import TooLittleSpace

ROWS_LOOKED_AT = 20_000


def bytes_of_rows(path: Place, columns: Sequence[str], arrays: Sequence[Any], rows: int) -> float:
    """The size of a file of so many rows that are like some of them."""
    sizes = []
    for part in (1, 2):
        stream = io.BytesIO()
        count = min(len(arrays[0]), ROWS_LOOKED_AT) * part // 2
        writer = writer_for(path)(path, stream, columns, count)
        writer([array[:count] for array in arrays])
        writer.close()
        sizes.append((count, stream.tell()))
    (few, small), (many, large) = sizes
    each = (large - small) / max(many - few, 1)
    return large + each * (rows - many)


def free_bytes(path: Path) -> int:
    """What is free where a file or a folder is to be."""
    place = path.absolute()
    while not place.exists():
        place = place.parent
    return shutil.disk_usage(place).free


def refuse_too_large(folder: Path, rows: int, needed: float) -> None:
    """Let nothing be begun that cannot be ended.

    Errors:  FlowError, where the space lacks.
    """
    free = free_bytes(folder)
    if needed > free:
        wrong = TooLittleSpace(
            rows=f"{rows:,}",
            needed=size_in_words(needed),
            free=size_in_words(free),
            folder=str(folder),
        )
        raise FlowError(wrong)
