"""What the header of a native flow says of memory, and what gcc and the sanitizers see."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

import flowspec

pytestmark = pytest.mark.slow

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")
FLOWS = {
    "network": "MAF(2, transforms=1, hidden=[4])",
    "mixture": "Mixture([0.3, 0.7], Normal(0, 1) |> Exp, Gumbel(0, 2))",
    "circle": "event a: circle(-pi, pi)\nNCSF(1, transforms=1, bins=3, hidden=[4]) |> Onto(event)",
}


def frames(folder, source: str, flags: str = "-O2") -> dict[str, int]:
    """Bytes of the stack that each function of a file takes."""
    line = ["gcc", "-std=c99", *flags.split(), "-DFLOWSPEC_NO_DISPATCH", "-fstack-usage", "-c"]
    subprocess.run([*line, source, "-o", folder / "flow.o"], check=True)
    lines = [line.split("\t") for line in (folder / "flow.su").read_text().splitlines()]
    kinds = {kind for _, _, kind in lines}  # bounded: for the arguments of calls
    assert kinds <= {"static", "dynamic,bounded"}, "a frame grows as it runs"
    found: dict[str, int] = {}
    for place, size, _ in lines:
        name = place.rpartition(":")[2]
        found[name] = max(found.get(name, 0), int(size))
    return found


def deepest(sizes: dict[str, int]) -> int:
    """Bytes of the deepest chain: a function that callers see, one over rows, a product."""
    products = [size for name, size in sizes.items() if name.startswith(("dense", "several"))]
    seen = [size for name, size in sizes.items() if name.startswith("flow_")]
    rest = [size for name, size in sizes.items() if re.match(r"\w+_(row|tile)", name)]
    return max(seen) + max(rest) + max(products, default=0)


@needs_gcc
@pytest.mark.parametrize("flags", ["-O1", "-O2 -mavx512f -mavx512dq -mavx512vl"])
def test_the_stack_stays_below_the_figure_in_the_header(small_bundle, tmp_path, flags):
    source = small_bundle / "native" / "flow.c"
    stated = int(re.search(r"FLOW_STACK (\d+)", source.with_suffix(".h").read_text()).group(1))
    needed = deepest(frames(tmp_path, source, flags))
    assert stated / 2 < needed <= stated


@needs_gcc
def test_the_stack_of_a_wide_flow_holds_what_stands_between_its_functions(tmp_path):
    flow = flowspec.parse("MAF(80, transforms=1, hidden=[4])")
    source = flowspec.compile(flow, tmp_path / "flow", native=True) / "native" / "flow.c"
    stated = int(re.search(r"FLOW_STACK (\d+)", source.with_suffix(".h").read_text()).group(1))
    needed = deepest(frames(tmp_path, source, "-O1"))
    assert stated / 2 < needed <= stated


def test_nothing_is_called_that_the_file_does_not_hold(small_bundle, tmp_path):
    """Neither memory that is asked for, nor an elementary function of the library of C."""
    if shutil.which("gcc") is None or shutil.which("nm") is None:
        pytest.skip("there is no gcc or no nm")
    source = small_bundle / "native" / "flow.c"
    line = ["gcc", "-std=c99", "-O1", "-DFLOWSPEC_NO_DISPATCH", "-c", source]
    subprocess.run([*line, "-o", tmp_path / "flow.o"], check=True)
    said = subprocess.run(["nm", "-u", tmp_path / "flow.o"], capture_output=True, text=True)
    known = {"memcpy", "memset", "__stack_chk_fail", "_GLOBAL_OFFSET_TABLE_"}
    assert set(re.findall(r"U (\w+)", said.stdout)) <= known


@needs_gcc
@pytest.mark.parametrize("name", FLOWS)
def test_the_sanitizers_see_nothing_in_a_replay(tmp_path, name):
    flow = flowspec.parse(FLOWS[name])
    bundle = flowspec.compile(flow, tmp_path / "b", native=True, gradient="log_prob", name="flow")
    flags = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
    sources = [bundle / "native" / file for file in ("flow.c", "replay.c")]
    line = ["gcc", "-std=c99", "-O1", "-DFLOWSPEC_NO_DISPATCH", *flags]
    subprocess.run([*line, *sources, "-o", tmp_path / "replay", "-lm"], check=True)
    done = subprocess.run([tmp_path / "replay"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
