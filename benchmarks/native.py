"""The speed of flows as plain C, against onnxruntime and zuko: microseconds a row, one thread.

    python benchmarks/native.py [--flows MAF NSF RealNVP] [--rows 1 16 1024 65536] [--hand FOLDER]

Everything of a line is called in turn, and the medians are printed, those of others with their
ratio to `cc -O3`, which chooses instructions at run time. FOLDER may hold libraries of C by hand,
maf.so, nsf.so and realnvp.so, with log_prob(x, out, n) and from_noise(noise, x, out, n) of the same
shapes, for `-march=native`.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
import zuko

import flowspec
from flowspec.importers import from_zuko

torch.set_num_threads(1)
FLOWS = {
    "MAF": lambda: zuko.flows.MAF(16, 0, transforms=5, hidden_features=(128, 128)),
    "NSF": lambda: zuko.flows.NSF(8, 0, transforms=3, hidden_features=(64, 64)),
    "RealNVP": lambda: zuko.flows.RealNVP(16, 0, transforms=6, hidden_features=(128, 128)),
}
BUILDS = {
    "cc -O3": ("cc", "-O3"),
    "gcc native": ("gcc", "-O3", "-march=native", "-mtune=generic"),
    "clang": ("clang", "-O3"),
    "clang native": ("clang", "-O3", "-march=native"),
}
Call = Callable[[], object]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", nargs="*", default=list(FLOWS))
    parser.add_argument("--rows", nargs="*", type=int, default=[1, 16, 1024, 65536])
    parser.add_argument("--hand", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.flows:
            measure(name, options.rows, Path(scratch), options.hand)


def measure(name: str, counts: list[int], scratch: Path, hand: Path | None) -> None:
    torch.manual_seed(1)
    flow = FLOWS[name]()
    with torch.no_grad():
        for weight in flow.parameters():
            weight.add_(0.02 * torch.randn_like(weight))
    folder = flowspec.compile(
        from_zuko(flow), scratch / name, name="flow", native=True, gradient="log_prob"
    )
    bundle = flowspec.load(folder, threads=1)
    libraries = {label: built(folder, label, line) for label, line in BUILDS.items()}
    print(f"\n{name}: {(folder / 'native' / 'flow.c').stat().st_size / 1e6:.2f} MB of C")
    size = len(bundle.columns)
    for what in ("log_prob", "from_noise", "log_prob_grad"):
        for count in counts:
            calls = {
                label: native_call(library, f"flow_{what}", what, count, size)
                for label, library in libraries.items()
                if library is not None
            }
            if hand is not None and what != "log_prob_grad":
                by_hand = ctypes.CDLL(str(hand / f"{name.lower()}.so"))
                calls["by hand"] = hand_call(by_hand, what, count, size)
            x = numbers(count, size)
            calls["onnxruntime"] = lambda w=what, x=x: getattr(bundle, w)(x)
            if count <= 1024:
                calls["zuko"] = zuko_call(flow, what, torch.tensor(x))
            print(f"  {what:14}{count:6} rows  {line_of(interleaved(calls, count))}", flush=True)


def built(folder: Path, label: str, line: tuple[str, ...]) -> ctypes.CDLL | None:
    """A library of the C; None where the compiler is missing."""
    program, *flags = line
    if shutil.which(program) is None:
        return None
    library = folder / f"{label.replace(' ', '_')}.so"
    start = time.perf_counter()
    command = [program, *flags, "-shared", "-fPIC", "-o", library, folder / "native" / "flow.c"]
    subprocess.run(command, check=True)
    seconds = time.perf_counter() - start
    print(f"{label}: compiled in {seconds:.1f} s, {os.path.getsize(library) / 1e6:.2f} MB")
    return ctypes.CDLL(str(library))


def numbers(count: int, size: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, size)).astype(np.float32)


def native_call(library: ctypes.CDLL, symbol: str, what: str, count: int, size: int) -> Call:
    function, x = getattr(library, symbol), numbers(count, size)
    log_prob, y = np.zeros(count, np.float32), np.zeros_like(x)
    kept = [x, log_prob, y]
    at = {id(a): ctypes.c_void_p(a.ctypes.data) for a in kept}
    n = ctypes.c_size_t(count)
    arguments = {
        "log_prob": (at[id(x)], None, at[id(log_prob)], n),
        "from_noise": (at[id(x)], None, at[id(y)], at[id(log_prob)], n),
        "log_prob_grad": (at[id(x)], None, at[id(log_prob)], at[id(y)], None, n),
    }[what]

    def call() -> object:
        function(*arguments)
        return kept

    return call


def hand_call(library: ctypes.CDLL, what: str, count: int, size: int) -> Call:
    function, x = getattr(library, what), numbers(count, size)
    log_prob, y = np.zeros(count, np.float32), np.zeros_like(x)
    kept = [x, y, log_prob] if what == "from_noise" else [x, log_prob]
    arguments = [*(ctypes.c_void_p(a.ctypes.data) for a in kept), ctypes.c_size_t(count)]

    def call() -> object:
        function(*arguments)
        return kept

    return call


def zuko_call(flow: zuko.flows.Flow, what: str, x: torch.Tensor) -> Call:
    def log_prob() -> object:
        with torch.no_grad():
            return flow().log_prob(x)

    def from_noise() -> object:
        with torch.no_grad():
            return flow().transform.inv.call_and_ladj(x)

    def gradient() -> object:
        point = x.clone().requires_grad_()
        return torch.autograd.grad(flow().log_prob(point).sum(), point)

    return {"log_prob": log_prob, "from_noise": from_noise, "log_prob_grad": gradient}[what]


def interleaved(calls: dict[str, Call], count: int) -> dict[str, float]:
    """The median time of each, in microseconds a row."""
    for call in calls.values():
        call()
    times: dict[str, list[float]] = {label: [] for label in calls}
    repeats = max(1, 200 // count)
    stop = time.perf_counter() + 1.5
    while time.perf_counter() < stop or len(times["cc -O3"]) < 5:
        for label, call in calls.items():
            slow = label in ("zuko", "onnxruntime")
            turns = 1 if slow else repeats
            start = time.perf_counter()
            for _ in range(turns):
                call()
            times[label].append((time.perf_counter() - start) / turns / count * 1e6)
    return {label: statistics.median(found) for label, found in times.items()}


def line_of(times: dict[str, float]) -> str:
    own = times["cc -O3"]
    return "  ".join(
        f"{label} {value:.2f}" + ("" if label == "cc -O3" else f" ({value / own:.2f})")
        for label, value in times.items()
    )


if __name__ == "__main__":
    main()
