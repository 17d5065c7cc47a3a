"""Verdicts on fits: a perfect model passes, five defects are each told, and the command says so."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

import flowspec
from commands import refused, written

pytest.importorskip("sklearn", reason="scikit-learn is not installed")
pytest.importorskip("scipy", reason="scipy is not installed")

from flowspec.judge.columns import anderson_darling, levels
from flowspec.judge.judging import judge

pytestmark = pytest.mark.slow

TEXT = "Normal([0, 1, 2], [1, 2, 0.5]) |> Linear([[1, 0, 0], [0.5, 1, 0], [0, 0.3, 1]])"
ROWS = 2000
SEEDS = range(100 if os.environ.get("ALL_SEEDS") else 4)
"""Of data; all of them with ALL_SEEDS in the environment."""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return flowspec.load(flowspec.compile(flowspec.parse(TEXT), tmp_path_factory.mktemp("m") / "m"))


@pytest.fixture(scope="module")
def conditional(tmp_path_factory):
    flow = flowspec.parse("context c: real\nevent y: real\nNormal(0, 1) |> Shift(c)")
    return flowspec.load(flowspec.compile(flow, tmp_path_factory.mktemp("c") / "c"))


def rows_of(model, seed: int, count: int = ROWS) -> np.ndarray:
    """Rows of the model itself, from another stream than its samples are judged by."""
    return np.asarray(model.sample(count, seed=1000 + seed), float)


def words(judged) -> dict[str, str]:
    return {item.name: item.verdict for item in judged.items}


def test_a_perfect_model_passes(model):
    bad = [
        seed
        for seed in SEEDS
        if judge(model, rows_of(model, seed), against=["gaussian"], seed=seed).verdict == "bad"
    ]
    assert len(bad) <= max(1, len(SEEDS) // 20)


def shifted(rows, random):
    rows[:, 0] += 0.15


def heavy(rows, random):
    middle = rows[:, 1].mean()
    rows[:, 1] = middle + (rows[:, 1] - middle) * 0.75 * np.sqrt(4 / random.chisquare(4, len(rows)))


def independent(rows, random):
    rows[:, 1] = random.permutation(rows[:, 1])


def with_a_mode_that_is_missing(rows, random):
    rows[rows[:, 2] > np.quantile(rows[:, 2], 0.8), 0] += 4


def curved(rows, random):
    scale, middle = rows[:, 2].std(), rows[:, 2].mean()
    bent = rows[:, 2] + 0.3 * (rows[:, 0] ** 2 - 1)
    rows[:, 2] = (bent - bent.mean()) / bent.std() * scale + middle


DEFECTS = {
    shifted: "columns",
    heavy: "tails",
    independent: "dependence",
    with_a_mode_that_is_missing: "columns",
    curved: "dependence",
}
"""What is wrong with the data, for the model, and the item that has to tell it."""


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.__name__)
def test_a_defect_is_told_by_its_item(model, defect):
    rows = rows_of(model, 7)
    defect(rows, np.random.default_rng(0))
    found = words(judge(model, rows, against=["gaussian"]))
    assert found[DEFECTS[defect]] == "bad"


def test_a_model_of_the_right_width_is_calibrated_and_one_too_sure_is_not(conditional):
    random = np.random.default_rng(0)
    context = random.normal(size=(1000, 1))
    right = words(judge(conditional, context[:, 0] + random.normal(size=1000), context))
    assert set(right.values()) == {"fine"}
    sure = words(judge(conditional, context[:, 0] + 1.3 * random.normal(size=1000), context))
    assert (sure["coverage"], sure["ranks"]) == ("bad", "bad")


def test_copies_of_the_training_are_told(tmp_path):
    trained = np.random.default_rng(0).normal(size=(200, 2))
    parts = ", ".join(f"Normal([{x:.6f}, {y:.6f}], 0.02)" for x, y in trained[:60])
    flow = flowspec.parse(f"Mixture({[1] * 60}, {parts})")
    copier = flowspec.load(flowspec.compile(flow, tmp_path / "copier"))
    held = np.random.default_rng(1).normal(size=(60, 2))
    assert words(judge(copier, held, trained_on=trained[:60]))["copies"] == "bad"


def test_repeated_values_are_told(model):
    rows = rows_of(model, 3)
    rows[:400, 1] = 0.5
    item = next(i for i in judge(model, rows, against=["gaussian"]).items if i.name == "repeats")
    assert (item.verdict, item.details["x1"]["value"]) == ("bad", 0.5)


def test_simple_densities_have_no_spikes_at_whole_numbers(tmp_path):
    """They are fitted to the cells, as the model is: three values are no three spikes."""
    text = "event x, n\ntrain { dequantize = [n] }\nNormal([0, 1.5], [1, 1])"
    bundle = flowspec.load(flowspec.compile(flowspec.parse(text), tmp_path / "counts"))
    rows = np.floor(np.asarray(bundle.sample(1000, seed=9), float) * [1e6, 1]) / [1e6, 1]
    for known in (None, rows[:500]):
        details = judge(bundle, rows[500:], trained_on=known).items[0].to_json()["details"]
        assert abs(details["gmm"]["gain"]) < 0.1


def test_levels_of_whole_numbers_are_uniform():
    random = np.random.default_rng(0)
    found = levels(random.poisson(2, 4000), random.poisson(2, 40_000))
    assert anderson_darling(found) < 3.9


def test_rows_without_a_density_are_counted(tmp_path):
    flow = flowspec.parse("event x: positive\nNormal(0, 1) |> Exp")
    bundle = flowspec.load(flowspec.compile(flow, tmp_path / "positive"))
    rows = np.asarray(bundle.sample(500, seed=9), float)
    rows[:20] = -1
    item = judge(bundle, rows).items[0]
    assert (item.name, item.verdict, item.details["without_density"]) == ("score", "bad", 20)


def test_a_baseline_that_is_better_is_bad(tmp_path):
    bundle = flowspec.load(flowspec.compile(flowspec.parse("Normal(0, 3)"), tmp_path / "wide"))
    rows = np.random.default_rng(0).normal(size=1000)
    item = judge(bundle, rows, against=["gaussian", "kde"]).items[0]
    assert item.verdict == "bad"
    # ln(3) - (1 - 1/9) / 2 nats
    assert item.details["gaussian"]["gain"] == pytest.approx(-0.654, abs=0.05)


def test_levels_and_anderson_darling_are_right():
    drawn = np.arange(1, 10)
    np.testing.assert_allclose(levels(np.array([0.5, 4.5, 9.5]), drawn), [0.05, 0.45, 0.95])
    uniform = (np.arange(1000) + 0.5) / 1000
    assert anderson_darling(uniform) < 0.05
    assert anderson_darling(uniform**2) > 50


# --- the command ----------------------------------------------------------------------------------


@pytest.fixture
def held_out(model, here):
    np.savetxt(
        here / "rows.csv", rows_of(model, 5, 300), "%.17g", ",", header="x0,x1,x2", comments=""
    )
    return here / "rows.csv"


def test_each_item_is_a_line_with_its_figure(call, model, held_out):
    answer = call("judge", model.path, "--data", held_out)
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[0].split() == ["item", "verdict", "figure,", "of", "300", "rows"]
    names = ["score", "columns", "tails", "dependence", "classifier", "repeats"]
    assert [line.split()[0] for line in lines[2:8]] == names
    assert lines[-1] == "verdict: fine"


def test_the_same_as_data_and_as_a_page(call, model, held_out, here):
    pytest.importorskip("matplotlib")
    answer = call(
        "judge", model.path, "--data", held_out, "--trained-on", held_out, "-o", "report.html",
        "--format", "json", "--against", model.path, "--against", "kde",
    )  # fmt: skip
    found = json.loads(answer.out)
    assert found["rows"] == 300
    assert {item["name"] for item in found["items"]} >= {"score", "copies"}
    assert found["items"][0]["details"][str(model.path)]["gain"] == 0
    page = (here / "report.html").read_text()
    assert page.count("data:image/png;base64,") == 2
    assert "http" not in page


def test_of_a_large_table_some_rows_are_drawn(call, model, held_out):
    answer = call("judge", model.path, "--data", held_out, "--rows", 200, "--against", model.path)
    assert answer.err == "rows.csv: 200 of 300 rows, drawn at random\n"
    assert "of 200 rows" in answer.out


def test_a_folder_for_the_report_is_refused_before_anything_is_judged(call, model, held_out, here):
    answer = call("judge", model, "--data", held_out, "-o", here)
    refused(answer, f"is a folder; write {here / 'report.html'}", code=2)


def test_a_bad_fit_ends_with_3_where_it_is_asked_for(call, model, held_out, here):
    text = held_out.read_text().splitlines()
    doubled = [",".join(str(3 * float(x)) for x in line.split(",")) for line in text[1:]]
    (here / "wrong.csv").write_text("\n".join([text[0], *doubled]))
    assert call("judge", model.path, "--data", here / "wrong.csv").code == 0
    assert call("judge", model.path, "--data", here / "wrong.csv", "--fail-on", "bad").code == 3
    assert call("judge", model.path, "--data", held_out, "--fail-on", "bad").code == 0


def test_too_few_rows_are_refused(call, model, held_out):
    lines = held_out.read_text().splitlines()
    held_out.write_text("\n".join([*lines[:21], "nan,1,2"]))
    answer = call("judge", model.path, "--data", held_out)
    assert answer.code == 1
    assert answer.err.startswith(
        "left out 1 of 21 rows that are not finite\nerror[too-few-to-judge]"
    )
    held_out.write_text("\n".join([lines[0], "nan,1,2"]))
    assert "error[too-few-to-judge]: 0 rows" in call("judge", model.path, "--data", held_out).err
    refused(call("judge", model.path), "--data", code=2)


@pytest.mark.parametrize(
    ("source", "what", "theirs", "ours"),
    [
        ("event u\nNormal(0, 1)", "columns", "`u`", "`x`"),
        ("event x, y\nNormal([0, 0], 1)", "columns", "`x`, `y`", "`x`"),
        ("context c: real\nevent x\nNormal(0, 1) |> Shift(c)", "context", "`c`", "none"),
    ],
)
def test_a_bundle_of_other_columns_is_no_rival(call, here, source, what, theirs, ours):
    """Told with both lists, before the table is read."""
    flowspec.compile(flowspec.parse("event x\nNormal(0, 1)"), here / "one")
    flowspec.compile(flowspec.parse(source), here / "other")
    answer = call("judge", "one", "--data", "none.csv", "--against", "other")
    assert (answer.code, answer.out) == (1, "")
    assert f"it has other {what} than one" in answer.err
    assert f"it has {theirs}; one has {ours}\n" in answer.err


def test_a_rival_may_name_its_columns_in_another_order(call, here):
    flowspec.compile(flowspec.parse("event x, y\nNormal([0, 3], 1)"), here / "one")
    flowspec.compile(flowspec.parse("event y, x\nNormal([3, 0], 1)"), here / "other")
    rows = np.random.default_rng(0).normal([0, 3], 1, (100, 2))
    np.savetxt("t.csv", rows, delimiter=",", header="x,y", comments="")
    answer = call("judge", "one", "--data", "t.csv", "--against", "other", "--format", "json")
    score = next(item for item in json.loads(answer.out)["items"] if "score" in item["name"])
    assert "other" in score["figure"] and answer.code == 0


def test_a_folder_that_is_not_there_is_told_as_such(call, here):
    flowspec.compile(flowspec.parse("event x\nNormal(0, 1)"), here / "model")
    for arguments in (["judge", "modl", "--data", "t.csv"], ["sample", "modl"], ["verify", "modl"]):
        answer = call(*arguments)
        assert answer.err.startswith("error[wrong-input]: there is no folder modl\n")
        assert "did you mean model?" in answer.err
    (here / "half.training").mkdir()
    assert "`--resume` goes on" in call("sample", "half").err
    written(here / "file", "")
    assert "file is a file, not the folder of a bundle" in call("sample", "file").err
    answer = call("judge", "model", "--data", "t.csv", "--against", "gausian")
    assert "did you mean gaussian?" in answer.err
