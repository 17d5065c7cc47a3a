"""Tasks whose worker is killed, in a module that other processes can import."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from flowspec.scale.job import Job, Tally


@dataclass(frozen=True)
class Mortal:
    """A file of one byte, of a worker that is killed so many times before."""

    name: str
    deaths: int = 0
    rows: int = 1

    def write(self, bundle: object, path: Path) -> Tally:
        tries = path.with_name(f"_{self.name}.tries")
        with tries.open("a") as file:
            file.write("x")
        if tries.stat().st_size <= self.deaths:
            os.kill(os.getpid(), signal.SIGKILL)
        path.write_bytes(b"1")
        return Tally(1)


def mortals(bundle: Path, folder: Path, *deaths: int) -> Job:
    """A job of such tasks."""
    folder.mkdir()
    tasks = tuple(Mortal(f"{number}.parquet", times) for number, times in enumerate(deaths))
    return Job(bundle, "cpu", folder, tasks, {})
