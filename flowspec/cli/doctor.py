"""`flowspec doctor`: what is installed, what each extra would add, and whether it works."""

from __future__ import annotations

import importlib.util
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import click

from flowspec.cli.options import FORMAT, print_json, table
from flowspec.version import VERSION

EXTRAS = {
    "train": "`flowspec fit`, PyTorch modules, and reading weights of PyTorch",
    "plot": "`flowspec plot`, and the pictures of `flowspec fit`",
    "parquet": "tables of Parquet",
    "zuko": "`flowspec import` of flows trained with zuko",
    "judge": "`flowspec judge`: verdicts on fits",
    "tune": "`flowspec fit --tune`: a search for the best sizes and settings",
    "dask": "`--engine dask`: tables scored and sampled on a cluster",
    "ray": "`--engine ray`: the same on a cluster of Ray",
    "lsp": "`flowspec lsp`: flows in editors",
    "notebook": "flows in notebooks: `%%flow`, pictures, sliders",
}
"""What the extras of the package are for."""

PROGRAMS = {
    "cc": "`--runtime native`: the C of a bundle is built with it",
    "clang": "`flowspec compile --wasm`, together with wasm-ld",
    "wasm-ld": "`flowspec compile --wasm`, together with clang",
    "node": "bundles in JavaScript: clients/js",
}
"""Programs of the system that something of FlowSpec runs."""

SELF_TEST = "Normal(0, 1) |> Affine(0, 2) |> Tanh |> Affine(0.5, 0.5)"


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    version   empty where the thing is missing
    what      what it is for; of something missing that is needed, why it is missing
    needed    False for what FlowSpec runs without
    """

    name: str
    version: str
    what: str
    needed: bool = False

    @property
    def is_right(self) -> bool:
        return bool(self.version) or not self.needed


@click.command(short_help="What is installed, what extras would add, and a self-test.")
@FORMAT
def command(form: str) -> None:
    """Look at this installation: versions, extras, compilers; then compile a flow and replay it.

    Ends with exit code 1 where something that FlowSpec needs is missing or does not work.

    Example: flowspec doctor
    """
    groups = {
        "packages": list(needed()),
        "extras": [extra(name, what) for name, what in EXTRAS.items()],
        "programs": [program(name, what) for name, what in PROGRAMS.items()],
        "self-test": [self_test()],
    }
    if form == "json":
        print_json({title: [asdict(each) for each in group] for title, group in groups.items()})
    else:
        _print(groups)
    if not all(each.is_right for group in groups.values() for each in group):
        sys.exit(1)


def _print(groups: dict[str, list[Finding]]) -> None:
    click.echo(f"FlowSpec {VERSION}, Python {platform.python_version()}, {platform.platform()}")
    for title, group in groups.items():
        rows = [(title, "version", "for")]
        for each in group:
            missing = "MISSING" if each.needed else "-"
            rows.append((each.name, each.version or missing, each.what))
        click.echo(f"\n{table(rows)}")
    absent = [each.name for each in groups["extras"] if not each.version]
    if absent:
        click.echo(f'\nTo add what is missing: pip install "flowspec[{",".join(absent)}]"')


def needed() -> Iterator[Finding]:
    """The packages that FlowSpec does not run without."""
    for name in _requirements(None):
        yield Finding(name, version_of(name), "FlowSpec itself", needed=True)


def extra(name: str, what: str) -> Finding:
    """An extra, with the versions of its packages where all of them are installed."""
    packages = {package: version_of(package) for package in _requirements(name)}
    versions = ", ".join(f"{package} {version}" for package, version in packages.items())
    return Finding(name, versions if all(packages.values()) else "", what)


def _requirements(extra: str | None) -> list[str]:
    """The packages that the metadata of FlowSpec name, of an extra or without one."""
    found = []
    for line in metadata.requires("flowspec") or []:
        name = re.match(r"[\w.-]+", line)
        marker = re.search(r"extra == ['\"]([\w-]+)['\"]", line)
        if name and (marker[1] if marker else None) == extra:
            found.append(name[0])
    return found


def version_of(package: str) -> str:
    """The version of an installed package, empty where there is none."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def program(name: str, what: str) -> Finding:
    """A program of the system with the first line that it says about its version."""
    path = shutil.which(name)
    if path is None:
        return Finding(name, "", what)
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return Finding(name, "", f"{what}; {path} does not run")
    lines = done.stdout.splitlines() or ["?"]
    version = re.search(r"\d+(\.\d+)+", lines[0])
    return Finding(name, version[0] if version else lines[0].strip(), what)


def self_test() -> Finding:
    """A flow compiled, and its vectors replayed."""
    missing = [name for name in ("onnxruntime", "onnx") if importlib.util.find_spec(name) is None]
    if missing:
        return Finding("a flow", "", f"needs {' and '.join(missing)}", needed=True)
    from flowspec.export.bundle import compile
    from flowspec.language.reading import parse
    from flowspec.runtime.bundle import load
    from flowspec.runtime.verification import verify

    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = compile(parse(SELF_TEST), Path(folder) / "flow")
            load(path).sample(5, seed=1)
            failed = [check.graph for check in verify(path) if not check.passed]
        except Exception as error:  # whatever it is, it is the answer
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            return Finding("a flow", "", first, needed=True)
    if failed:
        return Finding("a flow", "", f"vectors fail: {', '.join(failed)}", needed=True)
    seconds = time.perf_counter() - start
    return Finding("a flow", "works", f"compiled, sampled, replayed in {seconds:.1f} s", True)
