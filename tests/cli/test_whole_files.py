"""Files are written whole or not at all, whatever stops the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import flowspec
from commands import (
    ONE_LINER,
    SCRIPT,
    names,
    refused,
    written,
)
from flowspec.data.files import new_directory, write_file

SLOW_WRITE = """
import signal, sys, time
from pathlib import Path
from flowspec.data.files import new_directory, write_file
# A shell's background job would inherit it as ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
target = Path(sys.argv[2])
def stop(*arguments):
    print("half way", flush=True)
    time.sleep(600)
if sys.argv[1] == "file":
    import os
    os.fsync = stop
    write_file(target, b"new" * 1000)
else:
    with new_directory(target) as scratch:
        (scratch / "flow.json").write_bytes(b"new")
        stop()
"""


@pytest.mark.parametrize("before", [True, False], ids=["replaced", "new"])
@pytest.mark.parametrize("kind", ["file", "directory"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_a_process_that_is_stopped_leaves_the_old_or_nothing(tmp_path, kind, before, how):
    target = tmp_path / "target"
    if before:
        written(target, "old") if kind == "file" else target.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", SLOW_WRITE, kind, target],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout.readline() == b"half way\n"
        process.send_signal(how)
        process.wait(300)  # a limit against hanging, not against slowness
    if not before:
        assert not target.exists()
    elif kind == "file":
        assert target.read_text() == "old"
    else:
        assert names(target) == []
    if how == signal.SIGINT:
        assert names(tmp_path) == (["target"] if before else []), "what was begun is cleared away"


@pytest.mark.slow
def test_a_compiler_that_is_killed_leaves_the_old_or_the_new_bundle(tmp_path):
    flowspec.compile(flowspec.read(ONE_LINER), tmp_path / "made")
    other = written(tmp_path / "other.flow", "Normal(0, 1) |> Sigmoid")
    took = time.monotonic()
    subprocess.run(
        [SCRIPT, "compile", other, "-o", tmp_path / "first"], check=True, capture_output=True
    )
    took = time.monotonic() - took
    for share in np.linspace(0.6, 1.02, 4):
        process = subprocess.Popen(
            [SCRIPT, "compile", other, "-o", tmp_path / "made"], stderr=subprocess.DEVNULL
        )
        time.sleep(took * share)
        process.kill()
        process.wait()
        flowspec.load(tmp_path / "made").sample(1)


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux can exchange two directories"
)
def test_a_directory_that_is_replaced_is_there_at_every_moment(tmp_path):
    target, stop, count = (tmp_path / name for name in ("place/target", "stop", "count"))
    target.mkdir(parents=True)
    program = (
        "import sys; from pathlib import Path; from flowspec.data.files import new_directory\n"
        "while not Path(sys.argv[2]).exists():\n"
        "    with new_directory(Path(sys.argv[1])): pass\n"
        "    print(end='.', flush=True)\n"
    )
    command, looks = [sys.executable, "-c", program, target, stop], 0
    with count.open("wb") as replaced, subprocess.Popen(command, stdout=replaced) as process:
        try:
            while looks < 1000 or count.stat().st_size < 1000:
                assert os.path.isdir(target)
                assert process.poll() is None
                looks += 1
        finally:
            stop.touch()
    assert process.returncode == 0
    assert names(target.parent) == ["target"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_on_the_way_leaves_the_old_directory(tmp_path, error):
    target = tmp_path / "target"
    target.mkdir()
    written(target / "old", "old")
    with pytest.raises(error), new_directory(target) as scratch:
        written(scratch / "new", "new")
        raise error
    assert names(target) == ["old"]
    assert names(tmp_path) == ["target"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may write everywhere"
)
def test_a_folder_without_permission_is_told(call, here, bundles):
    closed = here / "closed"
    closed.mkdir(mode=0o500)
    refused(
        call("sample", bundles / "one", "-o", closed / "s.csv"), "cannot write", "permission denied"
    )
    refused(call("compile", ONE_LINER, "-o", closed / "made"), "cannot write", "permission denied")


@pytest.mark.skipif(
    not Path("/proc/self").is_dir(), reason="there is no /proc, where nobody may write"
)
def test_a_folder_that_takes_no_files_is_told(call, bundles):
    refused(
        call("sample", bundles / "one", "-o", "/proc/self/s.csv"), "cannot write /proc/self/s.csv"
    )
    refused(call("compile", ONE_LINER, "-o", "/proc/self/made"), "cannot write /proc/self/made")


def test_a_written_file_may_be_read_by_all(tmp_path):
    write_file(tmp_path / "file", b"new")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644
    with new_directory(tmp_path / "folder"):
        pass
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o755
