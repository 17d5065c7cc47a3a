"""Places of tables: paths of this machine, and addresses in stores that many machines see."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, BinaryIO

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
_CIRCUMSTANCE = re.compile("When .*?: (?=AWS)")
"""How pyarrow begins what it says of a store: the address is told without it."""


@mistake
class NoStore(Diagnostic):
    message = "cannot reach {address}: {reason}"
    help = "{advice}"
    address: str
    reason: str
    advice: str = "look at the address, and at the variables of the environment that name the store"


@dataclass(frozen=True)
class Address:
    """A file or a folder of a store: `s3://`, `gs://`, `abfss://` or `hdfs://`, as pyarrow knows
    them. Who may read it is decided by the environment (`AWS_ACCESS_KEY_ID`, ...).

    text   `s3://bucket/folder/file.parquet?region=...`
    """

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def path(self) -> PurePosixPath:
        """The address without its options."""
        return PurePosixPath(self.text.partition("?")[0])

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def stem(self) -> str:
        return self.path.stem

    @property
    def suffix(self) -> str:
        return self.path.suffix

    def __truediv__(self, name: str) -> Address:
        address, mark, options = self.text.partition("?")
        return Address(f"{address.rstrip('/')}/{name}{mark}{options}")

    def resolve(self) -> Address:
        """The address: it is the same on all machines."""
        return self

    def exists(self) -> bool:
        """True if there is a file or a folder."""
        return self._kind() != "NotFound"

    def is_dir(self) -> bool:
        """True if there is a folder."""
        return self._kind() == "Directory"

    def files(self) -> list[Address]:
        """The files of a folder, and of those in it, in order."""
        from pyarrow.fs import FileSelector

        with self._reached() as (store, path):
            found = store.get_file_info(FileSelector(path, allow_not_found=True, recursive=True))
        names = sorted(info.path for info in found if info.type.name == "File")
        return [self / PurePosixPath(name).relative_to(path).as_posix() for name in names]

    def read_text(self) -> str:
        """What is in a file of text."""
        with self._reached() as (store, path), store.open_input_stream(path) as stream:
            return bytes(stream.read()).decode()

    @contextmanager
    def new_file(self) -> Iterator[BinaryIO]:
        """A file to write, which is there when the block ends without an error: until then it
        stands on this machine.
        """
        with tempfile.TemporaryFile() as scratch:
            yield scratch
            scratch.seek(0)
            with self._reached() as (store, path), store.open_output_stream(path) as stream:
                shutil.copyfileobj(scratch, stream, 2**20)

    def source(self) -> tuple[Any, str]:
        """The store as pyarrow has it, and the path there.

        Errors:  FlowError, where there is no such store.
        """
        with self._reached() as found:
            return found

    def _kind(self) -> str:
        with self._reached() as (store, path):
            return str(store.get_file_info(path).type.name)

    @contextmanager
    def _reached(self) -> Iterator[tuple[Any, str]]:
        try:
            from pyarrow.fs import FileSystem
        except ImportError:
            raise FlowError(
                NoStore(
                    address=self.text,
                    reason="pyarrow is not installed",
                    advice='install it: `pip install "flowspec[parquet]"`',
                )
            ) from None
        try:
            yield FileSystem.from_uri(self.text)
        except ValueError:
            reason = "no such store is known"
            advice = "write s3://, gs://, abfss:// or hdfs://, or copy it to this machine"
            raise FlowError(NoStore(address=self.text, reason=reason, advice=advice)) from None
        except OSError as error:
            reason = os.strerror(error.errno).lower() if error.errno else _words(error)
            raise FlowError(NoStore(address=self.text, reason=reason)) from None


Place = Path | Address


def place_of(text: str | Place) -> Place:
    """The path or the address that a text is. `file://` is a path."""
    if isinstance(text, Address):
        return text
    match = _SCHEME.match(str(text)) if isinstance(text, str) else None
    if match and match[1].lower() == "file":
        return Path(str(text)[match.end() :])
    return Address(str(text)) if match else Path(text)


def is_folder(place: Place) -> bool:
    """True if a place is a folder, of whatever name: one that is too long is none."""
    return os.path.isdir(place) if isinstance(place, Path) else place.is_dir()


def names_in(folder: Place) -> list[PurePath]:
    """The files of a folder and of those in it, as they are called from there, in order."""
    if isinstance(folder, Address):
        return [name_in(folder, file) for file in folder.files()]
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path.relative_to(folder) for path in sorted(files, key=Path.as_posix)]


def name_in(folder: Place, file: Place) -> PurePath:
    """What a file of a folder is called from there."""
    if isinstance(folder, Address) and isinstance(file, Address):
        return file.path.relative_to(folder.path)
    return Path(str(file)).relative_to(str(folder))


def arrow_source(place: Place) -> dict[str, Any]:
    """A place in the words of pyarrow's functions that read one."""
    if isinstance(place, Path):
        return {"source": place, "filesystem": None}
    store, path = place.source()
    return {"source": path, "filesystem": store}


def _words(error: OSError) -> str:
    """What a store says, in one line."""
    line = str(error).splitlines()[0].partition("; Details")[0]
    return _CIRCUMSTANCE.sub("", line).removesuffix(".")
