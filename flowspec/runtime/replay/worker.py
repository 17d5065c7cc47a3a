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

SHORT = 1.0
"""Seconds up to which a run is done twice: the first one may compile."""


def main(name: str, folder: str, first: str) -> None:
    desk = Desk(engine_named(name), Path(folder))
    for number, job in list(enumerate(read_jobs(desk.folder)))[int(first) :]:
        say("start", number)
        try:
            desk.do(job, number)
        except Exception as error:
            say("failed", number, in_words(error))


class Desk:
    """A place where jobs are done; the last graph stays open, for the next job may be of it too."""

    def __init__(self, engine: Engine, folder: Path):
        self.engine = engine
        self.folder = folder
        self._open: tuple[Path, Run] | None = None

    def do(self, job: Job, number: int) -> None:
        """Run a graph, and write what it gives."""
        run = self._opened(job)
        seconds, outputs = _timed(run, job)
        if seconds < SHORT:
            seconds, outputs = _timed(run, job)
        for name in job.outputs:
            shape = np.shape(outputs[name])
            value = np.ascontiguousarray(outputs[name])  # which gives a scalar an axis
            (self.folder / f"{number}.{name}.out").write_bytes(value.tobytes())
            say("output", number, name, value.dtype, len(shape), *shape)
        say("done", number, seconds)

    def _opened(self, job: Job) -> Run:
        if self._open is None or self._open[0] != job.graph:
            self._open = None  # the last one goes before the next one comes
            self._open = job.graph, self.engine.open(job.graph, job.outputs)
        return self._open[1]


def _timed(run: Run, job: Job) -> tuple[float, dict[str, Any]]:
    start = time.perf_counter()
    outputs = run(job.feeds)
    return time.perf_counter() - start, outputs


def in_words(error: Exception) -> str:
    """An error in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def say(*words: Any) -> None:
    """An event, on standard output."""
    print("@", *words, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
