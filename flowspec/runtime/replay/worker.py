"""The program that does jobs in an engine of Python: `python -m ...worker ENGINE FOLDER FIRST`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from flowspec.runtime.replay.engine import Engine, Run
from flowspec.runtime.replay.jobs import Job, read_jobs
from flowspec.runtime.replay.registry import engine_named
from flowspec.runtime.targets import ROW

SHORT = 1.0
"""Seconds up to which a run is done twice: the first one may compile."""


def main(name: str, folder: str, first: str) -> None:
    engine, place = engine_named(name), Path(folder)
    for number, job in list(enumerate(read_jobs(place)))[int(first) :]:
        say("start", number)
        try:
            do(engine, job, number, place)
        except Exception as error:
            say("failed", number, in_words(error))


def do(engine: Engine, job: Job, number: int, folder: Path) -> None:
    """Run a graph, and write what it gives."""
    run = engine.open(job.graph, job.outputs)
    seconds, outputs = _timed(run, job)
    if seconds < SHORT:
        seconds, outputs = _timed(run, job)
    for name in job.outputs:
        value = np.ascontiguousarray(outputs[name])
        # a scalar gets an axis from `ascontiguousarray`
        shape = np.shape(outputs[name])
        (folder / f"{number}.{name}.out").write_bytes(value.tobytes())
        say("output", number, name, value.dtype, len(shape), *shape)
    say("done", number, seconds)


def _timed(run: Run, job: Job) -> tuple[float, dict[str, Any]]:
    start = time.perf_counter()
    outputs = _row_by_row(run, job) if ROW in job.feeds else run(job.feeds)
    return time.perf_counter() - start, outputs


def _row_by_row(run: Run, job: Job) -> dict[str, Any]:
    """The outputs of a graph that takes one row as one vector."""
    rows = [run({ROW: row}) for row in job.feeds[ROW]]
    return {name: np.concatenate([row[name] for row in rows]) for name in job.outputs}


def in_words(error: Exception) -> str:
    """An error in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def say(*words: Any) -> None:
    """An event, on standard output."""
    print("@", *words, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
