"""The files of a page that shows a bundle: any web server can serve them, from any folder."""

from __future__ import annotations

import html
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from string import Template

from flowspec.data.files import new_directory
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.runtime.bundle import Bundle


@mistake
class OtherFolder(Diagnostic):
    message = "{folder} holds other files, which a page would take the place of"
    help = "name a folder that is empty, or not there yet"
    folder: str


@mistake
class FileInPlace(Diagnostic):
    message = "{path} is a file, which a page would take the place of"
    help = "name a folder that is empty, or not there yet"
    path: str


PAGE = ("index.html", "page.css", "page.js", "worker.js")
"""The files of the page itself. The scripts are built from `clients/page`."""

MODEL = "model"
"""The folder of the bundle."""

ENGINE = "ort"
"""The folder of onnxruntime-web."""


def site(bundle: Bundle, engine: Mapping[str, bytes]) -> dict[str, bytes]:
    """The content of all files, by their paths.

    engine   the files of onnxruntime-web, by name
    """
    description = (bundle.path / "flow.json").read_bytes()
    return {
        **{name: _page(name, flow_name(bundle)) for name in PAGE},
        **{f"{ENGINE}/{_served(name)}": data for name, data in engine.items()},
        f"{MODEL}/flow.json": description,
        **{f"{MODEL}/{name}": data for name, data in bundle.files.items()},
    }


def flow_name(bundle: Bundle) -> str:
    """The name that a bundle goes by: that of its folder."""
    return bundle.path.resolve().name


def write_site(files: Mapping[str, bytes], folder: Path) -> None:
    """Write a page, in the place of an earlier one.

    Errors:  FlowError, where it cannot be written, or the folder holds anything else.
    """
    _refuse_others(folder)
    with new_directory(folder) as scratch:
        for name, data in files.items():
            (scratch / name).parent.mkdir(exist_ok=True)
            (scratch / name).write_bytes(data)


def _refuse_others(folder: Path) -> None:
    """Let nothing be lost: a page takes the place of a page, of an empty folder, or of nothing."""
    if folder.is_dir():
        names = {entry.name for entry in folder.iterdir()}
        is_page = names >= set(PAGE) and names <= {*PAGE, MODEL, ENGINE}
        if names and not is_page:
            raise FlowError(OtherFolder(folder=str(folder)))
    elif folder.exists():
        raise FlowError(FileInPlace(path=str(folder)))


def _served(name: str) -> str:
    """The name of a file by which every web server knows its type: few know `.mjs`."""
    return name.removesuffix(".mjs") + ".js" if name.endswith(".mjs") else name


def _page(file: str, name: str) -> bytes:
    data = pkgutil.get_data("flowspec.view", f"page/{file}") or b""
    if not file.endswith(".html"):
        return data
    return Template(data.decode()).substitute(name=html.escape(name)).encode()
