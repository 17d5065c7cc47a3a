"""Of two trainings into one directory the second is refused while the first is alive."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import flowspec
from flowspec.data.locks import held
from flowspec.data.tables.write import write_table

HOLDING = """
import sys, time
from pathlib import Path
from flowspec.data.locks import held
with held(Path(sys.argv[1]), "made"):
    print("held", flush=True)
    time.sleep(600)
"""
ROWS = np.random.default_rng(0).normal(size=(40, 1))
FIT = ("fit", "it.flow", "--data", "data.csv", "-o", "made", "--epochs", 1)


@pytest.fixture
def files(here):
    Path("it.flow").write_text("event x\nNormal(learn(0), learn(1))")
    write_table("data.csv", ["x"], ROWS.T)


@pytest.fixture
def other(files):
    """Another process that holds the lock of `made`."""
    place = Path("made.training", "lock")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, place], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline().strip() == b"held"
        yield process
        process.kill()


@pytest.mark.parametrize("option", [(), ("--resume",), ("--restart",)])
def test_the_second_training_is_refused_in_words(call, other, option):
    answer = call(*FIT, *option)
    assert answer.code == 1 and not Path("made").exists()
    assert answer.err == (
        f"error[already-training]: process {other.pid} is training into made\n"
        "  = help: wait for it to end, or choose another directory (`-o`)\n"
    )
    with pytest.raises(flowspec.FlowError, match="is training into made"):
        flowspec.fit(flowspec.read("it.flow"), ROWS, output="made")


def test_a_process_that_was_killed_holds_nothing(call, other):
    other.kill()
    other.wait()
    assert Path("made.training", "lock").exists()
    assert call(*FIT).code == 0
    assert Path("made").exists() and not Path("made.training").exists()


def test_the_second_training_of_one_process_is_refused(files):
    flow, places = flowspec.read("it.flow"), []

    def again(epoch):
        with pytest.raises(flowspec.FlowError, match="is training into made"):
            flowspec.fit(flow, ROWS, output="made", epochs=1)
        places.append(flowspec.fit(flow, ROWS, output="other", epochs=1))

    flowspec.fit(flow, ROWS, output="made", epochs=1, on_epoch=again)
    assert len(places) == 1 and Path("other").exists() and not Path("made.training").exists()


def test_beginning_anew_does_not_let_go_of_the_place(tmp_path):
    from flowspec.train.run import Place

    place = Place(tmp_path / "made")
    with place.held():
        place.forget()
        with pytest.raises(flowspec.FlowError, match="is training into"), place.held():
            pass
    assert list(tmp_path.iterdir()) == []


def test_a_lock_is_let_go_of_when_the_block_fails(tmp_path):
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), held(tmp_path / "it" / "lock", "it"):
            raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(flowspec.FlowError, match="cannot write"),
        held(tmp_path / "file" / "it.training" / "lock", "it"),
    ):
        pass
