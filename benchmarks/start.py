"""How long a person waits: `flowspec check` from a cold start, and one answer of a trained flow.

    python benchmarks/start.py [--runs 7] [--json FILE]

Each command is a fresh process; medians of interleaved runs are printed, of the time on the clock
and of that of the processor, beside those of an empty Python and of one that only imports numpy;
for `check` also the ratio of the latter two. Bytecode is written, so that none is compiled anew.
What zuko does to answer stands beside what a bundle does: import, build the flow, load its
weights, score one row. Last comes what Python adds to a density of one row, once a bundle is open.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from figures import Table, write

import flowspec

ROOT = Path(__file__).parent.parent
FLOWSPEC = str(Path(sys.executable).with_name("flowspec"))
BUNDLE = f"""
import flowspec
print(flowspec.load({str(ROOT / "exported" / "two_moons")!r}).log_prob([[0.1, 0.2]]))
"""
ZUKO = """
import torch, zuko
flow = zuko.flows.NSF(2)
flow.load_state_dict(torch.load("/dev/shm/flowspec-start.pt"))
with torch.no_grad():
    print(flow().log_prob(torch.tensor([[0.1, 0.2]])))
"""
CALLS = 5000
SAVE = (
    'import torch, zuko; torch.save(zuko.flows.NSF(2).state_dict(), "/dev/shm/flowspec-start.pt")'
)
COMMANDS = {
    "python, nothing": [sys.executable, "-c", ""],
    "python, import numpy": [sys.executable, "-c", "import numpy"],
    "flowspec check": [FLOWSPEC, "check", str(ROOT / "examples" / "one_liner.flow")],
    "flowspec check, iris": [FLOWSPEC, "check", str(ROOT / "examples" / "iris.flow")],
    "flowspec check, all": [FLOWSPEC, "check", *map(str, sorted(ROOT.glob("examples/*.flow")))],
    "flowspec sample, 1 row": [FLOWSPEC, "sample", str(ROOT / "exported" / "one_liner"), "-n", "1"],
    "bundle, 1 density": [sys.executable, "-c", BUNDLE],
    "zuko, 1 density": [sys.executable, "-c", ZUKO],
    "flowspec compile": [
        FLOWSPEC,
        "compile",
        str(ROOT / "examples" / "one_liner.flow"),
        "-o",
        "/dev/shm/flowspec-start",
    ],
}


def seconds(command: list[str]) -> tuple[float, float]:
    """Elapsed time of a process, and user and system time of all its threads."""
    before = os.times()
    subprocess.run(command, check=True, capture_output=True)
    after = os.times()
    processor = (
        after.children_user - before.children_user + after.children_system - before.children_system
    )
    return after.elapsed - before.elapsed, processor


def ratio(name: str, results: dict[str, dict[str, float]]) -> str:
    """The processor's time of a check, in those that the import of numpy takes."""
    if not name.startswith("flowspec check"):
        return ""
    times = results[name]["processor_s"] / results["python, import numpy"]["processor_s"]
    return f"   {times:.2f} times `import numpy`"


def one_row(name: str) -> tuple[float, float]:
    """Microseconds of `bundle.log_prob` and of the bare `session.run` in it, for one row; medians
    of interleaved calls."""
    bundle = flowspec.load(ROOT / "exported" / name, threads=1)
    x = bundle.sample(1)
    session, feeds = bundle.session("log_prob"), {"x": x}
    calls: list[Callable[[], object]] = [
        lambda: bundle.log_prob(x),
        lambda: session.run(["log_prob"], feeds),
    ]
    times: list[list[float]] = [[], []]
    for _ in range(CALLS):
        for call, found in zip(calls, times, strict=True):
            start = time.perf_counter()
            call()
            found.append(time.perf_counter() - start)
    of_bundle, of_session = (1e6 * float(np.median(found[100:])) for found in times)
    return of_bundle, of_session


def tables(results: dict[str, dict[str, float]]) -> list[Table]:
    """What is printed, as tables."""
    commands = [
        [name, f"{found['elapsed_s']:.2f}", f"{found['processor_s']:.2f}"]
        for name, found in results.items()
        if "elapsed_s" in found
    ]
    rows = [
        [name, f"{found['bundle_us']:.1f}", f"{found['session_us']:.1f}"]
        for name, found in results.items()
        if "bundle_us" in found
    ]
    return [
        Table("Seconds of a command", ["command", "elapsed", "of the processor"], commands),
        Table("Microseconds of a row", ["", "bundle.log_prob", "session.run in it"], rows),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    subprocess.run([sys.executable, "-c", SAVE], check=True)
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
    for _ in range(options.runs + 1):
        for name, command in COMMANDS.items():
            figures[name].append(seconds(command))
    results = {}
    for name, found in figures.items():
        # The first run fills the caches.
        elapsed, processor = (statistics.median(each) for each in zip(*found[1:], strict=True))
        results[name] = {"elapsed_s": elapsed, "processor_s": processor}
        print(f"{name:24} {elapsed:.2f} s   {processor:.2f} s of CPU{ratio(name, results)}")
    for name in ("one_liner", "two_moons"):
        of_bundle, of_session = one_row(name)
        results[f"one row, {name}"] = {"bundle_us": of_bundle, "session_us": of_session}
        around = f"{of_bundle - of_session:.1f} us around session.run"
        print(f"{'one row, ' + name:24} {of_bundle:.1f} us, {around} ({of_session:.1f} us)")
    if options.json:
        write(options.json, tables(results))


if __name__ == "__main__":
    main()
