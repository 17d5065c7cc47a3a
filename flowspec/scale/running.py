"""Jobs, run by an engine."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

from flowspec.scale.job import Job, Tally

ENGINES = ("local", "dask", "ray")


def run(job: Job, engine: str, workers: int, address: str | None = None) -> Iterator[Tally]:
    """Write the files of a job that are not there, and give what each amounts to as it ends.

    engine    of `ENGINES`; that of this machine needs no package
    workers   processes, where the engine starts them here
    address   of a cluster of Dask or Ray
    Errors:   FlowError, where its workers are killed in each try.
    """
    module = importlib.import_module(f"flowspec.scale.engines.{engine}")
    options = {} if address is None else {"address": address}
    yield from module.run(job, job.left, workers, **options)
