"""torch datasets as sources of rows, and the items that datasets and loaders may give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.utils.data import Dataset, default_collate

from flowspec.data.tables.memory import is_table
from flowspec.diagnostics.diagnostic import FlowError, mistake
from flowspec.diagnostics.inputs import WrongInput
from flowspec.diagnostics.quantities import amount
from flowspec.ir.flow import Flow
from flowspec.train.feed.rows import Raw, as_raw
from flowspec.train.feed.sources import Source

ITEMS = 2**16
"""Items of a torch dataset that are one piece."""


@mistake
class DatasetWithoutLength(WrongInput):
    message = "the dataset does not tell its length"
    help = "give it `__len__`, or put it into a DataLoader"


@mistake
class UnequalItems(WrongInput):
    message = "the items of the dataset cannot be put together"
    help = "give all items the same shape, and numbers only"


@mistake
class WrongItem(WrongInput):
    """A kind of mistakes, in an item of a dataset or a batch of a loader."""

    help = "let it be {wanted}"
    name: str
    wanted: str


@mistake
class ItemIsText(WrongItem):
    message = "{name} is text"


@mistake
class WrongItemParts(WrongItem):
    message = "{name} has {parts}"
    parts: str


def dataset_source(flow: Flow, dataset: Dataset[Any], **options: Any) -> Source:
    """A torch dataset with a length, whose items are the same at each look.

    Items are `x`, `(x,)` or `(x, context)`.
    """
    try:
        count = len(dataset)  # type: ignore[arg-type]  # torch's Dataset declares no length
    except (TypeError, NotImplementedError):
        raise FlowError(DatasetWithoutLength()) from None

    def reader(start: int) -> Callable[[], Raw]:
        return lambda: raw_batch(flow, _items(dataset, range(start, min(start + ITEMS, count))))

    pieces = [reader(start) for start in range(0, count, ITEMS)]
    return Source(flow, pieces, where="dataset", **options)


def _items(dataset: Any, index: range) -> Any:
    many = getattr(dataset, "__getitems__", None)
    items = many(list(index)) if many else [dataset[i] for i in index]
    try:
        return default_collate(items)
    except (TypeError, RuntimeError):
        raise FlowError(UnequalItems()) from None


def raw_batch(flow: Flow, batch: Any, name: str = "an item of the dataset") -> Raw:
    """The arrays in an item of a torch dataset or loader: `x`, `(x,)`,
    `(x, context)`, or a table.

    name   the words for it in messages

    Errors:  FlowError, where it is something else.
    """
    if is_table(batch):
        return as_raw(flow, batch)
    parts = tuple(batch) if isinstance(batch, tuple | list) else (batch,)
    fits = len(parts) == (2 if flow.context else 1)
    if not fits or any(isinstance(part, str) for part in parts):
        wanted = "`(x, context)`, in this order" if flow.context else "`x`, an array of numbers"
        raise FlowError(_wrong_item(name, wanted, batch, parts))
    return as_raw(flow, *parts)


def _wrong_item(name: str, wanted: str, batch: Any, parts: tuple[Any, ...]) -> WrongItem:
    if parts and all(isinstance(part, str) for part in parts):
        return ItemIsText(name=name, wanted=wanted)
    count = amount(len(parts), "part")
    return WrongItemParts(name=name, wanted=wanted, parts=count)
