"""Calls of `fit` with data that cannot be trained on: cases of `test_spoiled_data.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

import flowspec
from spoiled_flows import GIVEN, ONE, PAIR, written


def rows(count: int = 4, width: int = 2) -> np.ndarray:
    return np.arange(1.0, count * width + 1).reshape(count, width)


class Items(Dataset):
    """A dataset of some items."""

    def __init__(self, *items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


class Endless(Dataset):
    """A dataset that does not know its length."""

    def __getitem__(self, index):
        return torch.ones(2)


class Ending:
    """What gives its batches only so many times."""

    def __init__(self, times: int):
        self.times = times

    def __iter__(self) -> Iterator:
        self.times -= 1
        yield from [torch.ones(4, 2), 2 * torch.ones(4, 2)] if self.times >= 0 else []


class Stream(IterableDataset):
    def __iter__(self) -> Iterator:
        yield from torch.tensor([[1.0, 2], [3, 4], [-1, 2]])


def loader(*batches) -> list | DataLoader:
    return DataLoader(TensorDataset(torch.cat(batches)), batch_size=len(batches[0]))


def fit(flow: str, data=None, *arguments, **options):
    return flowspec.fit(flowspec.parse(flow), data, *arguments, **{"epochs": 3, **options})


CALLS: dict[str, Callable[[], object]] = {
    "nothing-to-learn-from": lambda: fit(PAIR),
    "data-and-log-density": lambda: fit(PAIR, rows(), log_density=lambda x: -x.sum(1)),
    # --- arrays
    "array-of-wrong-width": lambda: fit(PAIR, rows(width=3)),
    "array-of-one-axis": lambda: fit(PAIR, rows().ravel()),
    "array-of-three-axes": lambda: fit(PAIR, rows()[None]),
    "array-of-text": lambda: fit(PAIR, [["1", "long"], ["2", "wide"]]),
    "array-ragged": lambda: fit(PAIR, [[1, 2], [3]]),
    "array-of-complex-numbers": lambda: fit(PAIR, rows() + 0j),
    "array-of-no-rows": lambda: fit(PAIR, rows(0)),
    "array-outside": lambda: fit(PAIR, rows() - 3),
    "array-with-nan": lambda: fit(PAIR, np.where(rows() == 4, np.nan, rows())),
    "array-too-large-for-float32": lambda: fit(PAIR, rows() * 1e38),
    "tensor-sparse": lambda: fit(PAIR, torch.ones(3, 2).to_sparse()),
    "mapping-without-a-column": lambda: fit(PAIR, {"length": [1, 2], "widht": [1, 3]}),
    "mapping-of-unequal-columns": lambda: fit(PAIR, {"length": [1, 2], "width": [1]}),
    "mapping-of-dates": lambda: fit(ONE, {"x": np.array(["2020-01-01"] * 2, "datetime64[D]")}),
    "frame-without-a-column": lambda: fit(PAIR, pd.DataFrame({"length": [1.0], "height": 2.0})),
    "structured-array-without-a-column": lambda: fit(PAIR, np.zeros(2, [("length", float)])),
    "context-not-given": lambda: fit(GIVEN, rows(width=1)),
    "context-of-other-rows": lambda: fit(GIVEN, rows(width=1), rows(3, 1)),
    "context-of-text": lambda: fit(GIVEN, rows(width=1), ["a", "b", "c", "d"]),
    "context-without-need": lambda: fit(PAIR, rows(), rows(width=1)),
    "weights-of-other-rows": lambda: fit(PAIR, rows(), weights=[1, 2]),
    "weights-by-name-for-an-array": lambda: fit(PAIR, rows(), weights="w"),
    "held-out-of-wrong-width": lambda: fit(PAIR, rows(), held_out=rows(width=3)),
    # --- datasets
    "dataset-of-dicts": lambda: fit(PAIR, Items({"x": torch.ones(2)}, {"x": torch.ones(2)})),
    "dataset-of-three-things": lambda: fit(GIVEN, TensorDataset(*torch.ones(3, 4, 1))),
    "dataset-with-labels": lambda: fit(PAIR, TensorDataset(torch.ones(4, 2), torch.ones(4))),
    "dataset-without-context": lambda: fit(GIVEN, TensorDataset(torch.ones(4, 1))),
    "dataset-of-text": lambda: fit(PAIR, Items("one", "two")),
    "dataset-of-objects": lambda: fit(PAIR, Items(object(), object())),
    "dataset-of-unequal-items": lambda: fit(PAIR, Items(torch.ones(2), torch.ones(3))),
    "dataset-of-wrong-width": lambda: fit(PAIR, Items(torch.ones(3), torch.ones(3))),
    "dataset-without-length": lambda: fit(PAIR, Endless()),
    "dataset-without-rows": lambda: fit(PAIR, Items()),
    "dataset-outside": lambda: fit(PAIR, TensorDataset(torch.from_numpy(3 - rows()))),
    # --- loaders
    "iterator": lambda: fit(PAIR, iter([rows()])),
    "generator": lambda: fit(PAIR, (rows() for _ in range(3))),
    "loader-that-ends-in-epoch-2": lambda: fit(
        PAIR, Ending(2)
    ),  # the first time starts are measured
    "loader-that-can-be-read-once": lambda: fit(PAIR, Ending(1)),
    "loader-without-batches": lambda: fit(PAIR, DataLoader(Items())),
    "loader-and-dequantize": lambda: fit(PAIR, loader(torch.ones(4, 2)), dequantize=("width",)),
    "loader-and-context": lambda: fit(GIVEN, loader(torch.ones(4, 1)), rows(width=1)),
    "loader-and-weights": lambda: fit(PAIR, loader(torch.ones(4, 2)), weights=[1, 1, 1, 1]),
    "loader-with-nan-in-batch-2": lambda: fit(
        PAIR, loader(torch.ones(2, 2), torch.tensor([[1, 2], [1, torch.nan]]))
    ),
    "loader-with-labels": lambda: fit(
        PAIR, DataLoader(TensorDataset(torch.ones(4, 2), torch.ones(4)))
    ),
    "loader-of-wrong-width": lambda: fit(PAIR, loader(torch.ones(4, 3))),
    "stream-outside": lambda: fit(PAIR, Stream()),
    "loader-held-out": lambda: fit(PAIR, rows(), held_out=loader(torch.ones(4, 2))),
    # --- tables
    "path-and-context": lambda: fit(GIVEN, written("data.csv", "y,z\n1,1\n2,2\n"), [[1.0], [2.0]]),
    "dataset-and-weights": lambda: fit(
        PAIR, Items(torch.ones(2), torch.zeros(2)), weights=[1.0, 2.0]
    ),
    "array-of-times": lambda: fit(ONE, np.array(["2020-01-01", "2021-01-01"], "datetime64[D]")),
    "path-of-nothing": lambda: fit(PAIR, "none.parquet"),
    "path-and-weights-as-numbers": lambda: fit(
        ONE, written("data.csv", "x\n1\n2\n"), weights=[1.0, 2.0]
    ),
}
