"""A training of two processes goes on to the same weights after one of them was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from commands import written
from processes import children

pytest.importorskip("torch")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc here"),
]

PROGRAMS = Path(sys.executable).parent
FIT = (
    "fit it.flow --data it.csv --epochs 30 --batch-size 20 --precision 64 --accelerator cpu "
    "--checkpoint-every 0"
)


def start(here: Path, *options: str) -> subprocess.Popen[str]:
    torchrun = [str(PROGRAMS / "torchrun"), "--standalone", "--nproc-per-node", "2"]
    command = [*torchrun, str(PROGRAMS / "flowspec"), *FIT.split(), *options]
    return subprocess.Popen(
        command, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_it_is_resumed_to_the_same_weights(here):
    rows = np.random.default_rng(0).normal(size=(400, 2)).cumsum(axis=1)
    np.savetxt(here / "it.csv", rows, delimiter=",", header="a,b", comments="")
    written(here / "it.flow", "event a, b: real\nMAF(2, hidden=[8])")
    whole = start(here, "-o", "whole")
    assert whole.communicate(timeout=600)[1] is None and whole.returncode == 0

    cut = start(here, "-o", "cut")
    log = here / "cut.training" / "log.csv"
    while cut.poll() is None and not (log.exists() and len(log.read_text().splitlines()) > 4):
        time.sleep(0.01)
    assert cut.poll() is None, cut.communicate()[0]
    os.kill(children(cut.pid)[-1], signal.SIGKILL)
    cut.communicate(timeout=600)
    assert cut.returncode != 0
    assert not (here / "cut").exists()

    resumed = start(here, "-o", "cut", "--resume")
    said, _ = resumed.communicate(timeout=600)
    assert resumed.returncode == 0, said
    for name in ("flow.json", "log_prob.onnx", "training.csv"):
        assert (here / "cut" / name).read_bytes() == (here / "whole" / name).read_bytes(), name
