"""A layout of a bundle, written into a new folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from flowspec.data.files import new_directory
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.export.layouts import huggingface, mlflow, triton
from flowspec.runtime.bundle import Bundle

LAYOUTS: Mapping[str, Callable[[Bundle], dict[str, bytes]]] = {
    "mlflow": mlflow.files,
    "huggingface": huggingface.files,
    "triton": triton.files,
}
"""The layouts by name: each gives the files of a bundle by their paths."""


@mistake
class PlaceTaken(Diagnostic):
    message = "{path} exists, so it is not overwritten"
    help = "choose another directory, or remove it"
    path: str


def write_layout(bundle: Bundle, layout: str, path: Path, license: str = "") -> None:
    """Write the files of a layout of `LAYOUTS`. Same bundle, same bytes.

    license   for the card of "huggingface"
    Errors:  FlowError, where something is there already, or the place cannot be written.
    """
    if os.path.lexists(path) and not (path.is_dir() and not any(path.iterdir())):
        raise FlowError(PlaceTaken(path=str(path)))
    files = huggingface.files(bundle, license) if license else LAYOUTS[layout](bundle)
    with new_directory(path) as scratch:
        for name, data in files.items():
            file = scratch / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
