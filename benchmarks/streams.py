"""Large tables: the same bytes by one worker and by two, one of which is killed on the way.

    python benchmarks/streams.py [--rows 100000000] [--bundle exported/two_peaks] [--json FILE]

Draws the rows into a folder, ends that on the way and resumes it, scores them by one worker, and by
two of which one is killed. Prints seconds, rows a second, the largest memory of a process, and
whether the bytes are the same. It takes some minutes and some gigabytes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from engines import busiest
from figures import Table, write

ROOT = Path(__file__).parent.parent
FLOWSPEC = [sys.executable, "-c", "from flowspec.cli.main import main; main()"]


def timed(*command: object, killed_after: int | None = None, whole: bool = False) -> float:
    """Seconds of a command of FlowSpec.

    killed_after   files after which its busiest worker is killed
    whole          True to kill the command itself with it
    """
    start = time.perf_counter()
    process = subprocess.Popen([*FLOWSPEC, *map(str, command)], stderr=subprocess.DEVNULL)
    folder = Path(str(command[command.index("-o") + 1]))
    if killed_after is not None:
        while len(list(folder.glob("*.parquet"))) < killed_after and process.poll() is None:
            time.sleep(0.02)
        worker = busiest(process.pid)
        for victim in [process.pid] * whole + [worker] * (worker is not None):
            os.kill(victim, signal.SIGKILL)
    code = process.wait()
    assert whole or code == 0, code
    return time.perf_counter() - start


def digest(folder: Path) -> str:
    """Of the bytes of the files of a folder."""
    total = hashlib.sha256()
    for path in sorted(folder.glob("*.parquet")):
        total.update(path.name.encode())
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--bundle", type=Path, default=ROOT / "exported" / "two_peaks")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    lines: list[list[str]] = []

    def tell(what: str, seconds: float, same: str) -> None:
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
        line = [what, f"{seconds:.0f}", f"{options.rows / seconds:,.0f}", f"{memory:.0f}", same]
        lines.append(line)
        print("{:44}{:>9}{:>12}{:>8}   {}".format(*line), flush=True)

    print(f"{'':44}{'seconds':>9}{'rows/s':>12}{'MB':>8}   the same bytes")
    with tempfile.TemporaryDirectory() as place:
        table, again, one, two = (Path(place, name) for name in ("t", "t2", "one", "two"))
        sample = ("sample", options.bundle, "-n", options.rows, "--seed", 1)
        tell("sampled, two workers", timed(*sample, "-o", table, "--workers", 2), "")
        half = options.rows // 2_000_000
        seconds = timed(*sample, "-o", again, "--workers", 2, killed_after=half, whole=True)
        seconds += timed(*sample, "-o", again, "--workers", 2, "--resume")
        tell("the same, killed half way and resumed", seconds, str(digest(table) == digest(again)))
        shutil.rmtree(again)
        score = ("score", options.bundle, "--data", table)
        tell("scored, one worker", timed(*score, "-o", one, "--workers", 1), "")
        seconds = timed(*score, "-o", two, "--workers", 2, killed_after=half)
        same = str(digest(one) == digest(two))
        tell("scored, two workers, one of them killed", seconds, same)
    if options.json:
        heads = ["", "seconds", "rows/s", "MB of the largest process", "the same bytes"]
        write(
            options.json, [Table(f"{options.rows:,} rows of {options.bundle.name}", heads, lines)]
        )


if __name__ == "__main__":
    main()
