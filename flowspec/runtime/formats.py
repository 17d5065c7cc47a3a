"""The files of a bundle, read and checked: one reader for each format that was ever
written.

A new format gets the next number, a reader here, and bundles of it under
`tests/bundles/`. Readers of earlier formats stay: what was written once is opened for
ever.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.support.registry import from_json as support_from_json
from flowspec.support.support import Interval

FORMAT = 1
"""The format that is written now, into `flow.json`."""

GRAPHS = frozenset({"log_prob.onnx", "sample.onnx", "from_noise.onnx"})
REQUIRED = GRAPHS | {"vectors.json"}


@mistake
class BrokenBundle(Diagnostic):
    message = "{directory} is not a complete bundle: {reason}"
    help = "write it again with `flowspec compile`"
    directory: str
    reason: str


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
    supports   of the conditioning variables
    """

    columns: tuple[str, ...]
    context: tuple[str, ...]
    supports: tuple[Interval, ...]
    noise: tuple[str, ...]
    dequantized: tuple[str, ...]
    dtype: np.dtype[Any]
    batch: int | None
    scalar: bool


class Damaged(Exception):
    """`flow.json` does not hold what its format asks for."""


def describe(about: Mapping[str, Any]) -> Description:
    """The content of `flow.json`, by the reader of its format.

    Errors:  Damaged.
    """
    try:
        return READERS[about["format"]](about)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise Damaged from error


def read(path: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """`flow.json` of a bundle, and its other files by name, each as it was written.

    Errors:  FlowError, where it is of a newer format, or a file is missing or changed.
    """

    def broken(reason: str) -> FlowError:
        return FlowError(BrokenBundle(directory=str(path), reason=reason))

    try:
        about = _parsed((path / "flow.json").read_bytes())
        if (newer := about["format"]) > max(READERS):
            raise FlowError(NewerBundle(directory=str(path), found=newer, newest=max(READERS)))
        describe(about)
        files = {name: (path / name).read_bytes() for name in _hashes(about)}
    except OSError as error:
        name, reason = Path(error.filename or path).name, error.strerror or "unreadable"
        raise broken(f"{name}: {reason.lower()}") from None
    except Damaged:
        raise broken("flow.json is damaged") from None
    for name, expected in _hashes(about).items():
        if hashlib.sha256(files[name]).hexdigest() != expected:
            raise broken(f"{name} is not the file that was written")
    return about, files


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        about = json.loads(data)
    except (ValueError, RecursionError):
        raise Damaged from None
    _need(isinstance(about, dict) and type(about.get("format")) is int and about["format"] > 0)
    return dict(about)


def _hashes(about: Mapping[str, Any]) -> dict[str, str]:
    """The SHA-256 of each other file of the bundle. All of them lie in its own folder."""
    hashes: Any = about.get("files")
    _need(isinstance(hashes, dict))
    for name, expected in hashes.items():
        _need(isinstance(expected, str) and Path(name).name == name)
    _need(set(hashes) >= REQUIRED)
    return dict(hashes)


def _need(holds: bool) -> None:
    if not holds:
        raise Damaged


def _names(names: Any) -> tuple[str, ...]:
    """A list of names."""
    _need(isinstance(names, list) and all(isinstance(name, str) for name in names))
    return tuple(names)


# --- readers, one for each format -----------------------------------------------------------------


def _format_1(about: Mapping[str, Any]) -> Description:
    columns, context, noise = (_names(about[name]) for name in ("columns", "context", "noise"))
    dtype, batch, scalar, flow = (about[name] for name in ("dtype", "batch", "scalar", "flow"))
    _need(dtype in ("float32", "float64"))
    _need(batch is None or (type(batch) is int and batch > 0))
    _need(isinstance(scalar, bool))
    _need(len(columns) == 1 if scalar else bool(columns))
    _need(isinstance(flow, dict))
    supports = tuple(_supports(flow.get("context") or []))
    _need(len(supports) == len(context))
    dequantized = _names(flow.get("train", {}).get("dequantize", []))
    return Description(
        columns, context, supports, noise, dequantized, np.dtype(dtype), batch, scalar
    )


def _supports(declared: list[dict[str, Any]]) -> Iterable[Interval]:
    """The supports of the conditioning variables."""
    for entry in declared:
        part = support_from_json(entry["support"]).interval
        if part is not None:
            yield from [part] * len(entry["names"])


READERS: Mapping[int, Callable[[Mapping[str, Any]], Description]] = {1: _format_1}
"""Every format that is read."""
