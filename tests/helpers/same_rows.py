"""The same rows in many forms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow
from pyarrow import parquet
from torch.utils.data import Dataset, IterableDataset

import flowspec
from flowspec.ir.settings import Settings

PLAIN = (
    "event a, b: positive\nNSF(2, hidden=[8], bins=4, transforms=1) |> Standardize |> Onto(event)"
)
GIVEN = f"context z: positive\n{PLAIN}"
VALUES = np.exp(np.random.default_rng(0).normal([[1.0, -1.0]], [[0.5, 1.0]], (90, 2)))
CONTEXT = np.exp(np.random.default_rng(1).normal(size=(90, 1)))
WEIGHTS = np.random.default_rng(2).integers(0, 3, 90).astype(float)
SETTINGS = Settings(epochs=3, batch_size=32, learning_rate=0.02)


def fitted(flow: str, data, *arguments, **options) -> dict[str, np.ndarray]:
    weights = flowspec.fit(
        flowspec.parse(flow), data, *arguments, settings=SETTINGS, **options
    ).complete_weights
    assert all(np.isfinite(value).all() for value in weights.values())
    return weights


def assert_same(weights, others):
    assert weights.keys() == others.keys()
    for path in weights:
        np.testing.assert_array_equal(weights[path], others[path], err_msg=path)


def differ(weights, others) -> bool:
    return any((weights[path] != others[path]).any() for path in weights)


class Mapped(Dataset):
    """Items of one's own making."""

    def __init__(self, item, count: int = 90):
        self.item = item
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int):
        return self.item(index)


class Streamed(IterableDataset):
    """Rows one after the other."""

    def __init__(self, *columns):
        self.columns = columns

    def __iter__(self) -> Iterator:
        for row in zip(*self.columns, strict=True):
            yield row if len(row) > 1 else row[0]


class Batched:
    """Batches of arrays, the same at each look."""

    def __init__(self, *columns: np.ndarray):
        self.columns = columns

    def __iter__(self) -> Iterator:
        for start in range(0, 90, 32):
            rows = tuple(column[start : start + 32] for column in self.columns)
            yield rows if len(rows) > 1 else rows[0]


def write(path, names, *columns, row_group_size: int = 1000):
    table = dict(zip(names, np.column_stack(columns).T, strict=True))
    if path.suffix == ".csv":
        np.savetxt(
            path, np.column_stack(columns), "%.17g", ",", header=",".join(names), comments=""
        )
    elif path.suffix == ".npy":
        np.save(path, np.column_stack(columns))
    else:
        parquet.write_table(pyarrow.table(table), path, row_group_size=row_group_size)
    return path
