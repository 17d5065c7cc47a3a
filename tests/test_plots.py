"""Pictures: what is drawn is there, and the same input gives the same bytes."""

from __future__ import annotations

import io

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib import image

from flowspec.plots import calibration as calibration_plots
from flowspec.plots import conditional as conditional_plots
from flowspec.plots import panels, samples, style
from flowspec.plots.course import course
from flowspec.plots.samples import compared

pytestmark = pytest.mark.slow

RANDOM = np.random.default_rng(0)


def pixels(png: bytes) -> np.ndarray:
    return image.imread(io.BytesIO(png))[..., :3]


def near(picture: np.ndarray, color: str) -> int:
    """Pixels of about this color."""
    wanted = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return int((np.abs(picture - wanted).max(axis=-1) < 0.1).sum())


def normal(points: np.ndarray) -> np.ndarray:
    return -0.5 * (points**2).sum(axis=1) - 0.9189385 * points.shape[1]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_data_and_samples_are_both_drawn(size):
    names = [f"c{i}" for i in range(size)]
    data, samples = RANDOM.normal(size=(300, size)), RANDOM.normal(size=(500, size))
    with_data, without = (pixels(compared(each, samples, names)) for each in (data, None))
    assert near(with_data, style.DATA) > near(without, style.DATA) + 100


def test_a_density_of_two_coordinates_is_drawn_as_contours():
    samples = RANDOM.normal(size=(500, 2))
    with_lines, without = (
        pixels(compared(None, samples, ["a", "b"], each)) for each in (normal, None)
    )
    assert near(with_lines, style.CONTOURS) > 200 > near(without, style.CONTOURS)


def test_a_density_of_one_coordinate_is_drawn_as_a_curve():
    samples = RANDOM.normal(size=500)
    assert compared(None, samples, ["a"], normal) != compared(None, samples, ["a"])


@pytest.mark.parametrize("data", [np.full((5, 2), 3.0), np.array([[1e30, 0.0], [-1e30, 1e-30]])])
def test_odd_data_is_drawn_too(data):
    assert compared(data, RANDOM.normal(size=(50, 2)), ["a", "b"], normal).startswith(b"\x89PNG")


def test_the_best_epoch_is_marked():
    epochs = [(i, 5.0 / i, 4.0 / i + (i > 5)) for i in range(1, 9)]
    assert course([epochs]) != course([epochs[:5]])
    assert course([[]]).startswith(b"\x89PNG")


def test_the_losses_of_all_members_are_drawn():
    members = [[(i, 5.0 / i, 4.0 / i + shift) for i in range(1, 9)] for shift in (0.0, 1.0, 2.0)]
    held_out = [near(pixels(course(members[:count])), style.DATA) for count in (2, 3)]
    assert 50 < held_out[0] < held_out[1]
    assert course([[], []]).startswith(b"\x89PNG")


@pytest.mark.parametrize("height", [1.9, 40.0])
def test_epochs_whose_loss_jumps_are_marked_wherever_they_are(height):
    calm = [(i, 1.0 + 1.0 / i, None) for i in range(1, 40)]
    jumping = [(i, loss + height * (i == 20), None) for i, loss, _ in calm]
    with_jump, without = (near(pixels(course([each])), style.CONTOURS) for each in (jumping, calm))
    assert with_jump > 40 > 5 > without


def test_same_input_same_bytes():
    samples = np.random.default_rng(1).normal(size=(50, 2))
    assert compared(samples, samples, ["a", "b"], normal) == compared(
        samples, samples, ["a", "b"], normal
    )


# --- conditional flows ----------------------------------------------------------------------------


def test_levels_are_shares_of_the_samples_below():
    data = np.array([[0.5, 10.0], [2.0, -1.0], [9.0, 3.0]])
    samples = np.array([0.0, 1.0, 2.0, 3.0])[None, :, None] + np.zeros((3, 1, 2))
    # (below + half of the ties + 0.5) / 5
    assert calibration_plots.levels(data, samples).tolist() == [[0.3, 0.9], [0.6, 0.1], [0.9, 0.8]]
    assert calibration_plots.levels(data[:, 0], samples[..., 0]).tolist() == [[0.3], [0.6], [0.9]]


def test_levels_of_a_calibrated_flow_are_uniform():
    """Each of the draws + 1 ranks is as likely as the others."""
    random = np.random.default_rng(2)
    found = calibration_plots.levels(
        random.normal(size=(5000, 1)), random.normal(size=(5000, 4, 1))
    )
    values, counts = np.unique(found.round(9), return_counts=True)
    assert values.tolist() == [0.1, 0.3, 0.5, 0.7, 0.9]
    assert np.abs(counts - 1000).max() < 4 * (5000 * 0.2 * 0.8) ** 0.5


def test_the_largest_departure_has_its_sign():
    # All four lie below the predicted median: at it, the observed share is 1 and should be 0.5.
    low = np.array([0.1, 0.2, 0.3, 0.5])
    assert calibration_plots.departures(np.stack([low, 1 - low], axis=1)) == pytest.approx(
        [0.5, -0.5]
    )
    assert calibration_plots.departures((np.arange(10) + 0.5) / 10) == pytest.approx([0.05])


def test_the_band_is_that_of_kolmogorov():
    # Tables of the Kolmogorov distribution have 1.3581 / sqrt(n) for a level of 5 %.
    assert calibration_plots.half_width(400) == pytest.approx(1.3581 / 20, rel=1e-4)


