"""Large flows: seconds and memory to compile, open and run them.

    python benchmarks/large_flows.py [--flows "NSF(200)" ...] [--json FILE]

Each flow takes a process of its own, whose largest memory is told with the size of the bundle.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from figures import Table, write

FLOWS = (
    "NSF(63, transforms=10, hidden=[512, 512])",
    "NSF(200)",
    "NSF(200, transforms=5, hidden=[512, 512])",
    "MAF(1024, hidden=[64])",
    "MAF(4096, hidden=[64])",
    "RealNVP(4096, hidden=[64])",
    "NSF(1024, transforms=4, hidden=[1024, 1024])",
)
RUN = """
import json, resource, sys, time
import numpy as np
import flowspec
times = [time.perf_counter()]
def lap():
    times.append(time.perf_counter())
flow = flowspec.parse(sys.argv[1]); lap()
weights = sum(int(np.prod(np.shape(value.init))) for value in flow.learned().values())
flowspec.compile(flow, sys.argv[2]); lap()
bundle = flowspec.load(sys.argv[2]); bundle.log_prob(bundle.sample(1)); lap()
x = bundle.sample(64); lap()
bundle.log_prob(x); lap()
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(json.dumps([weights, *np.diff(times), memory]))
"""
HEADS = ("flow", "million weights", "checked", "compiled", "opened", "64 samples", "64 densities",
         "GB of memory", "MB of the bundle")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--flows", nargs="+", default=FLOWS)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    lines = []
    for text in options.flows:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place, "bundle")
            command = [sys.executable, "-c", RUN, text, folder]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:  # the memory lacks, say
                print(f"flow: {text}   {done.stderr.strip().splitlines()[0]}")
                continue
            weights, *seconds, memory = json.loads(done.stdout.splitlines()[-1])
            size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        cells = [f"{weights / 1e6:.1f}", *(f"{each:.1f} s" for each in seconds), f"{memory:.1f}"]
        lines.append([text, *cells, f"{size / 1e6:.0f}"])
        print("   ".join(f"{head}: {cell}" for head, cell in zip(HEADS, lines[-1], strict=True)))
    if options.json:
        write(options.json, [Table("Large flows", HEADS, lines)])


if __name__ == "__main__":
    main()
