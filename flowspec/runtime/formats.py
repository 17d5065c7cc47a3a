"""The files of a bundle, read and checked, in every format that was ever written.

1   `flow.json` with the hashes of all other files
2   the same with a digest of itself
3   with the way to the base: `to_base.onnx`, and `latent`, the distribution of what it gives;
    with the `target` of the graphs, which some have fewer of

A new format gets the next number, and bundles of it under `tests/bundles/`. Earlier formats stay:
what was written once is opened for ever.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake, suggest
from flowspec.diagnostics.inputs import WrongInput
from flowspec.runtime.about import about_flaw
from flowspec.runtime.targets import DEFAULT, GRAPHS_OF, OF_ONE_VECTOR
from flowspec.support.circle import Circle
from flowspec.support.registry import from_json as support_from_json
from flowspec.support.support import Interval

FORMAT = 3
"""The format that is written now, into `flow.json`."""

SEALED_FROM = 2
"""The first format with a digest."""

REQUIRED = ("log_prob", "sample", "from_noise")
WITH_BASE = (*REQUIRED, "to_base")
"""The graphs of a bundle from format 3 on, if its target does not get fewer."""

BASE_FROM = 3
"""The first format with `to_base.onnx`."""

DIGEST = re.compile(rb'"digest": "([0-9a-f]{64})"')
OPEN_DIGEST = "0" * 64
"""The digest of a file while its digest is worked out."""


OWN_FILE = re.compile(r"(native/)?[^/\\]+")
"""A file of a bundle: in its folder, or in that of its C."""


@mistake
class BrokenBundle(Diagnostic):
    message = "{directory} is not a complete bundle: {reason}"
    help = "write it again with `flowspec compile`"
    directory: str
    reason: str


WRITTEN = "give the folder that `flowspec compile` or `flowspec fit` wrote"


@mistake
class NoSuchBundle(WrongInput):
    message = "there is no folder {directory}"
    help = "{advice}"
    directory: str
    advice: str = WRITTEN


@mistake
class FileForBundle(WrongInput):
    message = "{directory} is a file, not the folder of a bundle"
    help = WRITTEN
    directory: str


@mistake
class NewerBundle(Diagnostic):
    message = (
        "{directory} was written by a newer FlowSpec: its format is {found}, "
        "and this one reads up to {newest}"
    )
    help = "update it: pip install --upgrade flowspec"
    directory: str
    found: int
    newest: int


@dataclass(frozen=True)
class Description:
    """The description of a bundle, whatever its format.

    batch      the fixed number of rows, or None
    target     of the graphs, by name
    supports   of the conditioning variables
    latent     the distribution of each coordinate in the base; of earlier formats nothing
    """

    columns: tuple[str, ...]
    context: tuple[str, ...]
    supports: tuple[Interval | Circle, ...]
    noise: tuple[str, ...]
    latent: tuple[str, ...]
    dequantized: tuple[str, ...]
    dtype: np.dtype[Any]
    batch: int | None
    scalar: bool
    target: str = DEFAULT

    @property
    def one_vector(self) -> bool:
        """True where the context and the point of a row go in as one vector."""
        return self.target in OF_ONE_VECTOR


class Damaged(Exception):
    """`flow.json` does not hold what its format asks for. Its text says what is wrong."""


def describe(about: Mapping[str, Any]) -> Description:
    """The content of a `flow.json` that has been checked."""
    flow = about["flow"]
    return Description(
        columns=tuple(about["columns"]),
        context=tuple(about["context"]),
        supports=tuple(_supports(flow.get("context") or [])),
        noise=tuple(about["noise"]),
        latent=tuple(about.get("latent", ())),
        dequantized=tuple(flow.get("train", {}).get("dequantize", ())),
        dtype=np.dtype(about["dtype"]),
        batch=about["batch"],
        scalar=about["scalar"],
        target=about.get("target", DEFAULT),
    )


def _supports(declared: list[dict[str, Any]]) -> Iterable[Interval | Circle]:
    """The supports of the conditioning variables."""
    for entry in declared:
        part = support_from_json(entry["support"])
        if isinstance(part, Interval | Circle):
            yield from [part] * len(entry["names"])


# --- reading --------------------------------------------------------------------------------------


def read(path: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """`flow.json` of a bundle, and its other files by name, each as it was written.

    Errors:  FlowError, where there is no such folder, it is of a newer format, or a file is missing
             or changed.
    """

    def broken(reason: str) -> FlowError:
        return FlowError(BrokenBundle(directory=str(path), reason=reason))

    try:
        data = (path / "flow.json").read_bytes()
        about = _parsed(data)
        if (newer := about["format"]) > FORMAT:
            raise FlowError(NewerBundle(directory=str(path), found=newer, newest=FORMAT))
        _check(about, data)
        files = {name: (path / name).read_bytes() for name in about["files"]}
    except OSError as error:
        if isinstance(error, FileNotFoundError | NotADirectoryError) and not path.is_dir():
            raise FlowError(_no_folder(path)) from None
        name, reason = Path(error.filename or path).name, error.strerror or "unreadable"
        raise broken(f"{name}: {reason.lower()}") from None
    except Damaged as damage:
        raise broken(f"flow.json {damage}") from None
    for name, expected in about["files"].items():
        if hashlib.sha256(files[name]).hexdigest() != expected:
            raise broken(f"{name} is not the file that was written")
    return about, files


def _no_folder(path: Path) -> Diagnostic:
    """That no folder is there, with the one that is meant, as far as that can be seen."""
    if path.exists():
        return FileForBundle(directory=str(path))
    return NoSuchBundle(directory=str(path), advice=_meant(path) or WRITTEN)


def _meant(path: Path) -> str:
    """Advice on a folder that is not there; nothing, where none is known."""
    if path.with_name(f"{path.name}.training").is_dir():
        return "its training is not finished: the same `flowspec fit` with `--resume` goes on"
    bundles = {each.parent.name for each in path.parent.glob("*/flow.json")}
    near = suggest(path.name, bundles)
    return f"did you mean {path.with_name(near)}?" if near else ""


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        about = json.loads(data, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Damaged("is damaged") from None
    if not isinstance(about, dict):
        raise Damaged("is damaged")
    if type(about.get("format")) is not int or about["format"] < 1:
        raise Damaged("is damaged: `format` is no format that there was")
    return dict(about)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _check(about: dict[str, Any], data: bytes) -> None:
    """Raise `Damaged` where a `flow.json` was changed, or does not hold what its format asks for.

    An earlier format has no digest, so that every field of it is all there is to be checked.
    """
    if about["format"] >= SEALED_FROM and DIGEST.findall(data) != [_digest(data)]:
        raise Damaged("is not the file that was written: its digest does not fit")
    if flaw := about_flaw(about):
        raise Damaged("is damaged: `{}` {}".format(*flaw))
    if missing := sorted(_required(about) - set(about["files"])):
        raise Damaged(f"is damaged: `files` lacks {missing[0]}")
    if outside := next((name for name in about["files"] if not OWN_FILE.fullmatch(name)), ""):
        raise Damaged(f"is damaged: `files` names {outside}, which is no file of its folder")


def _required(about: Mapping[str, Any]) -> set[str]:
    """The files that a bundle must have beside `flow.json`."""
    usual = WITH_BASE if about["format"] >= BASE_FROM else REQUIRED
    graphs = GRAPHS_OF.get(about.get("target", DEFAULT), usual)
    return {"vectors.json", *(f"{name}.onnx" for name in usual if name in graphs)}


def _digest(data: bytes) -> bytes:
    """The SHA-256 of a `flow.json` in which the digits of its digest are zeros."""
    zeros = b'"digest": "%s"' % OPEN_DIGEST.encode()
    return hashlib.sha256(DIGEST.sub(zeros, data)).hexdigest().encode()


def seal(data: bytes) -> bytes:
    """A `flow.json` with its digest in the place of `OPEN_DIGEST`."""
    return DIGEST.sub(b'"digest": "%s"' % _digest(data), data)