def test_the_band_holds_95_of_100_calibrated_flows():
    departures = calibration_plots.departures(np.random.default_rng(3).random((200, 4000)))
    inside = np.abs(departures) <= calibration_plots.half_width(200)
    assert 0.94 < inside.mean() < 0.97


@pytest.mark.parametrize(
    ("width", "shift", "inside"), [(1, 0, True), (0.6, 0, False), (1.6, 0, False), (1, 0.4, False)]
)
def test_only_a_calibrated_flow_stays_inside_the_band(width, shift, inside):
    """Data that depend on a context, and samples that are right, too sure, unsure or shifted."""
    random = np.random.default_rng(4)
    context = random.normal(size=(1000, 1))
    data = 3 * context + np.exp(context) * random.normal(size=(1000, 1))
    noise = shift + width * random.normal(size=(1000, 200, 1))
    found = calibration_plots.levels(data, 3 * context[:, None] + np.exp(context[:, None]) * noise)
    assert (
        abs(calibration_plots.departures(found)[0]) <= calibration_plots.half_width(1000)
    ) == inside


def calibration_of(levels: np.ndarray) -> bytes:
    return calibration_plots.calibration(levels, [f"c{i}" for i in range(levels.shape[1])])


@pytest.mark.parametrize("size", [1, 2, 5, 12])
def test_calibration_draws_a_curve_for_each_coordinate(size):
    picture = pixels(calibration_of(np.random.default_rng(5).random((50, size))))
    assert near(picture, style.CONTOURS) > 150 * size
    assert near(picture, calibration_plots.BAND) > 2000 * size


def test_calibration_says_how_many_coordinates_are_left_out():
    levels = np.random.default_rng(5).random((50, 15))
    cut, first = calibration_of(levels), calibration_of(levels[:, : panels.MOST_PANELS])
    assert pixels(cut).shape == pixels(first).shape
    assert cut != first


@pytest.mark.parametrize("rows", [1, 2])
def test_calibration_of_a_few_rows_is_drawn_too(rows):
    assert calibration_of(np.full((rows, 2), 0.5)).startswith(b"\x89PNG")


GRID = np.linspace(1, 9, 20)


def widening(size: int, rows: int = 100) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A grid and samples on it, a context and its data: spread wider as the context grows."""
    random = np.random.default_rng(6)
    samples = GRID[:, None, None] * random.normal(size=(1, 300, size))
    context = random.uniform(1, 9, rows)
    return GRID, samples, context, context[:, None] * random.normal(size=(rows, size))


@pytest.mark.parametrize("size", [1, 3, 14])
def test_conditional_draws_bands_and_data(size):
    picture = pixels(
        conditional_plots.conditional(*widening(size), "z", [f"c{i}" for i in range(size)])
    )
    for color in (conditional_plots.MOST_SAMPLES, conditional_plots.HALF_SAMPLES):
        assert near(picture, color) > 2000 * min(size, panels.MOST_PANELS)
    assert near(picture, style.DATA) > 500


def test_conditional_takes_scalars_and_says_where_the_other_variables_stand():
    grid, samples, context, data = widening(1)
    scalar = conditional_plots.conditional(grid, samples[..., 0], context, data[:, 0], "z", ["y"])
    assert scalar == conditional_plots.conditional(grid, samples, context, data, "z", ["y"], {})
    many = {f"context_{i}": i / 7 for i in range(30)}
    assert scalar != conditional_plots.conditional(grid, samples, context, data, "z", ["y"], many)


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 1e30])
def test_samples_that_run_away_leave_the_data_to_be_seen(value):
    grid, samples, context, data = widening(1)
    samples[-1] = value
    picture = pixels(conditional_plots.conditional(grid, samples, context, data, "z", ["y"]))
    assert near(picture, conditional_plots.HALF_SAMPLES) > 2000


def test_same_conditional_input_same_bytes():
    names = ["a", "b"]
    assert conditional_plots.conditional(*widening(2), "z", names) == conditional_plots.conditional(
        *widening(2), "z", names
    )
    levels = np.random.default_rng(7).random((60, 2))
    assert calibration_plots.calibration(levels, names) == calibration_plots.calibration(
        levels, names
    )


def test_names_are_no_formulas():
    names, samples = [r"cost $\no$", "a$"], RANDOM.normal(size=(50, 2))
    assert compared(samples, samples, names) != compared(samples, samples, ["a", "b"])
    assert calibration_plots.calibration(RANDOM.random((30, 2)), names).startswith(b"\x89PNG")
    assert conditional_plots.conditional(*widening(2), names[0], names, {names[0]: 1.0}).startswith(
        b"\x89PNG"
    )


def test_of_many_columns_those_that_differ_most_are_drawn(monkeypatch):
    drawn = []
    monkeypatch.setattr(samples, "png", lambda figure: drawn.append(figure) or b"")
    data = np.random.default_rng(0).normal(size=(400, 30))
    moved = np.random.default_rng(1).normal(size=(400, 30))
    moved[:, [3, 29]] += 2
    names = [f"x{i}" for i in range(30)]
    samples.compared(data, moved, names)
    labels = {axis.get_xlabel() for axis in drawn[0].axes} - {""}
    assert len(labels) == samples.MOST_PANES and {"x3", "x29"} <= labels
    assert drawn[0].get_suptitle() == "The 24 of 30 columns that differ most"
