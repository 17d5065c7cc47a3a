"""Times and sizes as people say them."""

from __future__ import annotations


def time_in_words(seconds: float) -> str:
    """A time: `40 s`, `12 min`, `3.5 h`, `2.1 days`."""
    for size, unit in ((86_400.0, "days"), (3_600.0, "h")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def size_in_words(count: float) -> str:
    """A number of bytes: `12 MB`, `3.4 GB`, `2.1 TB`."""
    for size, unit in ((1e12, "TB"), (1e9, "GB")):
        if count >= size:
            return (
                f"{count / size:.2g} {unit}" if count < 100 * size else f"{count / size:.0f} {unit}"
            )
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def amount(count: int, noun: str) -> str:
    """So many things: `1 row`, `1,200 rows`, `2 batches`."""
    return f"{count:,} {counted(count, noun)}"


def counted(count: int, noun: str) -> str:
    """A noun as it stands behind a number."""
    if count == 1:
        return noun
    return noun + ("es" if noun.endswith(("tch", "s", "x")) else "s")
