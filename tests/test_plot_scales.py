"""Axes of pictures: what they show, and in which bins."""

from __future__ import annotations

import io

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib import image

from flowspec.plots import style
from flowspec.plots.histogram import bins
from flowspec.plots.samples import ON_TOP, compared, spread
from flowspec.plots.scales import Scale, scale_of

RANDOM = np.random.default_rng(0)
NONE = np.empty(0)
SKEWED = np.exp(RANDOM.normal(0, 2, 3000))


def test_an_axis_of_skewed_positive_numbers_is_logarithmic():
    assert scale_of(SKEWED, SKEWED).is_log and scale_of(NONE, SKEWED).is_log


@pytest.mark.parametrize(
    ("data", "samples"),
    [
        (SKEWED, np.append(SKEWED, -1.0)),  # a sample that a logarithm would hide
        (SKEWED - 1, SKEWED),
        (RANDOM.normal(100, 5, 3000), SKEWED),
        (1000 + SKEWED, 1000 + SKEWED),
    ],
)
def test_other_axes_are_linear(data, samples):
    assert not scale_of(data, samples).is_log


@pytest.mark.parametrize("data", [RANDOM.exponential(size=500), SKEWED, 40 + SKEWED])
def test_the_first_bin_begins_where_the_numbers_do(data):
    edges = bins(scale_of(data, data), len(data))
    assert edges[0] == pytest.approx(data.min())
    assert scale_of(data, data).limits[0] < edges[0]


def test_bins_of_whole_numbers_are_around_them():
    whole = RANDOM.poisson(4, 900).astype(float)
    edges = bins(scale_of(whole, whole), len(whole))
    assert (edges % 1 == 0.5).all() and (np.diff(edges) == 1).all()
    wide = RANDOM.integers(0, 1000, 900).astype(float)
    steps = np.diff(bins(scale_of(wide, wide), 900))
    assert len({*steps}) == 1 and steps[0] % 1 == 0 and steps[0] > 1
    assert not scale_of(whole, whole + 0.5).is_whole


@pytest.mark.parametrize(
    ("data", "samples"),
    [
        (np.full(5, 3.0), np.full(5, 3.0)),
        (np.full(5, 1e30), np.full(5, 1e30)),
        (NONE, np.full(3, np.nan)),
        (NONE, np.array([np.inf, 1.0, 2.0])),
        (np.array([1e-30, 1e30]), np.array([1.0])),
    ],
)
def test_odd_numbers_have_an_axis_too(data, samples):
    edges = bins(scale_of(data, samples), len(data))
    assert np.isfinite(edges).all() and (np.diff(edges) > 0).all()


def test_a_density_on_an_axis_adds_up_to_one():
    scale = Scale(1e-3, 1e3, is_log=True)
    edges = scale.edges(50)
    x = np.sqrt(edges[:-1] * edges[1:])
    density = np.exp(-0.5 * np.log(x) ** 2) / x / (2 * np.pi) ** 0.5
    shares = density * scale.stretch(x) * scale.width(edges)
    assert shares.sum() == pytest.approx(1, abs=1e-6)


def test_dots_of_whole_numbers_lie_near_them_and_others_where_they_are():
    rows = np.column_stack([np.full(50, 3.0), np.full(50, 0.5)])
    shown = spread(rows, [Scale(0, 5, is_whole=True), Scale(0, 1)])
    assert (shown[:, 1] == 0.5).all() and (np.round(shown[:, 0]) == 3).all()
    assert len(np.unique(shown[:, 0])) == 50


def colored(png: bytes, color: str) -> int:
    picture = image.imread(io.BytesIO(png))[..., :3]
    wanted = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return int((np.abs(picture - wanted).max(axis=-1) < 0.25).sum())


@pytest.mark.slow
def test_many_rows_of_data_do_not_hide_the_samples():
    rows = RANDOM.normal(size=(12_000, 2))
    few, many = (
        colored(compared(rows[:count], RANDOM.normal(size=(12_000, 2)), "ab"), style.SAMPLES)
        for count in (ON_TOP, len(rows))
    )
    assert many > few / 4


@pytest.mark.slow
def test_what_is_wrong_with_samples_shows_in_the_ratio():
    """A pane below the histogram: samples that lack an end of the data leave triangles there."""
    data = RANDOM.exponential(size=4000)
    right, wrong = (compared(data, each, ["a"]) for each in (data, data[data > 0.2]))
    assert colored(right, style.SAMPLES) != colored(wrong, style.SAMPLES)
    assert image.imread(io.BytesIO(right)).shape[0] == image.imread(io.BytesIO(wrong)).shape[0]
