"""The folder of a job: begun once, gone on with by the same job only."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from flowspec.data.files import write_file
from flowspec.data.places import Place
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.scale.job import Job
from flowspec.scale.mistakes import FolderBegun, FolderInUse, OtherJob

ABOUT = "_job.json"
"""What decides on the content of the files. Readers of tables pass by names that begin so."""


def begin(job: Job, resume: bool) -> bool:
    """Begin a folder, or go on with it. True if it was begun before.

    Errors:  FlowError, where it holds something else, or there is no going on without `--resume`.
    """
    folder, about = job.folder, job.folder / ABOUT
    if not about.exists():
        if folder.exists() and (not folder.is_dir() or _is_full(folder)):
            raise FlowError(FolderInUse(folder=str(folder)))
        write_file(about, _text(job).encode())
        return False
    if (known := _content(about)) != _text(job):
        raise FlowError(OtherJob(folder=str(folder), what=_difference(job, known)))
    done = len(job.tasks) - len(job.left)
    if not resume:
        raise FlowError(FolderBegun(folder=str(folder), done=done, files=len(job.tasks)))
    if isinstance(folder, Path):
        _remove_halves(folder)
    return True


def _is_full(folder: Place) -> bool:
    return any(folder.iterdir()) if isinstance(folder, Path) else bool(folder.files())


def _content(file: Place) -> str:
    return file.read_text("utf-8") if isinstance(file, Path) else file.read_text()


def _text(job: Job) -> str:
    about = dict(job.about)
    if "table" in about:
        about["table"] = _digest(about["table"])
    return json.dumps(about, indent=1) + "\n"


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _difference(job: Job, known: str) -> str:
    """What a folder was begun with otherwise."""
    try:
        before = json.loads(known)
    except ValueError:
        return "job"
    now = json.loads(_text(job))
    names = [name for name in now if not isinstance(before, dict) or before.get(name) != now[name]]
    return names[0] if names else "job"


def _remove_halves(folder: Path) -> None:
    """Remove what a process that was killed left of its file."""
    for path in folder.rglob(".*.parquet.*"):
        path.unlink(missing_ok=True)
