"""Sources of rows that have been checked: arrays, and tables that may be larger than memory."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from flowspec.data.pieces import Pieces
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.diagnostics.inputs import WrongInput
from flowspec.ir.flow import Flow
from flowspec.train.feed.row_checks import RowChecks
from flowspec.train.feed.rows import Raw, Rows, as_raw, float_type
from flowspec.train.feed.sample import Sample
from flowspec.train.feed.suspicions import Suspicions

KEPT_NUMBERS = 2**27
"""Numbers up to which a source is kept in memory, 512 MB in float32.

A larger one is read again in every epoch.
"""


@mistake
class WeightsOutsideTable(WrongInput):
    message = "the data is a table, and the weights are no column of it"
    help = "give the name of a column"


class Source:
    """Rows in pieces, which can be read as often as wanted.

    pieces       functions that read a piece each, as float64
    dequantize   columns of whole numbers
    drop         true if rows that have a mistake are to be left out

    Errors:  FlowError, where rows are missing, not finite or outside the support.
    """

    def __init__(
        self,
        flow: Flow,
        pieces: Sequence[Callable[[], Raw]],
        dtype: torch.dtype = torch.float32,
        dequantize: Sequence[str] = (),
        drop: bool = False,
        where: str = "data",
    ):
        self.flow = flow
        self.dtype = dtype
        self.drop = drop
        self.dropped = 0
        self._pieces = pieces
        self._good: list[NDArray[np.bool_]] = []
        self._kept: list[Rows] | None = []
        sample = Sample(len(pieces))
        self._scan(RowChecks(flow, float_type(dtype), dequantize, where), sample)
        self._suspicions = Suspicions(flow, sample, dequantize, float_type(dtype), where)

    def _scan(self, checks: RowChecks, sample: Sample) -> None:
        """Look at all rows once: check and count them, and keep them if they are few."""
        if checks.unfit:
            raise FlowError(checks.unfit)
        sizes: list[int] = []
        fingerprint = hashlib.sha256()
        numbers = 0
        for piece in self._pieces:
            raw = piece()
            bad = checks.look(*raw)
            self._good.append(~bad if bad.any() else np.empty(0, bool))
            sample.add(*raw[:2], self._good[-1])
            rows = self._rows(raw, self._good[-1])
            sizes.append(len(rows))
            for tensor in rows.tensors:
                numbers += 0 if tensor is None else tensor.numel()
                fingerprint.update(b"none" if tensor is None else tensor.contiguous().numpy().data)
            if self._kept is not None:
                self._kept.append(rows)
                self._kept = self._kept if numbers <= KEPT_NUMBERS else None
        self.dropped = checks.rows - sum(sizes) if self.drop else 0
        if mistakes := checks.mistakes(self.dropped):
            raise FlowError(mistakes)
        self._exponent = math.frexp(checks.heaviest)[1]
        if self._kept is not None:
            self._kept = [rows.with_scaled_weights(self._exponent) for rows in self._kept]
        self._untrainable = checks.untrainable(self.dropped)
        self.sizes = tuple(sizes)
        fingerprint.update(str(sizes).encode())  # in other pieces they would come in another order
        self.fingerprint = fingerprint.hexdigest()

    def __len__(self) -> int:
        return sum(self.sizes)

    def check_trainable(self) -> None:
        """Raise a `FlowError` where the rows are too few or all alike, or lost to the float type.

        Rows that are held out may be.
        """
        if mistakes := self._untrainable or list(self._suspicions.errors()):
            raise FlowError(mistakes)

    def warnings(self) -> list[Diagnostic]:
        """Warnings of what a density cannot fit well."""
        return list(self._suspicions.warnings())

    def read(self, piece: int) -> Rows:
        """The rows of a piece."""
        if self._kept is not None:
            return self._kept[piece]
        rows = self._rows(self._pieces[piece](), self._good[piece])
        return rows.with_scaled_weights(self._exponent)

    def _rows(self, raw: Raw, good: NDArray[np.bool_]) -> Rows:
        if self.drop and len(good):
            values, context, weights = raw
            raw = (
                values[good],
                None if context is None else context[good],
                None if weights is None else weights[good],
            )
        return Rows.of(self.flow, raw, self.dtype)


def array_source(
    flow: Flow, data: Any, context: Any = None, weights: Any = None, **options: Any
) -> Source:
    """Arrays as a source."""
    raw = as_raw(flow, data, context, weights, options.get("where", "data"))
    return Source(flow, [lambda: raw], **options)


def table_source(flow: Flow, table: Pieces, weights: str | None = None, **options: Any) -> Source:
    """The columns of a table that a flow is trained on.

    weights   the column that says how much each row counts
    """
    if weights is not None and not isinstance(weights, str):
        raise FlowError(WeightsOutsideTable())
    contexts = flow.context.names if flow.context else ()
    names = [*flow.columns, *contexts, *([weights] if weights else ())]
    ends = len(flow.columns), len(flow.columns) + len(contexts)

    def reader(piece: int) -> Callable[[], Raw]:
        def read() -> Raw:
            values, context, weight = np.split(table.numbers(piece, names), ends, axis=1)
            return (
                np.ascontiguousarray(values),
                context if flow.context else None,
                weight[:, 0] if weights else None,
            )

        return read

    pieces = [reader(piece) for piece in range(len(table.sizes))]
    return Source(flow, pieces, where=table.name, **options)
