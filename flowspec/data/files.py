"""Files and directories that are written as a whole or not at all."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from flowspec.data.places import Address, Place
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
"""Constants of Linux: paths are relative to the current directory; two files are swapped."""

_ADDRESS = re.compile("(s3|gs|gcs|abfss?|hdfs|https?):", re.IGNORECASE)
"""What is left of `s3://` where it was taken for a folder of a path."""


@mistake
class UnwritablePath(Diagnostic):
    message = "cannot write {path}: {reason}"
    help = "{advice}"
    path: str
    reason: str
    advice: str = "choose another place, or make room for it there"


@contextmanager
def new_file(path: Place, mode: int = 0o644) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of `path` when the block ends without an error.

    Errors:  FlowError, where the file or what is put into it cannot be written.
    """
    if isinstance(path, Address):
        with path.new_file() as stream:
            yield stream
        return
    with refusing(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(name, mode)
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def check_writable(path: Place) -> None:
    """Refuse a path at which nothing can be written, before there is something to write. Folders
    that lack on the way are made when it is written; what is in a store is told by the store.

    Errors:  FlowError, with the reason.
    """
    if isinstance(path, Address):
        return
    with refusing(path):
        nearest = next(each for each in path.parents if os.path.lexists(each))
        if not nearest.is_dir():
            reason = f"{nearest} is a file, not a directory"
            raise FlowError(UnwritablePath(path=str(path), reason=reason))
        name = f".{path.name}." if nearest == path.parent else ""
        handle, scratch = tempfile.mkstemp(dir=nearest, prefix=name)
        os.close(handle)
        os.unlink(scratch)


def write_file(path: Place, data: bytes, mode: int = 0o644) -> None:
    """Write a file: the new one or the old one is there, never half of one.

    Errors:  FlowError, where the file cannot be written.
    """
    with new_file(path, mode) as stream:
        stream.write(data)


def rewrite_file(path: Path, data: bytes) -> None:
    """Put other bytes into a file of the user's, as a whole: its mode stays, and a link to it.

    Errors:  FlowError, where the file cannot be written.
    """
    with refusing(path):
        place = path.resolve()
        mode = stat.S_IMODE(place.stat().st_mode)
    write_file(place, data, mode)


@contextmanager
def new_directory(path: Path) -> Iterator[Path]:
    """A directory to fill, which takes the place of `path` when the block ends without an error.

    Errors:  FlowError, where the directory or what is put into it cannot be written.
    """
    with refusing(path):
        place = path.resolve()  # what a link points to is replaced, not the link
        place.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{place.name}."))
        try:
            yield scratch
            scratch.chmod(0o755)
            _swap(scratch, place)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn an error of the system about a path into a mistake. What was an address is none."""
    if any(map(_ADDRESS.fullmatch, path.parts)):
        reason, advice = "an address is of tables only", "write it here, and copy it there"
        raise FlowError(UnwritablePath(path=str(path), reason=reason, advice=advice))
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        if isinstance(error, FileExistsError | NotADirectoryError):
            reason = "a part of this path is a file, not a directory"
        raise FlowError(UnwritablePath(path=str(path), reason=reason)) from None


def _swap(new: Path, path: Path) -> None:
    """Put a directory in the place of another.

    A rename is atomic, but cannot replace a full directory.
    """
    if not path.exists():
        new.rename(path)
        return
    if _exchange(new, path):
        shutil.rmtree(new, ignore_errors=True)
        return
    old = path.with_name(f".{path.name}.old-{os.getpid()}")
    path.rename(old)
    try:
        new.rename(path)
    except BaseException:
        old.rename(path)
        raise
    shutil.rmtree(old)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two directories in one go, where the system can: at no time is one of them missing."""
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    paths = _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other)
    return bool(rename(*paths, _RENAME_EXCHANGE) == 0)
