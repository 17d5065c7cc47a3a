"""A training that is stopped, killed or broken off goes on to the same weights, bit by bit."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import flowspec
from flowspec.ir.settings import Settings
from flowspec.train.checkpoint import Keeper
from flowspec.train.feed.opening import batches_of
from flowspec.train.training import Stopped, Training

HANGING = 1800
"""Seconds after which a process hangs, however busy the machine is."""
FLOW = (
    "event a, b: positive\nNSF(2, hidden=[8], bins=4, transforms=2) |> Standardize |> Onto(event)"
)
SETTINGS = Settings(epochs=6, batch_size=32, patience=3, learning_rate=0.02)
ROWS = np.random.default_rng(0).normal([[3.0, -1.0]], [[0.5, 2.0]], (150, 2))


def training(flow=FLOW, rows=None, settings=SETTINGS) -> Training:
    parsed = flowspec.parse(flow)
    data = np.exp(ROWS) if rows is None else rows
    return Training(parsed, batches_of(parsed, data, None, None, None, settings), settings)


@pytest.fixture(scope="module")
def undisturbed():
    return training().run().complete_weights


def assert_same(weights, others):
    assert weights.keys() == others.keys()
    for path in weights:
        np.testing.assert_array_equal(weights[path], others[path], err_msg=path)


class After:
    """Asks to stop after some steps."""

    def __init__(self, steps: int):
        self.left = steps

    def __call__(self) -> bool:
        self.left -= 1
        return self.left == 0


@pytest.mark.parametrize("steps", [1, 4, 5, 6, 13])
def test_goes_on_to_the_same_weights(tmp_path, steps, undisturbed):
    place = tmp_path / "kept.pt"
    with pytest.raises(Stopped):
        training().run(Keeper(place, stop=After(steps)))
    resumed = training()
    assert_same(resumed.run(Keeper(place, resume=True)).complete_weights, undisturbed)
    assert [epoch.number for epoch in resumed.course.history] == list(
        range(1, len(resumed.course.history) + 1)
    )


def test_a_finished_training_has_nothing_left_to_do(tmp_path, undisturbed):
    place = tmp_path / "kept.pt"
    training().run(Keeper(place))
    again = training().run(
        Keeper(place, resume=True), on_epoch=lambda epoch: pytest.fail("trained again")
    )
    assert_same(again.complete_weights, undisturbed)


def test_begins_where_nothing_is_kept(tmp_path, undisturbed):
    assert_same(
        training().run(Keeper(tmp_path / "none.pt", resume=True)).complete_weights, undisturbed
    )


def test_does_not_overwrite_what_was_kept(tmp_path):
    place = tmp_path / "kept.pt"
    with pytest.raises(Stopped):
        training().run(Keeper(place, stop=After(7)))
    before = place.read_bytes()
    with pytest.raises(flowspec.FlowError, match="stopped in epoch 2 is kept"):
        training().run(Keeper(place))
    assert place.read_bytes() == before


@pytest.mark.parametrize(
    ("other", "told"),
    [
        ({"flow": FLOW.replace("[8]", "[9]")}, "another flow"),
        ({"rows": np.exp(ROWS) * 2}, "other data"),
        (
            {"settings": Settings(epochs=6, batch_size=16, patience=3, learning_rate=0.02)},
            "another batch size: 32, not 16",
        ),
    ],
)
def test_does_not_go_on_with_something_else(tmp_path, other, told):
    place = tmp_path / "kept.pt"
    with pytest.raises(Stopped):
        training().run(Keeper(place, stop=After(3)))
    with pytest.raises(flowspec.FlowError, match=told):
        training(**other).run(Keeper(place, resume=True))


@pytest.mark.parametrize("damage", [b"", b"no checkpoint", None])
def test_tells_a_damaged_checkpoint(tmp_path, damage):
    place = tmp_path / "kept.pt"
    if damage is None:
        training().run(Keeper(place))
        damage = place.read_bytes()[:-200]
    place.write_bytes(damage)
    with pytest.raises(flowspec.FlowError, match="cannot go on"):
        training().run(Keeper(place, resume=True))


def test_a_checkpoint_runs_no_code(tmp_path):
    import pickle

    class Evil:
        def __reduce__(self):
            return Path.write_text, (tmp_path / "ran", "it ran")

    place = tmp_path / "kept.pt"
    place.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(flowspec.FlowError, match="cannot go on"):
        training().run(Keeper(place, resume=True))
    assert not (tmp_path / "ran").exists()


def test_weights_count_rows(tmp_path):
    """A row of weight 2 is a row that stands there twice."""
    settings = Settings(epochs=3, batch_size=10_000, validation=0.0)
    flow = flowspec.parse("Normal(learn(0), learn(1)) |> Standardize")
    rows, twice = np.array([0.0, 1.0, 5.0]), np.array([0.0, 1.0, 1.0, 5.0])
    weighted = flowspec.fit(flow, rows, weights=[1.0, 2.0, 1.0], settings=settings)
    repeated = flowspec.fit(flow, twice, settings=settings)
    for path, value in repeated.complete_weights.items():
        np.testing.assert_allclose(weighted.complete_weights[path], value, rtol=1e-5)


# --- the command ----------------------------------------------------------------------------------


@pytest.fixture
def command(tmp_path):
    """`flowspec fit` on a table, as a list of words without the output."""
    (tmp_path / "it.flow").write_text(FLOW)
    np.savetxt(tmp_path / "it.csv", np.exp(ROWS), delimiter=",", header="a,b", comments="")
    options = [
        "--epochs",
        "60",
        "--batch-size",
        "32",
        "--checkpoint-every",
        "0.02",
        "--patience",
        "60",
    ]
    program = str(Path(sys.executable).with_name("flowspec"))
    return [
        program,
        "fit",
        str(tmp_path / "it.flow"),
        "--data",
        str(tmp_path / "it.csv"),
        *options,
        "-o",
    ]


def _written(path: Path) -> int:
    """The moment at which a file was written; 0 if it is not there."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:  # also between two versions
        return 0


