"""Long samples, piece by piece: all of their rows are never held at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from flowspec.diagnostics.diagnostic import FlowError
from flowspec.diagnostics.inputs import WrongContextRows, whole
from flowspec.diagnostics.quantities import amount

Rows = NDArray[Any]

ROWS_OF_A_PIECE = 65_536


class Sampled(Protocol):
    """What draws: a bundle."""

    def rows_of_context(self, context: Rows | None) -> Rows | None: ...

    def sample(
        self, n: int | None, seed: int, context: Rows | None, first_row: int, *,
        with_log_prob: Literal[True],
    ) -> tuple[Rows, Rows]: ...  # fmt: skip


def sample_pieces(
    bundle: Sampled,
    n: int | None,
    seed: int,
    context: Rows | None,
    first_row: int,
    rows: int = ROWS_OF_A_PIECE,
) -> Iterator[tuple[Rows, Rows]]:
    """The points and log-densities that `bundle.sample` gives, so many rows at once.

    Errors:  FlowError, before anything is drawn.
    """
    given = bundle.rows_of_context(context)
    count = whole("n", (1 if given is None else len(given)) if n is None else n, 0)
    rows = whole("rows", rows, 1)
    first_row = whole("first_row", first_row, -(2**63), 2**63 - max(count, 1))
    if given is not None and len(given) not in (1, count):
        raise FlowError(WrongContextRows(found=amount(len(given), "row"), needed=count))
    return _drawn(bundle, count, seed, given, first_row, rows)


def _drawn(
    bundle: Sampled, count: int, seed: int, given: Rows | None, first_row: int, rows: int
) -> Iterator[tuple[Rows, Rows]]:
    for start in range(0, max(count, 1), rows):
        size = min(rows, count - start)
        piece = given if given is None or len(given) == 1 else given[start : start + size]
        yield bundle.sample(size, seed, piece, first_row + start, with_log_prob=True)
