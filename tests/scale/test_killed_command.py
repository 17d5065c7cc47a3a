"""A command that is killed leaves no worker behind, and is resumed to the same bytes."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from commands import SCRIPT
from processes import children

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc here"),
]


def test_ten_million_samples_killed_and_resumed(bundles, here):
    options = ["-n", "10000000", "--rows-per-file", "500000", "--workers", "2", "-o"]
    sample = [str(SCRIPT), "sample", str(bundles / "one"), *options]
    assert subprocess.run([*sample, "whole"], stderr=subprocess.DEVNULL).returncode == 0

    cut = subprocess.Popen([*sample, "cut"], stderr=subprocess.DEVNULL)
    while not list((here / "cut").glob("*.parquet")) and cut.poll() is None:
        time.sleep(0.01)
    workers = children(cut.pid)
    os.kill(cut.pid, signal.SIGKILL)
    cut.wait()
    assert len(workers) >= 2
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline, "workers wait for ever"
        time.sleep(0.05)

    assert subprocess.run([*sample, "cut", "--resume"], stderr=subprocess.DEVNULL).returncode == 0
    files = sorted(path.name for path in (here / "whole").iterdir())
    assert files == sorted(path.name for path in (here / "cut").iterdir())
    assert len(files) == 21
    for name in files:
        assert (here / "cut" / name).read_bytes() == (here / "whole" / name).read_bytes()
