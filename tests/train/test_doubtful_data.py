"""Data that a density cannot fit well is told before the training; good data never is.

The message of each case is held in tests/doubtful. A new case is an entry of `DOUBTFUL` in
tests/helpers; `pytest --update-golden` writes its message.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import flowspec
from doubtful_tables import DOUBTFUL, DRAWS, FORMS, PLAIN, X, beside, chosen, rows
from flowspec.data.pieces import open_pieces
from flowspec.data.tables.write import write_table
from flowspec.train.feed import data_warnings, sample
from flowspec.train.feed.sources import array_source, table_source

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "doubtful"
EXAMPLES = {
    "iris": "iris",
    "wine": "wine",
    "diabetes": "diabetes",
    "prognosis": "diabetes",
    "two_moons": "two_moons",
}


def put(name: str) -> None:
    table = DOUBTFUL[name]
    Path("it.flow").write_text(table.flow)
    write_table("data.csv", "abc"[: table.rows.shape[1]], table.rows.astype(float).T)


@pytest.mark.parametrize("name", DOUBTFUL)
def test_check_tells_what_a_density_cannot_fit(call, here, name, update_golden):
    put(name)
    answer = call("check", "it.flow", "--data", "data.csv")
    golden = FOLDER / f"{name}.err"
    if update_golden:
        golden.write_text(answer.err)
    assert answer.err == golden.read_text()
    assert (answer.code, answer.out) == (1 if "error[" in answer.err else 0, "")
    told = len(re.findall(r"^(?:warning|error)\[", answer.err, re.MULTILINE))
    assert told == answer.err.count(" = help: ") > 0


@pytest.mark.parametrize("name", ["twice-and-whole", "sentinel-in-the-context"])
def test_fit_tells_the_same_before_it_trains(call, here, name):
    put(name)
    answer = call("fit", "it.flow", "--data", "data.csv", "-o", "made", "--epochs", 1)
    assert answer.code == 0
    assert answer.err.startswith((FOLDER / f"{name}.err").read_text())


def test_fit_from_python_warns():
    with pytest.warns(UserWarning, match="column `b` holds whole numbers only"):
        flowspec.fit(flowspec.parse(PLAIN), DOUBTFUL["whole-numbers"].rows, epochs=1)


def test_a_program_reads_warnings_with_their_level(call, here):
    put("whole-numbers")
    answer = call("check", "it.flow", "--data", "data.csv", "--format", "json")
    (warning,) = json.loads(answer.out)
    assert (warning["level"], warning["code"]) == ("warning", "whole-numbers")
    assert answer.code == 0


def test_every_warning_has_a_golden_file():
    codes = {*data_warnings.kinds()}
    texts = "".join(path.read_text() for path in FOLDER.glob("*.err"))
    assert codes == set(re.findall(r"^(?:warning|error)\[(.+?)\]", texts, re.MULTILINE))
    assert {path.stem for path in FOLDER.glob("*.err")} == {*DOUBTFUL}


def test_everything_that_is_told_is_explained_and_stands_on_the_page_of_training(call):
    page = (ROOT / "docs" / "training.md").read_text()
    for code, kind in data_warnings.kinds().items():
        answer = call("explain", code)
        assert answer.out.startswith(f"{code}: {'an error' if kind.level == 'error' else 'a warn'}")
        assert "\nTo do: " in answer.out
        assert f"`{code}`" in page
    assert "did you mean `whole-numbers`?" in call("explain", "whole-number").err


# --- advice that is followed ----------------------------------------------------------------------


def warnings_of(table: np.ndarray, flow: str = PLAIN, **options) -> list[str]:
    source = array_source(flowspec.parse(flow), table, **options)
    source.check_trainable()
    return [warning.code for warning in source.warnings()]


def test_the_advice_mends_what_it_is_for():
    whole = DOUBTFUL["whole-numbers"].rows
    steps = DOUBTFUL["whole-steps"].rows
    assert warnings_of(whole, dequantize=["b"]) == []
    assert warnings_of(steps / [1, 5], dequantize=["b"]) == []
    twice = DOUBTFUL["every-row-twice"].rows
    once, counts = np.unique(twice, axis=0, return_counts=True)
    assert warnings_of(once, weights=counts) == []
    atoms = DOUBTFUL["value-of-many-rows"].rows
    assert warnings_of(atoms[atoms[:, 1] != 0]) == []
    gaps = DOUBTFUL["sentinel"].rows
    empty = np.where(gaps == -999, np.nan, gaps)
    assert warnings_of(empty, drop=True) == []


def test_dequantize_in_the_file_is_read_by_check(call, here):
    put("whole-numbers")
    Path("it.flow").write_text(PLAIN.replace("MAF", "train { dequantize = [b] }\nMAF"))
    answer = call("check", "it.flow", "--data", "data.csv")
    assert (answer.code, answer.err) == (0, "")


def test_counts_of_0_are_not_far_out_where_they_stand_for_cells(call, here):
    counts = np.random.default_rng(0).poisson(2.2, 4000)
    write_table("data.csv", ["n"], [counts])
    flow = "event n: nonnegative\ntrain { dequantize = [n] }\nNSF(1) |> Standardize |> Onto(event)"
    Path("it.flow").write_text(flow)
    assert call("check", "it.flow", "--data", "data.csv") == (0, "", "")


@pytest.mark.parametrize("name", ["lost-to-rounding", "near-rounding"])
def test_float64_or_another_zero_mend_what_is_lost_to_rounding(name):
    import torch

    table = DOUBTFUL[name].rows
    assert warnings_of(table, dtype=torch.float64) == []
    told = (FOLDER / f"{name}.err").read_text()
    subtracted = float(re.search(r"subtract (\S+) from it", told)[1])
    assert warnings_of(table - [0, subtracted]) == []


def test_timestamps_in_float64_give_the_right_density(call, here):
    times = 1.7e9 + 30 * rows()[:, :1]
    Path("it.flow").write_text("event t\nNormal(learn(0), learn(1)) |> Standardize")
    write_table("t.csv", ["t"], times.T)
    fit = ("fit", "it.flow", "--data", "t.csv", "-o", "made", "--epochs", 5)
    assert "`--precision 64`" in call(*fit).err
    assert call(*fit, "--precision", 64).code == 0
    model = flowspec.fit(flowspec.read("it.flow"), times, precision=64, epochs=5)
    flowspec.compile(model, "again")
    truth = -0.5 * np.log(2 * np.pi * np.e * times.var())
    for place in ("made", "again"):
        bundle = flowspec.load(place)
        assert bundle.dtype == np.float64
        assert bundle.log_prob(times[:, 0]).mean() == pytest.approx(truth, abs=0.02)
    on = flowspec.fit(model, times, epochs=1)  # a model goes on in its own precision
    assert on.dtype == "float64"


# --- good data ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", DRAWS)
@pytest.mark.parametrize("count", [100, 1000, 30_000])
def test_good_data_is_not_warned_of(count, kind, form):
    for seed in range(10 if count <= 1000 else 1):
        random = np.random.default_rng([seed, count])
        assert warnings_of(FORMS[form](DRAWS[kind](random, (count, 2)))) == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_tables_of_the_examples_are_not_warned_of(name):
    flow = flowspec.read(ROOT / "examples" / f"{name}.flow")
    table = open_pieces(ROOT / "examples" / "data" / f"{EXAMPLES[name]}.csv")
    assert table_source(flow, table).warnings() == []


def test_few_rows_tell_nothing():
    assert warnings_of(beside(np.arange(400) % 2)[:20]) == []


# --- large tables ---------------------------------------------------------------------------------


def test_of_a_large_table_some_rows_are_looked_at(monkeypatch):
    monkeypatch.setattr(sample, "MOST_ROWS", 100)
    monkeypatch.setattr(sample, "MOST_HASHES", 50)
    flow = flowspec.parse(PLAIN)
    shuffled = np.random.default_rng(0).permutation(np.repeat(X, 2, axis=0))
    (repeated,) = array_source(flow, shuffled).warnings()
    assert (repeated.code, repeated.count, repeated.rows) == ("repeated-rows", 800, "800 rows")
    atoms = beside(np.where(chosen(0.4), 0.0, X[:, 1]))
    (atom,) = array_source(flow, atoms).warnings()
    assert atom.rows == "100 rows that were looked at"
