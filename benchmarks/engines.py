"""Engines for tables larger than memory: what each takes to score one, and when a worker is killed.

    python benchmarks/engines.py [--rows 5000000] [--workers 2] [--json FILE]

`local`, `dask` and `ray` are those of `flowspec score -o FOLDER --engine`; `duckdb` and `polars`
call a function of Python from their own threads and write what they write (`pip install duckdb
polars`). Where one is not installed it is left out. Prints seconds until the first rows are there,
rows a second, megabytes of the packages, and the rows that are there after one worker was killed.
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import numpy as np
import pyarrow
from figures import Table, write
from pyarrow import dataset, parquet

import flowspec
from flowspec.runtime.bundle import Bundle
from flowspec.scale.job import Job
from flowspec.scale.running import run
from flowspec.scale.sampling import Draw, sampling
from flowspec.scale.scoring import scoring

BUNDLE = Path(__file__).parent.parent / "exported" / "two_moons"
ROWS_OF_A_FILE = 500_000
JOBS = {"local": "", "dask": "distributed", "ray": "ray"}
QUERIES = ("duckdb", "polars")
PACKAGES = {"local": (), "dask": ("dask", "distributed"), "ray": ("ray",), "duckdb": ("duckdb",)}
PACKAGES["polars"] = ("polars", "polars-runtime-32")


def job_of(bundle: Bundle, data: Path, folder: Path) -> Job:
    folder.mkdir()
    return scoring(bundle, data, folder, lambda columns: "log_prob", "cpu", ROWS_OF_A_FILE)


def by_duckdb(bundle: Bundle, data: Path, folder: Path, workers: int) -> None:
    import duckdb
    from duckdb.sqltypes import FLOAT

    def log_prob(x: pyarrow.Array, y: pyarrow.Array) -> pyarrow.Array:
        points = np.stack([x.to_numpy(), y.to_numpy()], axis=1)
        return pyarrow.array(bundle.log_prob(points))

    with duckdb.connect(config={"threads": workers}) as connection:
        connection.create_function("log_prob", log_prob, [FLOAT, FLOAT], FLOAT, type="arrow")
        query = f"select *, log_prob(x, y) as log_prob from '{data}/*.parquet'"
        connection.execute(f"copy ({query}) to '{folder}' (format parquet, per_thread_output true)")


def by_polars(bundle: Bundle, data: Path, folder: Path, workers: int) -> None:
    import polars

    def scored(frame: polars.DataFrame) -> polars.DataFrame:
        density = bundle.log_prob(frame.select("x", "y").to_numpy())
        return frame.with_columns(polars.Series("log_prob", density))

    folder.mkdir()
    schema = {"x": polars.Float32, "y": polars.Float32, "log_prob": polars.Float32}
    frames = polars.scan_parquet(data / "*.parquet").map_batches(
        scored, streamable=True, schema=schema
    )
    frames.sink_parquet(folder / "all.parquet", engine="streaming")


def timed(
    engine: str, bundle: Bundle, data: Path, folder: Path, workers: int
) -> tuple[float, float]:
    """Seconds until the first rows are there, and until all are."""
    start = time.perf_counter()
    if engine in JOBS:
        parts = run(job_of(bundle, data, folder), engine, workers)
        next(parts)
        first = time.perf_counter() - start
        for _ in parts:
            pass
    else:
        {"duckdb": by_duckdb, "polars": by_polars}[engine](bundle, data, folder, workers)
        first = time.perf_counter() - start
    return first, time.perf_counter() - start


def killed(
    engine: str, bundle: Bundle, data: Path, folder: Path, workers: int, after: float
) -> str:
    """What is there when a process that computes is killed on the way."""
    process = multiprocessing.get_context("spawn").Process(
        target=timed, args=(engine, bundle, data, folder, workers)
    )
    process.start()
    assert process.pid
    time.sleep(after)
    workers_of = busiest(process.pid) if engine in JOBS else process.pid
    if workers_of:
        os.kill(workers_of, signal.SIGKILL)
    process.join()
    rows = sum(parquet.read_metadata(path).num_rows for path in readable(folder))
    return f"{rows:,}"


def readable(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*.parquet"):
        try:
            parquet.read_metadata(path)
        except pyarrow.ArrowInvalid:
            continue
        yield path


def busiest(parent: int) -> int | None:
    """The process below another that has computed most."""
    times: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        times[int(stat.parent.name)] = int(fields[1]), int(fields[11])
    below, more = {parent}, True
    while more:
        found = {pid for pid, (above, _) in times.items() if above in below} - below
        below, more = below | found, bool(found)
    below.discard(parent)
    return max(below, key=lambda pid: times[pid][1], default=None)


def megabytes(engine: str) -> float:
    """The size of its packages."""
    size = 0
    for package in PACKAGES[engine]:
        try:
            found = files(package) or []
        except PackageNotFoundError:
            continue
        size += sum(path.locate().stat().st_size for path in found if path.locate().is_file())
    return size / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    bundle = flowspec.load(BUNDLE, threads=1)
    names = [
        n
        for n in (*JOBS, *QUERIES)
        if not JOBS.get(n, n) or importlib.util.find_spec(JOBS.get(n, n))
    ]
    lines = []
    with tempfile.TemporaryDirectory() as place:
        data = Path(place, "data")
        data.mkdir()
        draw = Draw("", options.rows, 0, 0, None, None)
        for _ in run(sampling(bundle, data, draw, "cpu", ROWS_OF_A_FILE), "local", options.workers):
            pass
        print(f"{'':8}{'first rows':>12}{'rows/s':>12}{'MB':>8}   rows after a worker was killed")
        for name in names:
            first, all_of_it = timed(name, bundle, data, Path(place, name), options.workers)
            rows = dataset.dataset(Path(place, name), exclude_invalid_files=True).count_rows()
            assert rows == options.rows, rows
            after = first + 0.3 * (all_of_it - first) if name in JOBS else 0.5 * all_of_it
            there = killed(name, bundle, data, Path(place, name + "2"), options.workers, after)
            line = [
                name,
                f"{first:.1f} s",
                f"{rows / all_of_it:,.0f}",
                f"{megabytes(name):.0f}",
                there,
            ]
            lines.append(line)
            print(f"{name:8}{line[1]:>12}{line[2]:>12}{line[3]:>8}   {there}", flush=True)
            shutil.rmtree(Path(place, name), ignore_errors=True)
    if options.json:
        heads = ["engine", "first rows after", "rows/s", "MB of packages", "rows after a kill"]
        write(
            options.json, [Table(f"{options.rows:,} rows, {options.workers} workers", heads, lines)]
        )


if __name__ == "__main__":
    main()
