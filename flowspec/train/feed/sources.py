"""Where the rows of a training are read from: arrays, tables larger than memory, torch datasets. All are checked first."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, default_collate

from flowspec.data.pieces import Pieces
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.diagnostics.inputs import WrongInput
from flowspec.ir.flow import Flow
from flowspec.train.feed.row_checks import RowChecks
from flowspec.train.feed.rows import Raw, Rows, as_raw, float_type

KEPT_NUMBERS = 2**27
"""Numbers up to which a source is kept in memory, 512 MB in float32; a larger one is read again in every epoch."""
ITEMS = 2**16
"""Items of a torch dataset that are one piece."""


class Source:
    """Rows in pieces, which can be read as often as wanted.

    pieces       what reads each piece, as float64
    dequantize   columns of whole numbers
    drop         are rows with a fault to be left out?

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
        self._good: list[np.ndarray] = []
        self._kept: list[Rows] | None = []
        self._scan(RowChecks(flow, float_type(dtype), dequantize, where))

    def _scan(self, checks: RowChecks) -> None:
        """Look at all rows once: check and count them, and keep them if they are few."""
        if checks.unfit:
            raise FlowError(checks.unfit)
        sizes, found, numbers = [], hashlib.sha256(), 0
        for piece in self._pieces:
            raw = piece()
            bad = checks.look(*raw)
            self._good.append(~bad if bad.any() else np.empty(0, bool))
            rows = self._rows(raw, self._good[-1])
            sizes.append(len(rows))
            numbers += sum(
                0 if each is None else each.numel()
                for each in (rows.values, rows.context, rows.weights)
            )
            for each in (rows.values, rows.context, rows.weights):
                found.update(b"none" if each is None else each.contiguous().numpy().data)
            if self._kept is not None:
                self._kept.append(rows)
                self._kept = self._kept if numbers <= KEPT_NUMBERS else None
        self.dropped = checks.rows - sum(sizes) if self.drop else 0
        if problems := checks.problems(self.dropped):
            raise FlowError(problems)
        self._alike = checks.alike(self.dropped)
        self.sizes = tuple(sizes)
        found.update(str(sizes).encode())  # in other pieces they would come in another order
        self.fingerprint = found.hexdigest()

    def __len__(self) -> int:
        return sum(self.sizes)

    def check_trainable(self) -> None:
        """Raise a `FlowError` where the rows are too few or all alike; those that are held out may be."""
        if self._alike:
            raise FlowError(self._alike)

    def read(self, piece: int) -> Rows:
        """The rows of a piece."""
        return (
            self._kept[piece]
            if self._kept is not None
            else self._rows(self._pieces[piece](), self._good[piece])
        )

    def _rows(self, raw: Raw, good: np.ndarray) -> Rows:
        if self.drop and len(good):
            values, context, weights = (None if each is None else each[good] for each in raw)
            assert values is not None
            raw = values, context, weights
        return Rows.of(self.flow, raw, self.dtype)


def array_source(flow: Flow, data, context=None, weights=None, **options: Any) -> Source:
    """Arrays as a source."""
    raw = as_raw(flow, data, context, weights, options.get("where", "data"))
    return Source(flow, [lambda: raw], **options)


def table_source(flow: Flow, table: Pieces, weights: str | None = None, **options: Any) -> Source:
    """The columns of a table that a flow is trained on.

    weights   the column that says how much each row counts
    """
    if weights is not None and not isinstance(weights, str):
        what = "the data is a table, and the weights are no column of it"
        raise FlowError(WrongInput(what=what, advice="give the name of a column"))
    names = [
        *flow.columns,
        *(flow.context.names if flow.context else ()),
        *([weights] if weights else ()),
    ]
    ends = len(flow.columns), len(names) - bool(weights)

    def reader(piece: int) -> Callable[[], Raw]:
        def read() -> Raw:
            values, context, weight = np.split(table.numbers(piece, names), ends, axis=1)
            return (
                np.ascontiguousarray(values),
                context if flow.context else None,
                weight[:, 0] if weights else None,
            )

        return read

    return Source(
        flow, [reader(piece) for piece in range(len(table.sizes))], where=table.name, **options
    )


def dataset_source(flow: Flow, dataset: Dataset, **options: Any) -> Source:
    """A torch dataset with a length, whose items are `x`, `(x,)` or `(x, context)`, and the same at each look."""
    try:
        count = len(dataset)  # type: ignore[arg-type]  # torch's Dataset declares no length
    except (TypeError, NotImplementedError):
        what, advice = (
            "the dataset does not tell its length",
            "give it `__len__`, or put it into a DataLoader",
        )
        raise FlowError(WrongInput(what=what, advice=advice)) from None

    def reader(start: int) -> Callable[[], Raw]:
        return lambda: raw_batch(flow, _items(dataset, range(start, min(start + ITEMS, count))))

    return Source(
        flow, [reader(start) for start in range(0, count, ITEMS)], where="dataset", **options
    )


def _items(dataset: Any, index: range) -> Any:
    many = getattr(dataset, "__getitems__", None)
    items = many(list(index)) if many else [dataset[i] for i in index]
    try:
        return default_collate(items)
    except (TypeError, RuntimeError):
        what, advice = (
            "the items of the dataset cannot be put together",
            "give all items the same shape, and numbers only",
        )
        raise FlowError(WrongInput(what=what, advice=advice)) from None


def raw_batch(flow: Flow, batch: Any, name: str = "an item of the dataset") -> Raw:
    """What a torch dataset or loader gives, as arrays: `x`, `(x,)` or `(x, context)`.

    name   what messages call it

    Errors:  FlowError, where it is something else.
    """
    parts = tuple(batch) if isinstance(batch, tuple | list) else (batch,)
    wanted = 2 if flow.context else 1
    if (
        isinstance(batch, dict)
        or len(parts) != wanted
        or any(isinstance(part, str) for part in parts)
    ):
        found = (
            "is a dict"
            if isinstance(batch, dict)
            else f"has {len(parts)} part{'s' * (len(parts) != 1)}"
        )
        found = "is text" if parts and all(isinstance(part, str) for part in parts) else found
        advice = (
            "let it be `(x, context)`, in this order"
            if flow.context
            else "let it be `x`, an array of numbers"
        )
        raise FlowError(WrongInput(what=f"{name} {found}", advice=advice))
    return as_raw(flow, *parts)
