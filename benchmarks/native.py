"""The speed of flows as plain C, against onnxruntime, zuko and flowjax: microseconds a row, one
thread.

    python benchmarks/native.py [--flows MAF NSF RealNVP] [--rows 1 16 1024 65536] [--hand FOLDER]
    python benchmarks/native.py --compile-times

Everything of a line is called in turn, and the medians are printed, those of others with their
ratio to `cc -O3`, which chooses instructions at run time. zuko is run eagerly, and its density
through torch.compile; flowjax, where it is installed, is jitted. The second form says how long
`gcc -O3` takes for each example and architecture, and how large they are. FOLDER may hold libraries
of C by hand, maf.so, nsf.so and realnvp.so, with log_prob(x, out, n) and
from_noise(noise, x, out, n) of the same shapes, for `-march=native`.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import importlib.util
import os
import re
import resource
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
from peers import Architecture, Peer, compiled, flowjax_peer

import flowspec
from flowspec.importers import from_zuko
from flowspec.language.catalogue import entries

torch.set_num_threads(1)
FLOWS = {
    "MAF": lambda: zuko.flows.MAF(16, 0, transforms=5, hidden_features=(128, 128)),
    "NSF": lambda: zuko.flows.NSF(8, 0, transforms=3, hidden_features=(64, 64)),
    "RealNVP": lambda: zuko.flows.RealNVP(16, 0, transforms=6, hidden_features=(128, 128)),
}
SHAPES = {
    "MAF": Architecture(16, 5, 128, spline=False),
    "NSF": Architecture(8, 3, 64, spline=True),
    "RealNVP": Architecture(16, 6, 128, spline=False, coupling=True),
}
BUILDS = {
    "cc -O3": ("cc", "-O3"),
    "gcc native": ("gcc", "-O3", "-march=native", "-mtune=generic"),
    "clang": ("clang", "-O3"),
    "clang native": ("clang", "-O3", "-march=native"),
}
Call = Callable[[], object]
EXAMPLES = Path(__file__).parent.parent / "examples"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flows", nargs="*", default=list(FLOWS))
    parser.add_argument("--rows", nargs="*", type=int, default=[1, 16, 1024, 65536])
    parser.add_argument("--hand", type=Path)
    parser.add_argument("--compile-times", action="store_true")
    options = parser.parse_args()
    # The other libraries have threads of their own.
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as scratch:
        if options.compile_times:
            compile_times(Path(scratch))
            return
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
    others = {"zuko compiled": compiled(flow)}
    if importlib.util.find_spec("flowjax"):
        others["flowjax"] = flowjax_peer(SHAPES[name])
    for what in ("log_prob", "from_noise", "sample", "log_prob_grad"):
        for count in counts:
            calls = {
                label: native_call(library, f"flow_{what}", what, count, size)
                for label, library in libraries.items()
                if library is not None
            }
            if hand is not None and what in ("log_prob", "from_noise"):
                by_hand = ctypes.CDLL(str(hand / f"{name.lower()}.so"))
                calls["by hand"] = hand_call(by_hand, what, count, size)
            x = numbers(count, size)
            if what == "sample":
                calls["onnxruntime"] = lambda n=count: bundle.sample(n, seed=1)
            else:
                calls["onnxruntime"] = lambda w=what, x=x: getattr(bundle, w)(x)
            if count <= 1024:
                calls["zuko"] = zuko_call(flow, what, torch.tensor(x))
            for label, peer in others.items():
                call = peer_call(peer, what, torch.tensor(x))
                if call is not None:
                    calls[label] = call
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
        "sample": (ctypes.c_int64(1), ctypes.c_int64(0), None, at[id(y)], None, n),
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

    def sample() -> object:
        with torch.no_grad():
            return flow().sample((len(x),))

    calls = {"log_prob": log_prob, "from_noise": from_noise, "sample": sample}
    return {**calls, "log_prob_grad": gradient}[what]


def peer_call(peer: Peer, what: str, x: torch.Tensor) -> Call | None:
    if what == "log_prob":
        return lambda: peer.log_prob(x)
    draw = peer.sample
    return None if draw is None or what != "sample" else lambda: draw(len(x))


def interleaved(calls: dict[str, Call], count: int) -> dict[str, float]:
    """The median time of each, in microseconds a row."""
    for call in calls.values():
        call()
    times: dict[str, list[float]] = {label: [] for label in calls}
    repeats = max(1, 200 // count)
    stop = time.perf_counter() + 1.5
    while time.perf_counter() < stop or len(times["cc -O3"]) < 5:
        for label, call in calls.items():
            slow = label not in (*BUILDS, "by hand")
            turns = 1 if slow else repeats
            start = time.perf_counter()
            for _ in range(turns):
                call()
            times[label].append((time.perf_counter() - start) / turns / count * 1e6)
    return {label: statistics.median(found) for label, found in times.items()}


def compile_times(scratch: Path) -> None:
    """How long gcc -O3 takes for each example and each architecture of the registry."""
    flows = {path.stem: flowspec.parse(path.read_text()) for path in EXAMPLES.glob("*.flow")}
    for entry in entries():
        with contextlib.suppress(flowspec.FlowError):  # a macro that is no architecture
            if entry.kind == "macro":
                flows[entry.name] = flowspec.parse(f"{entry.name}(8)")
    for name, flow in flows.items():
        folder = scratch / name
        torch.manual_seed(0)
        model = flowspec.to_torch(flow).to_model()
        flowspec.compile(model, folder, name="flow", native=True)
        text, made = folder / "native" / "flow.c", folder / "flow.o"
        start = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run(["gcc", "-O3", "-c", "-o", made, text], check=True)
        seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - start
        stack = re.search(r"_STACK (\d+)", text.with_suffix(".h").read_text())
        sizes = f"{text.stat().st_size / 1e6:6.2f} MB of C  {made.stat().st_size / 1e6:6.2f} MB"
        print(
            f"{name:20}{seconds:6.1f} s  {sizes}  stack {stack[1] if stack else '-':>8}", flush=True
        )


def line_of(times: dict[str, float]) -> str:
    own = times["cc -O3"]
    return "  ".join(
        f"{label} {value:.2f}" + ("" if label == "cc -O3" else f" ({value / own:.2f})")
        for label, value in times.items()
    )


if __name__ == "__main__":
    main()
