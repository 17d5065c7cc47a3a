"""Estimates of the time that a training takes come from the steps that were timed."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("torch")

from flowspec.cli import progress
from flowspec.diagnostics.quantities import time_in_words
from flowspec.train.pace import Pace


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def estimates(seconds: np.ndarray) -> list[tuple[float, float | None, float]]:
    """After each step: the share that is done, the estimate, and the time that is left."""
    clock = Clock()
    pace, steps, left = Pace(clock), len(seconds), float(seconds.sum())
    rows = []
    for number, duration in enumerate(seconds.tolist(), 1):
        clock.now += duration
        left -= duration
        pace.step(number / steps)
        rows.append((number / steps, pace.remaining, left))
    return rows


@pytest.mark.parametrize("start_up", [0.0, 5.0, 500.0])
def test_after_a_twentieth_the_estimate_is_within_a_fifth(start_up):
    durations = np.random.default_rng(0).gamma(4.0, 0.05, 2000)
    durations[0] += start_up
    durations[49::50] += 0.5  # validation, at the end of each epoch
    for done, estimate, left in estimates(durations):
        if 0.05 <= done <= 0.99:
            assert estimate == pytest.approx(left, rel=0.2)


def test_before_steps_are_timed_nothing_is_said():
    assert [row[1] for row in estimates(np.ones(3))] == [None] * 3


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(40, "40 s"), (300, "5 min"), (12_600, "3.5 h"), (200_000, "2.3 days")],
)
def test_times_are_said_as_people_say_them(seconds, words):
    assert time_in_words(seconds) == words


@pytest.mark.parametrize(("step", "told"), [(1.0, "100 epochs take about 17 min\n"), (0.01, "")])
def test_a_long_training_is_told_at_its_start(capsys, step, told):
    training = SimpleNamespace(done=0.0, settings=SimpleNamespace(epochs=100))
    shown = progress.Progress(training)
    shown.pace = Pace(Clock())
    for number in range(1, 400):
        shown.pace._clock.now += step
        training.done = number / 1000
        shown.step()
    assert capsys.readouterr().err == told
