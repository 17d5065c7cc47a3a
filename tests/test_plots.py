"""Pictures: what is drawn is there, and the same input gives the same bytes."""

from __future__ import annotations

import io

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib import image

from flowspec import plots

RANDOM = np.random.default_rng(0)


def pixels(png: bytes) -> np.ndarray:
    return image.imread(io.BytesIO(png))[..., :3]


def near(picture: np.ndarray, colour: str) -> int:
    """Pixels of about this colour."""
    wanted = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return int((np.abs(picture - wanted).max(axis=-1) < 0.1).sum())


def normal(points: np.ndarray) -> np.ndarray:
    return -0.5 * (points**2).sum(axis=1) - 0.9189385 * points.shape[1]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_data_and_samples_are_both_drawn(size):
    names = [f"c{i}" for i in range(size)]
    data, samples = RANDOM.normal(size=(300, size)), RANDOM.normal(size=(500, size))
    with_data, without = (pixels(plots.compared(each, samples, names)) for each in (data, None))
    assert near(with_data, plots.DATA) > near(without, plots.DATA) + 100


def test_a_density_of_two_coordinates_is_drawn_as_contours():
    samples = RANDOM.normal(size=(500, 2))
    with_lines, without = (pixels(plots.compared(None, samples, ["a", "b"], each)) for each in (normal, None))
    assert near(with_lines, plots.CONTOURS) > 200 > near(without, plots.CONTOURS)


def test_a_density_of_one_coordinate_is_drawn_as_a_curve():
    samples = RANDOM.normal(size=500)
    assert plots.compared(None, samples, ["a"], normal) != plots.compared(None, samples, ["a"])


@pytest.mark.parametrize("data", [np.full((5, 2), 3.0), np.array([[1e30, 0.0], [-1e30, 1e-30]])])
def test_odd_data_is_drawn_too(data):
    assert plots.compared(data, RANDOM.normal(size=(50, 2)), ["a", "b"], normal).startswith(b"\x89PNG")


def test_the_best_epoch_is_marked():
    epochs = [(i, 5.0 / i, 4.0 / i + (i > 5)) for i in range(1, 9)]
    assert plots.course(epochs) != plots.course(epochs[:5])
    assert plots.course([]).startswith(b"\x89PNG")


def test_same_input_same_bytes():
    samples = np.random.default_rng(1).normal(size=(50, 2))
    assert plots.compared(samples, samples, ["a", "b"], normal) == plots.compared(samples, samples, ["a", "b"], normal)
