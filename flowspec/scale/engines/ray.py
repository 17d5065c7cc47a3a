"""Ray: the workers of a cluster, or of this machine. A task whose worker dies runs once more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flowspec.scale.job import Job, Tally, Task

RETRIES = 3


def run(
    job: Job, tasks: Sequence[Task], workers: int, address: str | None = None
) -> Iterator[Tally]:
    """Run tasks, and give what each amounts to as it ends.

    address   of a cluster; None for one of this machine, with so many workers
    """
    import ray

    options: dict[str, Any] = {"address": address} if address else {"num_cpus": workers}
    options |= {"include_dashboard": False, "log_to_driver": False, "logging_level": "error"}
    ray.init(**options)
    try:
        shared = ray.put(job)
        remote = ray.remote(num_cpus=1, max_retries=RETRIES)(_run)
        waiting = [remote.remote(shared, task) for task in tasks]
        while waiting:
            done, waiting = ray.wait(waiting)
            yield from ray.get(done)
    finally:
        ray.shutdown()


def _run(job: Job, task: Task) -> Tally:
    return job.run(task)