@pytest.mark.slow
def test_killed_at_random_moments_it_reaches_the_same_bytes(command, tmp_path, call):
    assert call(*command[1:], tmp_path / "whole").code == 0
    moments, kills, code = random.Random(0), 0, -signal.SIGKILL
    while code != 0:  # killed late, the bundle may be there, and the training still beside it
        running = subprocess.Popen(
            [*command, str(tmp_path / "killed"), "--resume"], stderr=subprocess.DEVNULL
        )
        kept = tmp_path / "killed.training" / "checkpoint.pt"
        before = _written(kept)
        # Three times, once it has kept something more; then it may end.
        while kills < 3 and running.poll() is None:
            if _written(kept) != before:
                time.sleep(moments.uniform(0, 0.05))
                running.send_signal(signal.SIGKILL)
                kills += 1
                break
            time.sleep(0.005)
        code = running.wait(timeout=HANGING)
        assert code in (0, -signal.SIGKILL)
    names = {path.name for path in (tmp_path / "whole").iterdir()}
    assert kills >= 2
    for name in names:
        assert (tmp_path / "whole" / name).read_bytes() == (
            tmp_path / "killed" / name
        ).read_bytes(), name
    assert not (tmp_path / "killed.training").exists()


def test_what_a_killed_training_had_half_written_goes_too(command, tmp_path, call):
    (tmp_path / "it.training").mkdir()
    (tmp_path / "it.training" / ".checkpoint.pt.x1").write_bytes(b"half of it")
    assert call(*command[1:], tmp_path / "it", "--epochs", "1").code == 0
    assert not (tmp_path / "it.training").exists()


@pytest.mark.slow
def test_ctrl_c_keeps_the_training_and_says_how_to_go_on(command, tmp_path, call):
    command[command.index("60")] = "100000"
    running = subprocess.Popen(
        [*command, str(tmp_path / "made")], stderr=subprocess.PIPE, text=True
    )
    kept, log = (tmp_path / "made.training" / name for name in ("checkpoint.pt", "log.csv"))
    while not (kept.exists() and log.exists()):
        assert running.poll() is None
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=HANGING)
    assert running.returncode == 130
    assert "add --resume to the same command" in told
    assert kept.exists()
    assert log.read_text().splitlines()[0] == (
        "number,loss,validation,rate,seconds,rows_per_second,skipped"
    )
    assert not (tmp_path / "made").exists()
    again = call(*command[1:], tmp_path / "made")
    assert again.code == 1
    assert "add `--resume` to go on with it" in again.err
