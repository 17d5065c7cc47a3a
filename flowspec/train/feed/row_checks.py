"""What is wrong with the rows that a flow is to be trained on: counted piece by piece, told together."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic, mistake, suggest
from flowspec.ir.flow import Flow
from flowspec.ops.numpy import NumpyOps
from flowspec.support.membership import outside_of
from flowspec.support.space import Space
from flowspec.support.support import Support, number

LEAVE_OUT = "leave these rows out (`flowspec fit --drop-bad-rows` does)"
DOUBLE = '`--precision 64`, in Python `Engine(precision="64")`, computes in float64'
ROUNDED = f"that comes of rounding to float32; {DOUBLE}"
SHOWN = 6
"""Numbers of a row that a message shows."""


@mistake
class NotFiniteRows(Diagnostic):
    message = "column `{name}` is missing or not finite in {count} of {rows} rows, first in row {row}: {value}"
    note = "{reason}"
    help = LEAVE_OUT + ", or fill them in"
    name: str
    count: int
    rows: int
    row: int
    value: str
    reason: str = ""


@mistake
class OutsideRows(Diagnostic):
    message = "{count} of {rows} rows lie outside the support of {names} {support}, the first is row {row}: {value}"
    note = "{reason}"
    help = "{advice}, or " + LEAVE_OUT
    names: str
    support: str
    count: int
    rows: int
    row: int
    value: str
    advice: str
    reason: str = ""


@mistake
class ConstantContext(Diagnostic):
    message = "context `{name}` is {value} in all {rows} rows"
    note = "{reason}"
    help = "leave it out of `context`: from one value nothing can be learned of others"
    name: str
    value: str
    rows: int
    reason: str = ""


@mistake
class ConstantColumn(Diagnostic):
    message = "column `{name}` is {value} in all {rows} rows"
    note = "{reason}"
    help = "leave it out of `event`: what never changes has no density"
    name: str
    value: str
    rows: int
    reason: str = ""


@mistake
class NotWholeRows(Diagnostic):
    message = "`{name}` is to be dequantized, but no whole number in {count} of {rows} rows, first in row {row}: {value}"
    help = "leave `{name}` out of `dequantize`, or round it"
    name: str
    value: str
    count: int
    rows: int
    row: int


@mistake
class TooLargeToDequantize(Diagnostic):
    message = "`{name}` is to be dequantized, but too large for that in {count} of {rows} rows, first in row {row}: {value}"
    note = "{reason}"
    help = "leave `{name}` out of `dequantize`, or count from another number on"
    name: str
    value: str
    count: int
    rows: int
    row: int
    reason: str


@mistake
class BadWeights(Diagnostic):
    message = "the weight is {value} in row {row}; it is missing, negative or infinite in {count} of {rows} rows"
    note = "{reason}"
    help = LEAVE_OUT + ", or correct them"
    value: str
    count: int
    rows: int
    row: int
    reason: str = ""


@mistake
class NoWeight(Diagnostic):
    message = "all weights are 0"
    help = "give positive weights"


@mistake
class TooFewRows(Diagnostic):
    message = "the data has {what}"
    help = "give at least two"
    what: str


@mistake
class NotDequantizable(Diagnostic):
    message = "`{name}` cannot be dequantized: {what}"
    help = "{advice}"
    name: str
    what: str
    advice: str


@dataclass
class _Count:
    """How many rows have a fault, which is the first, and what stands there."""

    count: int = 0
    row: int = 0
    values: tuple[float, ...] = ()
    rounded: bool = True
    """Is it so for the rounded numbers alone?"""

    def add(
        self, bad: np.ndarray, before: int, values: np.ndarray, already: np.ndarray | None = None
    ) -> None:
        where = np.flatnonzero(bad)
        if not len(where):
            return
        if not self.count:
            self.row, self.values = (
                before + int(where[0]) + 1,
                tuple(np.atleast_1d(values[where[0]]).tolist()),
            )
        self.count += len(where)
        self.rounded = self.rounded and already is not None and not already[where].any()

    @property
    def value(self) -> str:
        """What stands in the first row."""
        shown = ["missing" if math.isnan(each) else number(each) for each in self.values[:SHOWN]]
        return ", ".join([*shown, "..."] if len(self.values) > SHOWN else shown)

    @property
    def told(self) -> dict[str, Any]:
        """What every message of such a fault says."""
        return {"count": self.count, "row": self.row, "value": self.value}


class RowChecks:
    """Looks at pieces of the rows (N, D), context (N, C) and weights (N,) of a flow; `problems` says what it found.

    dtype        what the numbers are rounded to before they are trained on
    dequantize   columns of whole numbers k, each of which stands for all of [k, k + 1)
    unfit        what is wrong with `dequantize`, whatever the rows are
    """

    def __init__(
        self,
        flow: Flow,
        dtype: type = np.float32,
        dequantize: Sequence[str] = (),
        where: str = "data",
    ):
        self.dtype = dtype
        self.where = where
        self.columns = flow.columns
        self.whole = [self.columns.index(name) for name in dequantize if name in self.columns]
        self.unfit = list(_undequantizable(flow, dequantize))
        self.rows, self.weight, self.weighted = 0, 0.0, False
        self._spaces = [(self.columns, flow.space)]
        if flow.context:
            self._spaces.append((flow.context.names, flow.context.space))
        self._unfinite: dict[str, _Count] = {}
        self._outside: dict[str, tuple[Support, _Count]] = {}
        self._unwhole: dict[str, _Count] = {}
        self._too_large: dict[str, _Count] = {}
        self._badly_weighted = _Count()
        # The least and the largest number of each column, those of the context behind those of the event.
        self._names = [name for names, _ in self._spaces for name in names]
        self._rounded_ends, self._ends = (
            np.full((2, len(self._names)), [[np.inf], [-np.inf]]) for _ in range(2)
        )

    def look(
        self,
        values: np.ndarray,
        context: np.ndarray | None = None,
        weights: np.ndarray | None = None,
    ) -> np.ndarray:
        """Look at a piece: which of its rows have a fault."""
        bad = np.zeros(len(values), bool)
        blocks = [(block, self._rounded(block)) for block in (values, context) if block is not None]
        for (names, space), (block, rounded) in zip(self._spaces, blocks, strict=True):
            bad |= self._not_finite(names, block, rounded)
            bad |= self._not_whole(block, bad) if names is self.columns else False
            bad |= self._not_inside(names, space, block, rounded, bad)
        if weights is not None:
            bad |= self._not_weights(weights)
            self.weighted = True
            self.weight += float(self._rounded(weights)[~bad].sum())
        before = 0
        for block, rounded in blocks:
            here = slice(before, before := before + block.shape[1])
            self._widen(self._rounded_ends[:, here], rounded, bad)
            alike = self._rounded_ends[0, here] == self._rounded_ends[1, here]
            self._widen(
                self._ends[:, here], block, bad, alike
            )  # of other columns they are not needed
        self.rows += len(values)
        return bad

    def _widen(
        self,
        ends: np.ndarray,
        values: np.ndarray,
        bad: np.ndarray,
        columns: np.ndarray | slice = slice(None),
    ) -> None:
        good = values[:, columns] if not bad.any() else values[:, columns][~bad]
        ends[0, columns] = np.minimum(ends[0, columns], good.min(axis=0, initial=np.inf))
        ends[1, columns] = np.maximum(ends[1, columns], good.max(axis=0, initial=-np.inf))

    def _rounded(self, block: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            return block.astype(self.dtype).astype(np.float64)

    def _not_finite(
        self, names: Sequence[str], block: np.ndarray, rounded: np.ndarray
    ) -> np.ndarray:
        missing, already = ~np.isfinite(rounded), ~np.isfinite(block)
        for index, name in enumerate(names):
            count = self._unfinite.setdefault(name, _Count())
            count.add(missing[:, index], self.rows, block[:, index], already[:, index])
        return missing.any(axis=1)

    def _not_whole(self, values: np.ndarray, skipped: np.ndarray) -> np.ndarray:
        found = np.zeros(len(values), bool)
        for index in self.whole:
            k, name = np.where(skipped, 0, values[:, index]), self.columns[index]
            fraction = k != np.round(k)
            low, high = cell_ends(k, self.dtype)
            large = (low > high) & ~fraction
            self._unwhole.setdefault(name, _Count()).add(fraction, self.rows, k)
            self._too_large.setdefault(name, _Count()).add(large, self.rows, k)
            found |= fraction | large
        return found

    def _not_inside(
        self,
        names: Sequence[str],
        space: Space,
        block: np.ndarray,
        rounded: np.ndarray,
        skipped: np.ndarray,
    ) -> np.ndarray:
        found = np.zeros(len(block), bool)
        for columns, part in space.blocks:
            piece = block[:, columns]
            here = _outside(part, rounded[:, columns]) & ~skipped
            if names is self.columns and columns.start in self.whole:
                here = _cell_outside(part, np.where(skipped, 0, piece[:, 0]), self.dtype) & ~skipped
            told = ", ".join(f"`{name}`" for name in names[columns])
            self._outside.setdefault(told, (part, _Count()))[1].add(
                here, self.rows, piece, _outside(part, piece)
            )
            found |= here
        return found

    def _not_weights(self, weights: np.ndarray) -> np.ndarray:
        wrong = ~(np.isfinite(weights) & (weights >= 0))
        found = wrong | ~np.isfinite(self._rounded(weights))
        self._badly_weighted.add(found, self.rows, weights, wrong)
        return found

    def problems(self, dropped: int = 0) -> list[Diagnostic]:
        """What is wrong with the rows. Where bad ones are dropped, with those that are left."""
        return (
            self.unfit
            or (self.faults() if not dropped else [])
            or list(self._nothing(dropped, least=1))
        )

    def alike(self, dropped: int = 0) -> list[Diagnostic]:
        """What hinders a training on rows that have no fault: there are too few, or a column never changes."""
        return list(self._nothing(dropped, least=2)) or list(self._constant(dropped))

    def faults(self) -> list[Diagnostic]:
        """What is wrong with single rows."""
        return list(self._faults())

    def _faults(self) -> Iterator[Diagnostic]:
        place: dict[str, Any] = {"where": self.where, "rows": self.rows}
        for name, count in self._unfinite.items():
            if count.count:
                yield NotFiniteRows(name=name, reason=self._rounding(count), **count.told, **place)
        for name, count in self._unwhole.items():
            if count.count:
                yield NotWholeRows(name=name, **count.told, **place)
        for name, count in self._too_large.items():
            if count.count:
                gap = f"{self.dtype.__name__} has no number between {count.value} and {number(count.values[0] + 1)}"
                reason = f"{gap}; {DOUBLE}" if self.dtype is np.float32 else gap
                yield TooLargeToDequantize(name=name, reason=reason, **count.told, **place)
        for names, (part, count) in self._outside.items():
            if count.count:
                reason = self._why(names, part, count)
                yield OutsideRows(
                    names=names,
                    support=part.aside,
                    advice=part.row_advice,
                    reason=reason,
                    **count.told,
                    **place,
                )
        if self._badly_weighted.count:
            bad = self._badly_weighted
            yield BadWeights(reason=self._rounding(bad), **bad.told, **place)

    def _rounding(self, count: _Count) -> str:
        return ROUNDED if count.rounded else ""

    def _why(self, names: str, part: Support, count: _Count) -> str:
        if names.strip("`") in {self.columns[index] for index in self.whole}:
            cell = f"[{count.value}, {number(count.values[0] + 1)})"
            return f"{names} is to be dequantized, so {count.value} stands for all of {cell}"
        return self._rounding(count) or (f"they are to be {part.words}" if part.joint else "")

    def _nothing(self, dropped: int, least: int) -> Iterator[Diagnostic]:
        left = self.rows - dropped
        if left < least:
            whole = f"{self.rows or 'no'} row{'' if self.rows == 1 else 's'}"
            rest = (
                f", {f'only {left}' if left else 'none'} of them without a fault" if dropped else ""
            )
            yield TooFewRows(where=self.where, what=whole + rest)
        elif self.weighted and not self.weight > 0:
            yield NoWeight(where=self.where)

    def _constant(self, dropped: int) -> Iterator[Diagnostic]:
        for index in np.flatnonzero(self._rounded_ends[0] == self._rounded_ends[1]).tolist():
            if index not in self.whole:
                low, high = self._ends[:, index]
                value, reason = (
                    (low, "") if low == high else (self._rounded_ends[0, index], ROUNDED)
                )
                found: dict[str, Any] = {
                    "name": self._names[index],
                    "value": number(value),
                    "reason": reason,
                }
                kind = ConstantColumn if index < len(self.columns) else ConstantContext
                yield kind(where=self.where, rows=self.rows - dropped, **found)


def _outside(part: Support, piece: np.ndarray) -> np.ndarray:
    """Which rows (N, size) lie outside a part of a support."""
    with np.errstate(all="ignore"):
        return np.asarray(outside_of(NumpyOps(), Space((part,)), piece.T))


def cell_ends(k: np.ndarray, dtype: type = np.float32) -> tuple[np.ndarray, np.ndarray]:
    """The least and the largest number strictly inside (k, k + 1) that a float type has."""
    return np.nextafter(k.astype(dtype), dtype(np.inf)), np.nextafter(
        (k + 1).astype(dtype), dtype(-np.inf)
    )


def _cell_outside(part: Support, k: np.ndarray, dtype: type) -> np.ndarray:
    """Which of the cells [k, k + 1) are not whole inside an interval."""
    low, high = (each.astype(np.float64)[:, None] for each in cell_ends(k, dtype))
    return _outside(part, low) | _outside(part, high)


def _undequantizable(flow: Flow, names: Sequence[str]) -> Iterator[Diagnostic]:
    """Names that are no outputs, or outputs that are not free to move by themselves."""
    parts = {name: part for columns, part in flow.space.blocks for name in flow.columns[columns]}
    for name in names:
        if name not in parts:
            near = suggest(name, flow.columns)
            there = ", ".join(f"`{each}`" for each in flow.columns)
            advice = f"did you mean `{near}`?" if near else f"its outputs are {there}"
            yield NotDequantizable(name=name, what="it is no output of the flow", advice=advice)
        elif parts[name].joint:
            advice = "leave it out of `dequantize`"
            yield NotDequantizable(
                name=name, what=f"it is one of {parts[name].words}", advice=advice
            )
