"""Jobs of an engine and its answers: lines and raw files that programs of any language can read.

In a folder stands `jobs.txt`; numbers count the jobs from 0, arrays are raw and little-endian:

    graph /the/path/of/log_prob.onnx
    input x float32 2 24 3          name, type, rank, sizes; the numbers stand in 0.x.in
    output log_prob                 to be written to 0.log_prob.out
    end

The program prints a line for each event:

    @ start 0
    @ output 0 log_prob float32 1 24
    @ done 0 0.0012                 seconds of a run
    @ failed 0 why, in its words
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from flowspec.runtime.replay.engine import Values


@dataclass(frozen=True)
class Job:
    """A graph, its inputs, and the names of its outputs."""

    graph: Path
    feeds: Values
    outputs: tuple[str, ...]


def write_jobs(folder: Path, jobs: Sequence[Job]) -> None:
    lines = [line for number, job in enumerate(jobs) for line in _lines(folder, number, job)]
    (folder / "jobs.txt").write_text("\n".join(lines) + "\n")


def _lines(folder: Path, number: int, job: Job) -> Iterator[str]:
    yield f"graph {job.graph.resolve()}"
    for name, value in job.feeds.items():
        (folder / f"{number}.{name}.in").write_bytes(value.tobytes())
        yield " ".join(map(str, ["input", name, value.dtype, value.ndim, *value.shape]))
    yield from (f"output {name}" for name in job.outputs)
    yield "end"


def read_jobs(folder: Path) -> list[Job]:
    """The jobs that `write_jobs` wrote."""
    texts = (folder / "jobs.txt").read_text().split("end\n")[:-1]
    return [_read(folder, number, text.splitlines()) for number, text in enumerate(texts)]


def _read(folder: Path, number: int, lines: Sequence[str]) -> Job:
    words = [line.split(maxsplit=1) for line in lines]
    feeds: Values = {}
    for kind, rest in words:
        if kind == "input":
            name, dtype, _, *shape = rest.split()
            data = np.fromfile(folder / f"{number}.{name}.in", dtype)
            feeds[name] = data.reshape(tuple(map(int, shape)))
    outputs = tuple(rest for kind, rest in words if kind == "output")
    return Job(Path(words[0][1]), feeds, outputs)
