"""Checks of the rows that a flow is to be trained on: counted piece by piece, reported together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.ir.flow import Flow
from flowspec.ops.numpy import NumpyOps
from flowspec.parts.writing import name_written
from flowspec.support.membership import outside_of
from flowspec.support.space import Space
from flowspec.support.support import Interval, Support, number
from flowspec.train.feed.cells import Float, cell_ends, check_dequantized
from flowspec.train.feed.column_ends import ColumnEnds
from flowspec.train.feed.row_mistakes import (
    DOUBLE,
    ROUNDED,
    BadWeights,
    ConstantColumn,
    ConstantContext,
    NotFiniteRows,
    NotWholeRows,
    NoWeight,
    OutsideRows,
    TooFewRows,
    TooLargeToDequantize,
)
from flowspec.train.feed.rows_at_ends import RowsAtEnds
from flowspec.train.feed.tally import Tally

Bad = NDArray[np.bool_]
"""(N,): true for rows that have a mistake."""


class RowChecks:
    """Checks of the rows (N, D), context (N, C) and weights (N,) of a flow, piece by piece.

    dtype        the float type to which numbers are rounded before they are trained on
    dequantize   columns of whole numbers k, each of which stands for all of [k, k + 1)
    heaviest     the largest weight of the rows so far
    unfit        the mistakes of `dequantize`, whatever the rows are
    """

    def __init__(
        self,
        flow: Flow,
        dtype: Float = np.float32,
        dequantize: Sequence[str] = (),
        where: str = "data",
    ):
        self.dtype = dtype
        self.where = where
        self.columns = flow.columns
        self.dequantized = [flow.columns.index(name) for name in dequantize if name in self.columns]
        self.unfit = list(check_dequantized(flow, dequantize))
        self.rows = 0
        self.heaviest = 0.0
        self._is_weighted = False
        self._spaces = [(self.columns, flow.space)]
        if flow.context:
            self._spaces.append((flow.context.names, flow.context.space))
        declared = [each for each in (flow.event, flow.context) if each]
        self._declared = {
            name: support
            for each in declared
            for columns, support in each.space.blocks
            for name in each.names[columns]
        }
        self._names = [name for names, _ in self._spaces for name in names]
        self._not_finite: dict[str, Tally] = {}
        self._outside: dict[str, tuple[Support, Tally]] = {}
        self._at_ends: dict[str, RowsAtEnds] = {}
        self._fractional: dict[str, Tally] = {}
        self._too_large: dict[str, Tally] = {}
        self._bad_weights = Tally()
        self._ends = ColumnEnds(len(self._names))

    # --- counting ---------------------------------------------------------------------------------

    def look(
        self,
        values: NDArray[Any],
        context: NDArray[Any] | None = None,
        weights: NDArray[Any] | None = None,
    ) -> Bad:
        """Check a piece: true for each of its rows that has a mistake."""
        bad = np.zeros(len(values), bool)
        blocks = [(block, self._rounded(block)) for block in (values, context) if block is not None]
        for (names, space), (block, rounded) in zip(self._spaces, blocks, strict=True):
            bad |= self._count_not_finite(names, block, rounded)
            if names is self.columns:
                bad |= self._count_not_whole(block, bad)
            bad |= self._count_outside(names, space, block, rounded, bad)
        if weights is not None:
            bad |= self._count_bad_weights(weights)
            self._weigh(weights[~bad])
        self._measure_columns(blocks, bad)
        self.rows += len(values)
        return bad

    def _weigh(self, weights: NDArray[Any]) -> None:
        self._is_weighted = True
        self.heaviest = max(self.heaviest, float(weights.max(initial=0.0)))

    def _measure_columns(
        self, blocks: Sequence[tuple[NDArray[Any], NDArray[Any]]], bad: Bad
    ) -> None:
        start = 0
        for block, rounded in blocks:
            end = start + block.shape[1]
            self._ends.add(slice(start, end), block, rounded, bad)
            start = end

    def _rounded(self, block: NDArray[Any]) -> NDArray[Any]:
        with np.errstate(over="ignore"):
            return block.astype(self.dtype).astype(np.float64)

    def _count_not_finite(
        self, names: Sequence[str], block: NDArray[Any], rounded: NDArray[Any]
    ) -> Bad:
        missing, unrounded = ~np.isfinite(rounded), ~np.isfinite(block)
        for index, name in enumerate(names):
            tally = self._not_finite.setdefault(name, Tally())
            tally.add(missing[:, index], self.rows, block[:, index], unrounded[:, index])
        return np.asarray(missing.any(axis=1))

    def _count_not_whole(self, values: NDArray[Any], skipped: Bad) -> Bad:
        bad = np.zeros(len(values), bool)
        for index in self.dequantized:
            k, name = np.where(skipped, 0, values[:, index]), self.columns[index]
            fractional = k != np.round(k)
            low, high = cell_ends(k, self.dtype)
            too_large = (low > high) & ~fractional
            self._fractional.setdefault(name, Tally()).add(fractional, self.rows, k)
            self._too_large.setdefault(name, Tally()).add(too_large, self.rows, k)
            bad |= fractional | too_large
        return bad

    def _count_outside(
        self,
        names: Sequence[str],
        space: Space,
        block: NDArray[Any],
        rounded: NDArray[Any],
        skipped: Bad,
    ) -> Bad:
        bad = np.zeros(len(block), bool)
        for columns, support in space.blocks:
            values = block[:, columns]
            if names is self.columns and columns.start in self.dequantized:
                outside = _cell_outside(support, np.where(skipped, 0, values[:, 0]), self.dtype)
            else:
                outside = _outside(support, rounded[:, columns])
            listed = ", ".join(f"`{name}`" for name in names[columns])
            _, tally = self._outside.setdefault(listed, (support, Tally()))
            tally.add(outside & ~skipped, self.rows, values, _outside(support, values))
            bad |= outside & ~skipped
            self._count_at_ends(listed, support, rounded[:, columns], outside, skipped)
        return bad

    def _count_at_ends(
        self, listed: str, support: Support, values: NDArray[Any], outside: Bad, skipped: Bad
    ) -> None:
        if isinstance(support, Interval):
            at_ends = self._at_ends.setdefault(listed, RowsAtEnds(support))
            at_ends.add(values[~skipped, 0], outside[~skipped])

    def _count_bad_weights(self, weights: NDArray[Any]) -> Bad:
        bad = ~(np.isfinite(weights) & (weights >= 0))
        self._bad_weights.add(bad, self.rows, weights, bad)
        return np.asarray(bad)

    # --- reporting --------------------------------------------------------------------------------

    def mistakes(self, dropped: int = 0) -> list[Diagnostic]:
        """All mistakes of the rows. Where bad rows are dropped, those of the rows that are left."""
        return (
            self.unfit
            or (self.row_mistakes() if not dropped else [])
            or list(self._too_few(dropped, least=1))
        )

    def untrainable(self, dropped: int = 0) -> list[Diagnostic]:
        """Why good rows cannot be trained on: they are too few, or a column never changes."""
        return list(self._too_few(dropped, least=2)) or list(self._constant(dropped))

    def row_mistakes(self) -> list[Diagnostic]:
        """The mistakes of single rows."""
        return [
            *self._not_finite_rows(),
            *self._not_whole_rows(),
            *self._outside_rows(),
            *self._badly_weighted_rows(),
        ]

    @property
    def _place(self) -> dict[str, Any]:
        return {"where": self.where, "rows": self.rows}

    def _not_finite_rows(self) -> Iterator[Diagnostic]:
        for name, tally in self._not_finite.items():
            if tally.count:
                reason = _rounding(tally)
                yield NotFiniteRows(name=name, reason=reason, **tally.fields, **self._place)

    def _not_whole_rows(self) -> Iterator[Diagnostic]:
        for name, tally in self._fractional.items():
            if tally.count:
                yield NotWholeRows(name=name, **tally.fields, **self._place)
        for name, tally in self._too_large.items():
            if tally.count:
                reason = self._gap(tally)
                yield TooLargeToDequantize(name=name, reason=reason, **tally.fields, **self._place)

    def _gap(self, tally: Tally) -> str:
        after = number(tally.values[0] + 1)
        gap = f"{self.dtype.__name__} has no number between {tally.value} and {after}"
        return f"{gap}; {DOUBLE}" if self.dtype is np.float32 else gap

    def _outside_rows(self) -> Iterator[Diagnostic]:
        for names, (support, tally) in self._outside.items():
            if tally.count:
                yield OutsideRows(
                    names=names,
                    support=self._as_declared(names, support),
                    advice=self._wider(names, support, tally),
                    reason=self._why_outside(names, support, tally),
                    **tally.fields,
                    **self._place,
                )

    def _as_declared(self, names: str, support: Support) -> str:
        """The support, and the one that was written, if the flow does not reach all of it."""
        declared = self._declared.get(names.strip("`"), support)
        if declared.joint or declared.same(support):
            return support.aside
        return f"({support!s}; declared {declared})"

    def _wider(self, names: str, support: Support, tally: Tally) -> str:
        """The declaration that takes the rows too, where a column is declared by itself."""
        name = names.strip("`")
        dequantized = name in {self.columns[index] for index in self.dequantized}
        is_declared = name in self._declared and not dequantized
        if not is_declared or not _is_line(support) or tally.rounded:
            return support.row_advice
        wider = self._beyond_ends(names) or ("positive" if tally.least > 0 else "real")
        return f"declare `{name_written(name)}: {wider}`"

    def _beyond_ends(self, names: str) -> str:
        """The declaration whose ends lie beyond rows at ends; "" where others lie outside, too,
        and for the end of open half-lines.
        """
        name, at_ends = names.strip("`"), self._at_ends[names]
        declared = self._declared[name]
        if not isinstance(declared, Interval) or not at_ends.are_all:
            return ""
        if name not in self.columns:
            return str(at_ends.closed(declared))
        is_asked = declared.is_bounded or declared.closed_low or declared.closed_high
        return str(at_ends.wider(declared)) if is_asked else ""

    def _why_outside(self, names: str, support: Support, tally: Tally) -> str:
        if names.strip("`") in {self.columns[index] for index in self.dequantized}:
            cell = f"[{tally.value}, {number(tally.values[0] + 1)})"
            return f"{names} is to be dequantized, so {tally.value} stands for all of {cell}"
        if not tally.rounded and self._are_at_ends(names):
            return "they lie exactly at an end, which a flow comes near to and does not reach"
        return _rounding(tally) or (f"they are to be {support.words}" if support.joint else "")

    def _are_at_ends(self, names: str) -> bool:
        """True for an output whose rows outside lie at ends, all of them."""
        is_output = names.strip("`") in self.columns
        return is_output and names in self._at_ends and self._at_ends[names].are_all

    def _badly_weighted_rows(self) -> Iterator[Diagnostic]:
        tally = self._bad_weights
        if tally.count:
            yield BadWeights(**tally.fields, **self._place)

    def _too_few(self, dropped: int, least: int) -> Iterator[Diagnostic]:
        left = self.rows - dropped
        if left < least:
            count = f"{self.rows or 'no'} row{'' if self.rows == 1 else 's'}"
            if dropped:
                count += f", {f'only {left}' if left else 'none'} of them without a fault"
            yield TooFewRows(where=self.where, count=count)
        elif self._is_weighted and not self.heaviest > 0:
            yield NoWeight(where=self.where)

    def _constant(self, dropped: int) -> Iterator[Diagnostic]:
        for constant in self._ends.constants():
            if constant.column not in self.dequantized:
                kind = ConstantColumn if constant.column < len(self.columns) else ConstantContext
                yield kind(
                    where=self.where,
                    rows=self.rows - dropped,
                    name=self._names[constant.column],
                    value=number(constant.value),
                    reason=ROUNDED if constant.rounded else "",
                )


def _is_line(support: Support) -> bool:
    """True for an interval of the line, which a wider one can take the place of."""
    return isinstance(support, Interval)


def _rounding(tally: Tally) -> str:
    return ROUNDED if tally.rounded else ""


def _outside(support: Support, values: NDArray[Any]) -> Bad:
    """True for rows (N, size) that lie outside a support."""
    with np.errstate(all="ignore"):
        return np.asarray(outside_of(NumpyOps(), Space((support,)), values.T))


def _cell_outside(support: Support, k: NDArray[Any], dtype: Float) -> Bad:
    """True for cells [k, k + 1) that do not lie inside an interval altogether."""
    low, high = (end.astype(np.float64)[:, None] for end in cell_ends(k, dtype))
    return _outside(support, low) | _outside(support, high)
