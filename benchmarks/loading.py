"""The speed of reading against that of training steps.

Batches come from a folder of Parquet files that is larger than what is kept in memory.

    python benchmarks/loading.py [--rows 10000000] [--columns 16] [--batch 4096] [--folder DIR]

Writes the table once (into a temporary folder, if none is given), then prints rows per second of
reading, shuffling and cutting into batches, of a training step of an affine flow, the cheapest
there is, and of an NSF, and the share of a step that waits.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow
import torch
from pyarrow import parquet

import flowspec
from flowspec.data.pieces import open_pieces
from flowspec.ir.settings import Settings
from flowspec.train.feed.shuffled import Shuffled
from flowspec.train.feed.sources import table_source

FILE_ROWS = 500_000
FLOWS = {
    "affine": "Normal(0, 1)[{size}] |> Affine(learn(0), learn(1))",
    "NSF, 3 layers, 64x64": "NSF({size}, hidden=[64, 64], bins=8, transforms=3)",
}


def write_table(folder: Path, rows: int, columns: int) -> None:
    """A folder of Parquet files of normal numbers, float32."""
    random = np.random.default_rng(0)
    for start in range(0, rows, FILE_ROWS):
        block = random.standard_normal((min(FILE_ROWS, rows - start), columns), np.float32)
        table = pyarrow.table({f"x{i}": column for i, column in enumerate(block.T)})
        parquet.write_table(table, folder / f"{start // FILE_ROWS:04}.parquet")


def steps_per_second(text: str, batches: list[torch.Tensor]) -> float:
    module = flowspec.to_torch(flowspec.parse(text))
    optimizer = torch.optim.Adam(module.parameters(), fused=True)
    start = time.perf_counter()
    for x in batches:
        loss = -module().log_prob(x).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return len(batches) / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--columns", type=int, default=16)
    parser.add_argument("--batch", type=int, default=4096)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        if not list(folder.glob("*.parquet")):
            write_table(folder, options.rows, options.columns)
        size = sum(path.stat().st_size for path in folder.glob("*.parquet"))
        flow = flowspec.parse(FLOWS["affine"].format(size=options.columns))
        start = time.perf_counter()
        source = table_source(flow, open_pieces(folder))
        checked = time.perf_counter() - start
        batches = Shuffled(source, Settings(batch_size=options.batch))
        start, count = time.perf_counter(), 0
        for rows in batches.epoch(1):
            count += len(rows)
        reading = count / (time.perf_counter() - start)
        some = [rows.values for rows in itertools.islice(batches.epoch(2), 20)]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{len(source):,} rows x {options.columns}, {size / 2**20:,.0f} MB of Parquet; "
        f"{checked:.1f} s to check them all"
    )
    print(f"{'reading an epoch':<24}{reading:>14,.0f} rows/s   at most {memory:.1f} GB of memory")
    for name, text in FLOWS.items():
        training = steps_per_second(text.format(size=options.columns), some) * options.batch
        share = (1 / reading) / (1 / reading + 1 / training)
        print(
            f"{name:<24}{training:>14,.0f} rows/s   "
            f"reading alone would be {share:.0%} of the time, were it not done ahead"
        )


if __name__ == "__main__":
    main()
