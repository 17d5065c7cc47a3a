"""Locks between processes: what one of them holds, no other takes, and a dead one holds nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from flowspec.data.files import refusing
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_LOCKED_BYTE = 2**20
"""Windows locks bytes, and no other process reads those: this one is beyond all that is written."""


@mistake
class AlreadyTraining(Diagnostic):
    message = "{who} is training into {output}"
    help = "wait for it to end, or choose another directory (`-o`)"
    who: str
    output: str


@contextmanager
def held(path: Path, output: str) -> Iterator[None]:
    """Hold a lock while the block runs; its file goes with it.

    The system lets go of it when the process ends, however that may be.

    output   the place that it stands for, for the message

    Errors:  FlowError, where another process, or another training of this one, holds it.
    """
    with refusing(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = _taken(path)
    if handle is None:
        raise FlowError(AlreadyTraining(who=_holder(path), output=output))
    try:
        yield
    finally:
        _let_go(handle, path)


def _taken(path: Path) -> int | None:
    """An open file that is locked, or None where another has locked it."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        if not _lock(handle):
            os.close(handle)
            return None
        # Between opening and locking the holder may have ended, and removed the file.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), os.stat(path)):
                os.ftruncate(handle, 0)
                os.write(handle, str(os.getpid()).encode())
                return handle
        os.close(handle)


def _lock(handle: int) -> bool:
    """True if nobody else holds it. Where a file system has no locks, nobody does."""
    try:
        if sys.platform == "win32":
            os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True


def _let_go(handle: int, path: Path) -> None:
    """Remove the file, then the lock, and the folder if nothing else is in it."""
    if sys.platform == "win32":  # an open file cannot be removed there
        os.close(handle)
        path.unlink(missing_ok=True)
    else:
        path.unlink(missing_ok=True)
        os.close(handle)
    with suppress(OSError):
        path.parent.rmdir()


def _holder(path: Path) -> str:
    with suppress(OSError, ValueError):
        return f"process {int(path.read_text())}"
    return "another process"
