"""Processes of this machine. One that is killed is started again, and its task runs once more."""

from __future__ import annotations

import os
import threading
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process

from flowspec.diagnostics.diagnostic import FlowError
from flowspec.scale.job import Job, Tally, Task
from flowspec.scale.mistakes import WorkerEnds

MOST_ENDS = 3
"""Times that the processes may be killed while a task runs."""


def run(job: Job, tasks: Sequence[Task], workers: int) -> Iterator[Tally]:
    """Run tasks, and give what each amounts to as it ends.

    Errors:  FlowError, where the processes are killed again and again.
    """
    if workers == 1:
        yield from (job.run(task) for task in tasks)
        return
    waiting, ends = deque(tasks), Counter[str]()
    while waiting:
        running: dict[Future[Tally], Task] = {}
        context = get_context("spawn")
        with ProcessPoolExecutor(workers, context, initializer=_end_with_parent) as pool:
            try:
                yield from _until_one_breaks(job, pool, waiting, running, workers)
            except BrokenProcessPool:
                for task in running.values():
                    ends[task.name] += 1
                    if ends[task.name] == MOST_ENDS:
                        raise FlowError(WorkerEnds(file=task.name, times=MOST_ENDS)) from None
                waiting.extendleft(reversed(running.values()))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def _end_with_parent() -> None:
    """Let a worker end when the process that started it does, be it killed: else it would wait."""
    parent = parent_process()
    assert parent

    def end() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()


def _until_one_breaks(
    job: Job,
    pool: ProcessPoolExecutor,
    waiting: deque[Task],
    running: dict[Future[Tally], Task],
    workers: int,
) -> Iterator[Tally]:
    """Keep every process at work, with one more task that waits for each."""
    while waiting or running:
        while waiting and len(running) < 2 * workers:
            task = waiting.popleft()
            running[pool.submit(job.run, task)] = task
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            tally = future.result()
            del running[future]
            yield tally
