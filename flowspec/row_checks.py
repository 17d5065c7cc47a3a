"""What is wrong with the rows that a flow is to be trained on: counted piece by piece, told together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from flowspec.bounds import outside_of
from flowspec.diagnostics import Diagnostic, mistake, suggest
from flowspec.flow import Flow
from flowspec.ops.numpy import NumpyOps
from flowspec.support import Part, Space, as_interval, number


@mistake
class NotFiniteRows(Diagnostic):
    message = "column `{name}` is missing or not finite in {count} of {rows} rows, first in row {row}"
    note = "{reason}"
    help = "leave these rows out (`--drop-bad-rows`), or fill them in"
    name: str
    count: int
    rows: int
    row: int
    reason: str = ""


@mistake
class OutsideRows(Diagnostic):
    message = "{count} of {rows} rows lie outside the support of {names} ({support}), the first is row {row}"
    note = "{reason}"
    help = "declare a wider support, or leave these rows out (`--drop-bad-rows`)"
    names: str
    support: str
    count: int
    rows: int
    row: int
    reason: str = ""


@mistake
class ConstantColumn(Diagnostic):
    message = "column `{name}` is {value} in all {rows} rows"
    help = "leave it out of `event`: what never changes has no density"
    name: str
    value: str
    rows: int


@mistake
class NotWholeRows(Diagnostic):
    message = "column `{name}` is to be dequantized and holds {value} in row {row}; {count} of {rows} rows are no whole numbers"
    help = "leave `{name}` out of `dequantize`, or round it"
    name: str
    value: str
    count: int
    rows: int
    row: int


@mistake
class BadWeights(Diagnostic):
    message = "the weight is {value} in row {row}, and no number from 0 on in {count} of {rows} rows"
    help = "leave these rows out (`--drop-bad-rows`), or correct them"
    value: str
    count: int
    rows: int
    row: int


@mistake
class NoWeight(Diagnostic):
    message = "all weights are 0"
    help = "give positive weights"


@mistake
class TooFewRows(Diagnostic):
    message = "the data has {count}{left}"
    help = "give at least two"
    count: str
    left: str = ""


@mistake
class NotDequantizable(Diagnostic):
    message = "`{name}` cannot be dequantized: {what}"
    help = "{advice}"
    name: str
    what: str
    advice: str


ROUNDED = "these numbers are so once they are rounded to float32; `--precision 64` keeps more digits"


@dataclass
class _Count:
    """How many rows have a fault, which is the first, and what stands there."""

    count: int = 0
    row: int = 0
    value: float = 0.0
    rounded: bool = True
    """Is it so for the rounded numbers alone?"""

    def add(self, bad: np.ndarray, before: int, values: np.ndarray, already: np.ndarray | None = None) -> None:
        where = np.flatnonzero(bad)
        if not len(where):
            return
        if not self.count:
            self.row, self.value = before + int(where[0]) + 1, float(values[where[0]])
        self.count += len(where)
        self.rounded = self.rounded and already is not None and not already[where].any()


class RowChecks:
    """Looks at pieces of the rows (N, D), context (N, C) and weights (N,) of a flow; `problems` says what it found.

    dtype        what the numbers are rounded to before they are trained on
    dequantize   columns of whole numbers k, each of which stands for all of [k, k + 1)
    """

    def __init__(self, flow: Flow, dtype: type = np.float32, dequantize: Sequence[str] = (), where: str = "data"):
        self.flow = flow
        self.dtype = dtype
        self.where = where
        self.whole = [flow.columns.index(name) for name in dequantize if name in flow.columns]
        self.unfit = list(_undequantizable(flow, dequantize))
        self.rows, self.weight, self.weighted = 0, 0.0, False
        self._spaces = [("", flow.columns, flow.space)]
        if flow.context:
            self._spaces.append(("context", flow.context.names, flow.context.space))
        self._unfinite: dict[str, _Count] = {}
        self._outside: dict[str, tuple[str, Part, _Count]] = {}
        self._unwhole: dict[str, _Count] = {}
        self._badly_weighted = _Count()
        self._low = np.full(len(flow.columns), np.inf)
        self._high = np.full(len(flow.columns), -np.inf)

    def look(self, values: np.ndarray, context: np.ndarray | None = None, weights: np.ndarray | None = None) -> np.ndarray:
        """Look at a piece: which of its rows have a fault."""
        bad = np.zeros(len(values), bool)
        for (_, names, space), block in zip(self._spaces, (values, context), strict=False):
            assert block is not None
            bad |= self._not_finite(names, block)
            bad |= self._not_whole(block, bad) if names is self.flow.columns else False
            bad |= self._not_inside(names, space, block, bad)
        if weights is not None:
            wrong = ~(np.isfinite(weights) & (weights >= 0))
            self._badly_weighted.add(wrong, self.rows, weights)
            bad |= wrong
            self.weighted = True
            self.weight += float(weights[~bad].sum())
        good = values[~bad]
        self._low = np.minimum(self._low, good.min(axis=0, initial=np.inf))
        self._high = np.maximum(self._high, good.max(axis=0, initial=-np.inf))
        self.rows += len(values)
        return bad

    def _rounded(self, block: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            return block.astype(self.dtype).astype(np.float64)

    def _not_finite(self, names: Sequence[str], block: np.ndarray) -> np.ndarray:
        missing, already = ~np.isfinite(self._rounded(block)), ~np.isfinite(block)
        for index, name in enumerate(names):
            count = self._unfinite.setdefault(name, _Count())
            count.add(missing[:, index], self.rows, block[:, index], already[:, index])
        return missing.any(axis=1)

    def _not_whole(self, values: np.ndarray, skipped: np.ndarray) -> np.ndarray:
        found = np.zeros(len(values), bool)
        for index in self.whole:
            here = (values[:, index] != np.round(values[:, index])) & ~skipped
            self._unwhole.setdefault(self.flow.columns[index], _Count()).add(here, self.rows, values[:, index])
            found |= here
        return found

    def _not_inside(self, names: Sequence[str], space: Space, block: np.ndarray, skipped: np.ndarray) -> np.ndarray:
        found = np.zeros(len(block), bool)
        for columns, part in space.blocks:
            piece = block[:, columns]
            here = _outside(part, self._rounded(piece)) & ~skipped
            if names is self.flow.columns and columns.start in self.whole:
                here = _cell_outside(part, piece[:, 0]) & ~skipped
            told = ", ".join(f"`{name}`" for name in names[columns])
            self._outside.setdefault(told, (told, part, _Count()))[2].add(here, self.rows, piece[:, 0], _outside(part, piece))
            found |= here
        return found

    def problems(self, dropped: int = 0) -> list[Diagnostic]:
        """What is wrong with the rows. Where bad ones are dropped, with those that are left."""
        if self.unfit:
            return self.unfit
        return (self.faults() if not dropped else []) or list(self._all_alike(dropped))

    def faults(self) -> list[Diagnostic]:
        """What is wrong with single rows."""
        return list(self._faults())

    def _faults(self) -> Iterator[Diagnostic]:
        place: dict[str, Any] = {"where": self.where, "rows": self.rows}
        for name, count in self._unfinite.items():
            if count.count:
                note = ROUNDED if count.rounded else ""
                yield NotFiniteRows(name=name, count=count.count, row=count.row, reason=note, **place)
        for name, count in self._unwhole.items():
            if count.count:
                yield NotWholeRows(name=name, value=number(count.value), count=count.count, row=count.row, **place)
        for names, part, count in self._outside.values():
            if count.count:
                yield OutsideRows(
                    names=names, support=str(part), count=count.count, row=count.row, reason=self._why(names, count), **place
                )
        if self._badly_weighted.count:
            bad = self._badly_weighted
            yield BadWeights(value=f"{bad.value:g}", count=bad.count, row=bad.row, **place)

    def _why(self, names: str, count: _Count) -> str:
        if names.strip("`") in {self.flow.columns[index] for index in self.whole}:
            k = number(count.value)
            return f"{names} is to be dequantized, so {k} stands for all of [{k}, {number(count.value + 1)})"
        return ROUNDED if count.rounded and self.dtype is np.float32 else ""

    def _all_alike(self, dropped: int) -> Iterator[Diagnostic]:
        left = self.rows - dropped
        if left < 2:
            count = f"{self.rows} row{'' if self.rows == 1 else 's'}" if self.rows else "no rows"
            yield TooFewRows(where=self.where, count=count, left=f", and {left} of them without a fault" if dropped else "")
            return
        for index, name in enumerate(self.flow.columns):
            if self._low[index] == self._high[index] and index not in self.whole:
                yield ConstantColumn(where=self.where, name=name, value=f"{self._low[index]:g}", rows=left)
        if self.weighted and not self.weight > 0:
            yield NoWeight(where=self.where)


def _outside(part: Part, piece: np.ndarray) -> np.ndarray:
    """Which rows (N, size) lie outside a part of a support."""
    with np.errstate(all="ignore"):
        return np.asarray(outside_of(NumpyOps(), Space((part,)), piece.T))


def cell_ends(k: np.ndarray, dtype: type = np.float32) -> tuple[np.ndarray, np.ndarray]:
    """The least and the largest number strictly inside (k, k + 1) that a float type has."""
    return np.nextafter(k.astype(dtype), dtype(np.inf)), np.nextafter((k + 1).astype(dtype), dtype(-np.inf))


def _cell_outside(part: Part, k: np.ndarray) -> np.ndarray:
    """Which of the cells [k, k + 1) are not whole inside an interval."""
    low, high = (each.astype(np.float64)[:, None] for each in cell_ends(k))
    return _outside(part, low) | _outside(part, high)


def _undequantizable(flow: Flow, names: Sequence[str]) -> Iterator[Diagnostic]:
    """Names that are no outputs, or outputs that are not free to move by themselves."""
    parts = {name: part for columns, part in flow.space.blocks for name in flow.columns[columns]}
    for name in names:
        if name not in parts:
            near = suggest(name, flow.columns)
            advice = f"did you mean `{near}`?" if near else f"there are {', '.join(f'`{each}`' for each in flow.columns)}"
            yield NotDequantizable(name=name, what="it is no output of the flow", advice=advice)
        elif as_interval(parts[name]) is None:
            advice = "leave it out of `dequantize`"
            yield NotDequantizable(name=name, what=f"its support is {parts[name]}", advice=advice)
