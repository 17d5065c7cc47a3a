"""`flowspec plot` of a conditional bundle: the kinds of pictures, and what each needs."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("matplotlib")

import flowspec
from flowspec.cli import plot
from flowspec.cli.main import main
from flowspec.plots import calibration as calibration_plots
from flowspec.plots import conditional as conditional_plots

SOURCES = {
    "plain": "Normal(0, 1)[2]",
    "scalar": "context z: positive\nevent y: positive\nNormal(0, 0.5) |> Exp |> Scale(z)",
    "pair": "context low, high: positive\nevent a, b: positive\n"
    "Normal(0, [0.3, 0.5]) |> Exp |> Scale(low) |> Scale(high)",
    "angle": "context z\nevent direction: circle(-pi, pi), speed: positive\n"
    "Join(VonMises(z, 2), Gamma(2, 0.5))",
    "shares": "context z\nevent p, q, r: simplex\nNormal(z, [1, 0.5]) |> Onto(event)",
}


@pytest.fixture(scope="module")
def bundles(tmp_path_factory) -> Path:
    """A folder with a bundle of each source, and as NAME.csv forty rows that it gave itself."""
    folder = tmp_path_factory.mktemp("bundles")
    for name, text in SOURCES.items():
        flowspec.compile(flowspec.parse(text), folder / name)
        bundle = flowspec.load(folder / name)
        context = np.random.default_rng(0).uniform(0.5, 2, (40, len(bundle.context)))
        rows = bundle.sample(40, seed=9, context=context if bundle.context else None).reshape(
            40, -1
        )
        write(
            folder / f"{name}.csv", [*bundle.context, *bundle.columns], np.hstack([context, rows])
        )
    return folder


@pytest.fixture
def call(bundles, tmp_path, monkeypatch, capsys):
    """Calls `flowspec plot` on a bundle: exit code, output, and the picture if there is one."""

    def answer(name: str, *options) -> tuple[int, str, bytes]:
        place = tmp_path / "drawn.png"
        place.unlink(missing_ok=True)
        monkeypatch.setattr(
            sys,
            "argv",
            ["flowspec", "plot", str(bundles / name), "-o", str(place), *map(str, options)],
        )
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = stop.code or 0
        return code, capsys.readouterr().err, place.read_bytes() if place.exists() else b""

    return answer


def write(path: Path, names, rows) -> Path:
    cells = [names, *([f"{value:.9g}" for value in row] for row in rows)]
    path.write_text("".join(",".join(line) + "\n" for line in cells))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["calibration", "conditional"])
@pytest.mark.parametrize("name", ["scalar", "pair", "angle", "shares"])
def test_each_kind_is_drawn_alike_each_time(call, bundles, name, kind):
    varied = ["--context", "low"] if (name, kind) == ("pair", "conditional") else []
    options = ["--data", bundles / f"{name}.csv", "--kind", kind, *varied]
    (code, said, first), (_, _, again) = call(name, *options), call(name, *options)
    assert code == 0
    assert said.startswith("wrote ")
    assert first.startswith(b"\x89PNG")
    assert first == again
    assert first != call(name, "--data", bundles / f"{name}.csv")[2]


def drawn_levels(call, monkeypatch, name: str, *options) -> np.ndarray:
    """The levels that the picture of kind calibration shows."""
    seen = []
    monkeypatch.setattr(
        calibration_plots, "calibration", lambda levels, names, origin: seen.append(levels) or b""
    )
    assert call(name, "--kind", "calibration", *options)[0] == 0
    return seen[0]


@pytest.mark.parametrize("name", ["scalar", "pair", "angle", "shares"])
def test_what_a_flow_gives_is_calibrated(call, bundles, tmp_path, monkeypatch, name):
    bundle = flowspec.load(bundles / name)
    context = np.random.default_rng(1).uniform(0.5, 2, (500, len(bundle.context)))
    rows = bundle.sample(seed=5, context=context).reshape(500, -1)
    data = write(
        tmp_path / "own.csv", [*bundle.context, *bundle.columns], np.hstack([context, rows])
    )
    levels = drawn_levels(call, monkeypatch, name, "--data", data)
    assert levels.shape == (500, len(bundle.columns))
    assert np.all(np.abs(calibration_plots.departures(levels)) < calibration_plots.half_width(500))


def test_what_another_flow_gives_is_not(call, bundles, tmp_path, monkeypatch):
    context = np.random.default_rng(1).uniform(0.5, 2, (500, 1))
    rows = context * np.exp(np.random.default_rng(2).normal(size=(500, 1)))  # twice as wide
    data = write(tmp_path / "wide.csv", ["z", "y"], np.hstack([context, rows]))
    levels = drawn_levels(call, monkeypatch, "scalar", "--data", data)
    assert np.abs(calibration_plots.departures(levels)) > 2 * calibration_plots.half_width(500)


def test_levels_do_not_depend_on_how_many_rows_are_drawn_at_once(call, bundles, monkeypatch):
    data = ["--data", bundles / "pair.csv"]
    whole = drawn_levels(call, monkeypatch, "pair", *data)
    monkeypatch.setattr(calibration_plots, "NUMBERS_AT_ONCE", 7 * 2 * plot.DRAWS)
    assert np.array_equal(drawn_levels(call, monkeypatch, "pair", *data), whole)


def test_fewer_rows_can_be_asked_for(call, bundles, monkeypatch):
    assert (
        len(drawn_levels(call, monkeypatch, "scalar", "--data", bundles / "scalar.csv", "-n", 7))
        == 7
    )


def test_the_chosen_variable_is_varied_and_the_others_stay_at_their_medians(
    call, bundles, monkeypatch
):
    seen = []
    monkeypatch.setattr(conditional_plots, "conditional", lambda *given: seen.append(given) or b"")
    assert (
        call("pair", "--data", bundles / "pair.csv", "--kind", "conditional", "--context", "high")[
            0
        ]
        == 0
    )
    grid, samples, context, data, name, columns, held = seen[0]
    low, high = np.loadtxt(bundles / "pair.csv", delimiter=",", skiprows=1)[:, :2].T
    assert (name, columns, held) == ("high", ("a", "b"), {"low": np.median(low)})
    assert (grid[0], grid[-1]) == (high.min(), high.max())
    assert sorted(context) == sorted(high)
    assert data.shape == (40, 2)
    # exp(0) * low * high is the median of both.
    medians = np.median(samples, axis=1)
    assert medians == pytest.approx(np.outer(grid, [held["low"]] * 2), rel=0.05)


@pytest.mark.slow
def test_rows_that_are_not_finite_are_left_out(call, bundles, tmp_path):
    rows = [[1, 1.2], [np.nan, 1], [1.5, np.inf], [2, 2.5]]
    broken, whole = (
        write(tmp_path / name, "zy", some)
        for name, some in (("a.csv", rows), ("b.csv", [rows[0], rows[3]]))
    )
    for kind in ("samples", "calibration", "conditional"):
        code, said, picture = call("scalar", "--data", broken, "--kind", kind)
        assert code == 0
        assert said.startswith("left out 2 of 4 rows that are not finite\n")
        assert picture == call("scalar", "--data", whole, "--kind", kind)[2]


NEEDS = [
    (
        "plain",
        ["--kind", "calibration"],
        "there is no context for `--kind calibration`",
        "draw it without `--kind`",
    ),
    (
        "plain",
        ["--kind", "conditional"],
        "there is no context for `--kind conditional`",
        "draw it without `--kind`",
    ),
    (
        "pair",
        ["--kind", "calibration"],
        "there is nothing to draw without contexts",
        "with columns low, high, a, b",
    ),
    (
        "pair",
        ["--kind", "conditional", "--context", "low"],
        "nothing to draw without contexts",
        "with columns low, high, a, b",
    ),
    (
        "pair",
        ["DATA", "--kind", "conditional"],
        "several variables: `low`, `high`",
        "add `--context low`",
    ),
    (
        "pair",
        ["DATA", "--kind", "conditional", "--context", "hihg"],
        "no variable `hihg`",
        "did you mean `high`?",
    ),
    (
        "pair",
        ["DATA", "--kind", "conditional", "--context", "z"],
        "no variable `z`",
        "it has `low`, `high`",
    ),
    (
        "pair",
        ["DATA", "--context", "low"],
        "`--context` names what varies",
        "add `--kind conditional`",
    ),
]


@pytest.mark.parametrize(("name", "options", "what", "advice"), NEEDS)
def test_what_a_kind_needs_is_said(call, bundles, name, options, what, advice):
    given = [
        each
        for option in options
        for each in (["--data", bundles / "pair.csv"] if option == "DATA" else [option])
    ]
    code, said, picture = call(name, *given)
    assert (code, picture) == (1, b"")
    assert said.startswith("error[wrong-input]: ")
    assert what in said
    assert advice in said


TABLES = [
    ("z\n1\n2\n", "the table has no column `y`"),
    ("z,y\n1,1\n,2\n-3,1\n-4,1\n", "context `z` is -3 in row 3 of given.csv, outside of (0, inf)"),
    ("z,y\n1,\n,2\n", "given.csv has no row whose numbers are all finite"),
]


@pytest.mark.parametrize(("text", "what"), TABLES)
def test_tables_that_do_not_fit_are_told(call, tmp_path, text, what):
    (tmp_path / "given.csv").write_text(text)
    code, said, picture = call("scalar", "--data", tmp_path / "given.csv", "--kind", "calibration")
    assert (code, picture) == (1, b"")
    assert what in said


def test_a_context_that_never_changes_cannot_be_varied(call, tmp_path):
    data = write(tmp_path / "given.csv", "zy", [[2, 1], [2, 3]])
    code, said, _ = call("scalar", "--data", data, "--kind", "conditional")
    assert code == 1
    assert "`z` is 2 in every row: there is nothing to vary" in said
