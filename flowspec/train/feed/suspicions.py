"""What a density cannot fit well, looked for in some rows before the training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.diagnostics.quantities import amount
from flowspec.ir.flow import Flow
from flowspec.support.support import Support, number
from flowspec.train.feed.column_facts import (
    FAR,
    VERY_FAR,
    ColumnFacts,
    Common,
    linear_columns,
)
from flowspec.train.feed.data_warnings import (
    DOUBLE,
    FarRows,
    LinearColumn,
    LostToRounding,
    NearRounding,
    RepeatedRows,
    RepeatedValue,
    Sentinel,
    WholeNumbers,
    WholeSteps,
)
from flowspec.train.feed.sample import Sample

Float = type[np.float32] | type[np.float64]

FEWEST = 30
"""Rows from which a share of them tells something."""
FEW_STEPS = 30
"""Standard deviations of whole numbers, below which each of them stands alone."""
REPEATED_SHARE, ROUNDED_SHARE = 0.1, 0.5
"""Shares of repeated rows that are told: of numbers with many digits, and with few."""
FAR_DEVIATION = 50.0
"""Ratio of the standard deviation to the distance of the quartiles, with heavy tails up to 20."""
LINEAR_SHARE = 0.003
LINEAR_COLUMNS, LINEAR_ROWS = 256, 8192
"""So many are looked at for columns that are linear in others: the work grows with the square."""
LOST, NEAR = 8, 128
"""Steps of the float type that the spread of a column has to be: at least, and to be safe."""


class Suspicions:
    """Looks at a sample of the rows of a flow.

    dequantize   columns of whole numbers, which may be what they are
    """

    on_copies = "keep one of each, with the number of its copies as a weight (`--weights`)"

    def __init__(
        self,
        flow: Flow,
        sample: Sample,
        dequantize: Sequence[str],
        dtype: Float,
        where: str,
    ):
        self._flow = flow
        self._sample = sample
        self._dequantize = dequantize
        self._dtype = dtype
        self._table = sample.table
        self._names = [*flow.columns, *(flow.context.names if flow.context else ())]
        counted = len(self._table) == sample.rows
        words = amount(len(self._table), "row") + ("" if counted else " that were looked at")
        self._place: dict[str, Any] = {"rows": words, "where": where}

    @cached_property
    def _facts(self) -> list[ColumnFacts]:
        return [ColumnFacts(column) for column in np.ascontiguousarray(self._table.T)]

    @cached_property
    def _supports(self) -> list[Support]:
        spaces = [self._flow.space, *([self._flow.context.space] if self._flow.context else [])]
        return [
            support for space in spaces for support in space.supports for _ in range(support.size)
        ]

    def _is_event(self, index: int) -> bool:
        return index < len(self._flow.columns)

    def errors(self) -> Iterator[Diagnostic]:
        """Columns that the float type cannot hold."""
        if len(self._table) >= LOST:
            for index in range(len(self._names)):
                yield from self._rounding(index, LostToRounding, 0, LOST)

    def warnings(self) -> Iterator[Diagnostic]:
        """All that a density cannot fit well."""
        if len(self._table) < FEWEST:
            return
        for index, facts in enumerate(self._facts):
            yield from self._rounding(index, NearRounding, LOST, NEAR)
            if facts.sentinel:
                yield self._sentinel(index, facts.sentinel)
            else:
                yield from self._far(index)
            if self._is_event(index) and self._names[index] not in self._dequantize:
                yield from self._repeated_values(index)
        yield from self._repeated_rows()
        yield from self._linear()

    # --- one column -------------------------------------------------------------------------------

    def _rounding(
        self, index: int, kind: type[NearRounding], low: int, high: int
    ) -> Iterator[Diagnostic]:
        """The spread of a column in steps of the float type, between two bounds."""
        facts = self._facts[index]
        size = float(np.median(np.abs(facts.bulk)))
        with np.errstate(over="ignore"):
            step = float(np.spacing(self._dtype(size)))
        if not (facts.spread and np.isfinite(step)) or not low <= facts.spread / step < high:
            return
        shift = f"subtract {number(float(f'{facts.quartiles[1]:.3g}'))} from it"
        advice = f"{DOUBLE}, or {shift}" if self._dtype is np.float32 else shift
        yield kind(
            name=self._names[index],
            dtype=self._dtype.__name__,
            spread=f"{facts.spread:.3g}",
            size=f"{size:.3g}",
            step=f"{step:.3g}",
            advice=advice,
            **self._place,
        )

    def _sentinel(self, index: int, value: Common) -> Diagnostic:
        low, _, high = self._facts[index].quartiles
        return Sentinel(
            name=self._names[index],
            value=number(value.value),
            count=value.count,
            low=f"{low:.4g}",
            high=f"{high:.4g}",
            **self._place,
        )

    def _far(self, index: int) -> Iterator[Diagnostic]:
        """Rows that alone make the standard deviation, by which the column is scaled."""
        logged, facts = self._as_scaled(index)
        if facts is None or not facts.range:
            return
        deviation = float(facts.cells.std())
        if deviation < FAR_DEVIATION * facts.range:
            return
        far = np.logical_or(*facts.beyond(VERY_FAR))
        original = self._facts[index]
        low, middle, high = original.quartiles
        cells = original.cells[far]
        farthest = float(cells[np.argmax(np.abs(cells - middle))]) if len(cells) else high
        yield FarRows(
            name=self._names[index],
            deviation=f"{deviation:.3g}" + (" in its logarithm" if logged else ""),
            count=int(far.sum()),
            value=f"{farthest:.4g}",
            low=f"{low:.4g}",
            high=f"{high:.4g}",
            advice=self._advice_on_tail(index, low),
            **self._place,
        )

    def _advice_on_tail(self, index: int, low: float) -> str:
        if low > 0:
            return "take the logarithm of the column"
        if self._is_event(index):
            return "write `Tails` before `Standardize`"
        return "give the network its arcsinh instead"

    def _as_scaled(self, index: int) -> tuple[bool, ColumnFacts | None]:
        """A column as it is scaled: by its logarithm on a half-line, and not at all between ends.

        Networks see the context as it is.
        """
        facts, interval = self._facts[index], self._supports[index].interval
        if interval is None:
            return False, None
        ends = np.isfinite(interval.low), np.isfinite(interval.high)
        if not any(ends) or not self._is_event(index):
            return False, facts
        if all(ends):
            return False, None
        middle = 0.5 * (self._names[index] in self._dequantize)
        known = facts.cells + middle  # k stands for all of [k, k + 1)
        cells = known - interval.low if ends[0] else interval.high - known
        return True, ColumnFacts(np.log(np.maximum(cells, np.finfo(float).tiny)))

    def _repeated_values(self, index: int) -> Iterator[Diagnostic]:
        facts, name = self._facts[index], self._names[index]
        few = facts.cells.std() < FEW_STEPS and facts.distinct < len(facts.cells) / 2
        if facts.is_whole:
            step = int(np.gcd.reduce(np.abs(facts.cells[np.abs(facts.cells) < 2**53]).astype(int)))
            if few and step <= 1:
                setting, option = self._dequantizing(name)
                advice = f"{setting}{option}"
                yield WholeNumbers(name=name, advice=advice, distinct=facts.distinct, **self._place)
                return
            if (
                step > 1
                and facts.cells.std() < FEW_STEPS * step
                and 4 * facts.distinct < len(facts.cells)
            ):
                yield WholeSteps(
                    name=name,
                    advice=self._dequantizing(name)[0],
                    step=step,
                    distinct=facts.distinct,
                    **self._place,
                )
                return
        atoms = [atom for atom in facts.atoms if atom != facts.sentinel]
        if atoms:
            yield RepeatedValue(
                name=name,
                value=number(atoms[0].value),
                count=atoms[0].count,
                advice=self._advice_on(atoms),
                **self._place,
            )

    def _dequantizing(self, name: str) -> tuple[str, str]:
        """What to write for a column of whole numbers, and what stands for it on a command line."""
        written = name if name.isidentifier() else f'"{name}"'
        return f"write `train {{ dequantize = [{written}] }}`", f", or `--dequantize {written}`"

    def _advice_on(self, atoms: Sequence[Common]) -> str:
        more = len(atoms) - 1
        also = f" ({more} more value{'s are' if more > 1 else ' is'} as common)" if more else ""
        apart = "let a context tell whether a row has it, and train on the other rows"
        return f"leave these rows out{also}, or {apart}"

    # --- several columns --------------------------------------------------------------------------

    def _repeated_rows(self) -> Iterator[Diagnostic]:
        counts = self._sample.repeated
        total, repeated = int(counts.sum()), int(counts[counts > 1].sum())
        if not total or not self._is_unlikely(counts, repeated / total):
            return
        scaled = round(self._sample.rows * repeated / total)
        about = {**self._place, "rows": amount(self._sample.rows, "row")}
        yield RepeatedRows(count=scaled, advice=self.on_copies, **about)

    def _is_unlikely(self, counts: np.ndarray, share: float) -> bool:
        """True if so many rows are repeated that rounding cannot be the reason."""
        own = [
            facts
            for facts, name in zip(self._facts, self._names, strict=True)
            if name not in self._dequantize
        ]
        many_digits = any(not facts.is_rounded and not facts.is_whole for facts in own)
        if many_digits:
            return share >= REPEATED_SHARE
        if len(self._facts) < 2 or share < ROUNDED_SHARE:
            return False
        pairs = float((counts * (counts - 1)).sum()) / max(float(counts.sum()) ** 2, 1.0)
        chance = float(np.prod([facts.chance_alike for facts in self._facts]))
        return pairs > 20 * chance

    def _linear(self) -> Iterator[Diagnostic]:
        """Columns of the event that are linear in the context and in those before them."""
        order = [*range(len(self._flow.columns), len(self._names)), *range(len(self._flow.columns))]
        chosen = [i for i in order if self._facts[i].range and self._supports[i].interval]
        rows = self._usual_rows(chosen)
        if not 2 <= len(chosen) <= LINEAR_COLUMNS or len(rows) < 2 * len(chosen) + 10:
            return
        columns = [self._table[rows, i] for i in chosen]
        if any(not column.std() > 0 for column in columns):
            return
        for place, others in linear_columns(columns, LINEAR_SHARE):
            if self._is_event(chosen[place]):
                listed = ", ".join(f"`{self._names[chosen[other]]}`" for other in others[:6])
                listed += f" and {len(others) - 6} more" if len(others) > 6 else ""
                yield LinearColumn(name=self._names[chosen[place]], others=listed, **self._place)

    def _usual_rows(self, columns: Sequence[int]) -> np.ndarray:
        """Rows without a cell far outside: one such row would make any two columns look linear."""
        usual = np.ones(len(self._table), bool)
        for index in columns:
            usual &= ~np.logical_or(*self._facts[index].beyond(FAR))
        return np.flatnonzero(usual)[:LINEAR_ROWS]
