"""How long a person waits: CPU time of `flowspec check` from a cold start, and of one answer from a bundle.

    python benchmarks/start.py [RUNS]

Each command is a fresh process; the medians of interleaved runs are printed, beside those of an empty Python and of one
that only imports numpy.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
FLOWSPEC = str(Path(sys.executable).with_name("flowspec"))
COMMANDS = {
    "python, nothing": [sys.executable, "-c", ""],
    "python, import numpy": [sys.executable, "-c", "import numpy"],
    "flowspec check": [FLOWSPEC, "check", str(ROOT / "examples" / "one_liner.flow")],
    "flowspec check, iris": [FLOWSPEC, "check", str(ROOT / "examples" / "iris.flow")],
    "flowspec sample, 1 row": [FLOWSPEC, "sample", str(ROOT / "exported" / "one_liner"), "-n", "1"],
    "flowspec compile": [FLOWSPEC, "compile", str(ROOT / "examples" / "one_liner.flow"), "-o", "/dev/shm/flowspec-start"],
}


def cpu_seconds(command: list[str]) -> float:
    """User and system time of a process and its threads."""
    before = os.times()
    subprocess.run(command, check=True, capture_output=True)
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


def main(runs: int) -> None:
    figures: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(runs + 1):
        for name, command in COMMANDS.items():
            figures[name].append(cpu_seconds(command))
    for name, seconds in figures.items():
        # The first run fills the caches.
        print(f"{name:24} {statistics.median(seconds[1:]):.3f} s of CPU")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
