"""Engines in processes of their own, so that one that crashes or hangs ends nothing else."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from flowspec.runtime.replay.engine import Engine, Values
from flowspec.runtime.replay.jobs import Job, write_jobs

LIMIT = 60.0
"""Seconds after which an engine that says nothing is ended."""

LONGEST = 240
"""Characters of a reason."""

ROOT = Path(__file__).parents[3]


@dataclass
class Answer:
    """What an engine gave for a job.

    seconds   of one run
    reason    why there are no outputs, in the engine's words; "" where there are
    """

    outputs: Values = field(default_factory=dict)
    seconds: float = 0.0
    reason: str = "it gave no answer"


def answers(engine: Engine, jobs: Sequence[Job], limit: float = LIMIT) -> list[Answer]:
    """The answers of an engine to jobs, in their order. After a crash it is started anew."""
    with tempfile.TemporaryDirectory(prefix="flowspec-") as name:
        folder = Path(name)
        write_jobs(folder, jobs)
        sheet = Sheet(folder, [Answer() for _ in jobs])
        while sheet.next < len(jobs):
            _one_process(engine, sheet, limit)
        return sheet.answers


class Sheet:
    """Answers, as they come in.

    next   the first job that has not been begun
    """

    def __init__(self, folder: Path, blank: list[Answer]):
        self.folder = folder
        self.answers = blank
        self.next = 0
        self.open: int | None = None

    def note(self, words: Sequence[str]) -> None:
        """An event that the engine printed."""
        event, number, *rest = words
        answer = self.answers[int(number)]
        if event == "start":
            self.open, self.next = int(number), int(number) + 1
        elif event == "output":
            answer.outputs[rest[0]] = self._read(number, *rest)
        elif event == "done":
            answer.seconds, answer.reason = float(rest[0]), ""
            self.open = None
        elif event == "failed":
            answer.reason = shortened(" ".join(rest))
            self.open = None

    def fail(self, reason: str) -> None:
        """The end of a process: of the job that was open, or of all where none was begun."""
        if self.open is not None:
            self.answers[self.open].reason = reason
            self.open = None
            return
        for answer in self.answers[self.next :]:
            answer.reason = reason
        self.next = len(self.answers)

    def _read(self, number: str, name: str, dtype: str, _: str, *shape: str) -> Any:
        data = np.fromfile(self.folder / f"{number}.{name}.out", dtype)
        return data.reshape(tuple(map(int, shape)))


def _one_process(engine: Engine, sheet: Sheet, limit: float) -> None:
    """Do jobs from the next one on, up to the end or a crash."""
    with (sheet.folder / "err.txt").open("wb+") as errors, _started(engine, sheet, errors) as child:
        for line in _lines(child, limit):
            if line is None:
                return sheet.fail(f"it hangs: nothing after {limit:g} seconds")
            if line.startswith("@ "):
                sheet.note(line.split()[1:])
        code = child.wait()
        errors.seek(0)
        lines = [*filter(None, map(str.strip, errors.read().decode(errors="replace").split("\n")))]
    if sheet.open is not None or sheet.next < len(sheet.answers):
        sheet.fail(shortened(f"it {_end(code)}: {''.join(lines[-1:])}".rstrip(": ")))
    return None


def _end(code: int) -> str:
    if code >= 0:
        return f"ends with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"crashes with {signal.Signals(-code).name}"
    return f"crashes with signal {-code}"


@contextlib.contextmanager
def _started(engine: Engine, sheet: Sheet, errors: Any) -> Iterator[subprocess.Popen[str]]:
    """The process of an engine; whatever is left of it is ended at last."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    child = subprocess.Popen(
        [*engine.command(sheet.folder), str(sheet.next)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        errors="replace",
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        start_new_session=True,
    )
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        if child.stdout:
            child.stdout.close()


def _lines(child: subprocess.Popen[str], limit: float) -> Iterator[str | None]:
    """The lines that a process prints; None, and no more, where it is silent for too long."""
    lines: queue.Queue[str | None] = queue.Queue()

    def read() -> None:
        with contextlib.suppress(ValueError):  # closed, for it was ended
            for line in child.stdout or ():
                lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=limit)
        except queue.Empty:
            yield None
            return
        if line is None:
            return
        yield line


def shortened(text: str) -> str:
    """Words that fit a line or two."""
    words = " ".join(text.split())
    return words if len(words) <= LONGEST else words[: LONGEST - 3].rstrip() + "..."
