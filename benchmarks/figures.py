"""The figures of a benchmark as data. Those in `docs/figures` are shown on the site."""

from __future__ import annotations

import datetime
import json
import os
import platform
import shlex
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("flowspec", "numpy", "onnxruntime", "torch", "zuko", "jax", "flowjax", "scikit-learn")


@dataclass(frozen=True)
class Table:
    """Cells below heads, as they are shown."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


def write(path: Path, tables: Iterable[Table]) -> None:
    """Write tables, with the command that made them, when, with which versions and processor."""
    figures = {
        "command": shlex.join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *_options()]),
        "date": datetime.date.today().isoformat(),
        "machine": f"{_processor()}, {len(os.sched_getaffinity(0))} cores",
        "versions": {"python": platform.python_version(), **_versions()},
        "tables": [asdict(table) for table in tables],
    }
    path.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _options() -> list[str]:
    """The options of this run, but for the file of the figures."""
    options = sys.argv[1:]
    if "--json" in options:
        place = options.index("--json")
        del options[place : place + 2]
    return options


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
