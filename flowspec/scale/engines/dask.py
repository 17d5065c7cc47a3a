"""Dask: the workers of a cluster, or of this machine. A task whose worker dies runs once more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flowspec.scale.job import Job, Tally, Task


def run(
    job: Job, tasks: Sequence[Task], workers: int, address: str | None = None
) -> Iterator[Tally]:
    """Run tasks, and give what each amounts to as it ends.

    address   of a scheduler; None for one of this machine, with so many workers
    """
    import distributed

    options: dict[str, Any] = (
        {"address": address}
        if address
        else {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
    )
    with distributed.Client(**options) as client:
        futures = client.map(job.run, tasks, pure=False)
        for future in distributed.as_completed(futures):
            yield future.result()
