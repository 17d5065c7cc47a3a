"""Batches from whatever a user has as data."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset

from flowspec.data.pieces import open_pieces
from flowspec.data.tables.memory import is_table
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.diagnostics.inputs import WrongInput
from flowspec.ir import flexibility
from flowspec.ir.flow import Flow
from flowspec.ir.settings import Settings
from flowspec.train.feed.batches import Batches
from flowspec.train.feed.datasets import dataset_source
from flowspec.train.feed.loaders import Loaded
from flowspec.train.feed.shuffled import Shuffled
from flowspec.train.feed.sources import Source, array_source, table_source


@mistake
class LoaderHeldOut(WrongInput):
    message = "a loader cannot be held out: it is read anew in every epoch"
    help = "give an array, a table or a dataset"


@mistake
class ContextBesideTable(WrongInput):
    message = "a table holds the context itself"
    help = "leave `context` out: its columns are found by name"


@mistake
class NothingBesideItems(WrongInput):
    message = "no `context` or `weights` can be given beside {data}"
    help = "let its items be `(x, context)`; to weigh rows, give arrays or a table"
    data: str


def batches_of(
    flow: Flow,
    data: Any,
    context: Any,
    weights: Any,
    held_out: Any,
    settings: Settings,
    dtype: torch.dtype = torch.float32,
) -> Batches:
    """The batches of whatever `fit` takes as data.

    What a density cannot fit well is warned of (`UserWarning`); of a loader the first batches are
    looked at.

    Errors:  FlowError, where there is something wrong with it.
    """
    options = {"dtype": dtype, "dequantize": settings.dequantize}
    validation = None if held_out is None else _held_out_source(flow, held_out, options)
    if isinstance(data, IterableDataset):
        data = DataLoader(data, batch_size=settings.batch_size)
    if _is_loader(data):
        _refuse_beside("a loader", context, weights)
        loaded = Loaded(flow, data, settings, validation, dtype)
        suspicions = loaded.suspicions()
        if mistakes := list(suspicions.errors()):
            raise FlowError(mistakes)
        _warn(flow, suspicions.warnings())
        return loaded
    source = _source(flow, data, context, weights, options=options)
    batches = Shuffled(source, settings, validation)
    _warn(flow, source.warnings())
    return batches


def _warn(flow: Flow, doubts: Iterable[Diagnostic]) -> None:
    for warning in (*flexibility.warnings(flow), *doubts):
        warnings.warn(str(warning), stacklevel=4)


def _held_out_source(flow: Flow, held_out: Any, options: dict[str, Any]) -> Source:
    data = held_out if isinstance(held_out, tuple) else (held_out,)
    if _is_loader(data[0]) or isinstance(data[0], IterableDataset):
        raise FlowError(LoaderHeldOut())
    return _source(flow, *data, options=options, where="held_out")


def _source(
    flow: Flow,
    data: Any,
    context: Any = None,
    weights: Any = None,
    *,
    options: dict[str, Any],
    where: str = "data",
) -> Source:
    if isinstance(data, Source):
        return data
    if isinstance(data, str | Path):
        if context is not None:
            raise FlowError(ContextBesideTable())
        return table_source(flow, open_pieces(data), weights, **options)
    if isinstance(data, Dataset):
        _refuse_beside("a dataset", context, weights)
        return dataset_source(flow, data, **options)
    return array_source(flow, data, context, weights, where=where, **options)


def _refuse_beside(data: str, context: Any, weights: Any) -> None:
    if context is not None or weights is not None:
        raise FlowError(NothingBesideItems(data=data))


def _is_loader(data: Any) -> bool:
    is_plain = isinstance(data, str | Path | list | tuple | Tensor | Dataset | Source)
    is_plain = is_plain or hasattr(data, "__array__") or is_table(data)
    return isinstance(data, Iterable) and not is_plain
