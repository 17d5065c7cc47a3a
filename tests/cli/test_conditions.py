"""`sample --given` and `impute`: rows some of whose cells are known."""

from __future__ import annotations

import re

import numpy as np
import pytest
from pyarrow import parquet
from scipy import stats

import flowspec
from commands import refused, written

TEXTS = {
    "gaussian": "event a, b\nMultivariateNormal([0, 0], [[1, 0.9], [0.9, 1]])",
    "counts": "event a, n\ntrain { dequantize = [n] }\n"
    "MultivariateNormal([0, 3], [[1, 1], [1, 4]])",
    "regression": "context z\nevent y, w\nNormal(0, 1)[2] |> Shift(z)",
}


@pytest.fixture(scope="module")
def flows(tmp_path_factory):
    place = tmp_path_factory.mktemp("flows")
    for name, text in TEXTS.items():
        flowspec.compile(flowspec.parse(text), place / name)
    return place


# --- sample ---------------------------------------------------------------------------------------


def test_the_known_columns_keep_their_values(call, flows):
    answer = call("sample", flows / "gaussian", "-n", 200, "--given", "a=1.5")
    assert answer.err == "note: drawn exactly, as the order of the flow allows\n"
    head, *rows = answer.rows
    assert head == ["a", "b"] and {a for a, _ in rows} == {"1.5"}
    assert abs(np.mean([float(b) for _, b in rows]) - 1.35) < 0.2


def test_the_effective_sample_size_is_told(call, here, flows):
    answer = call("sample", flows / "gaussian", "-n", 200, "--given", "b=1.5", "-o", "it.csv")
    assert answer.code == 0 and answer.err.startswith("note: effective sample size ")
    assert answer.err.endswith(" of 1,000 candidates\n")
    table = np.genfromtxt(here / "it.csv", delimiter=",", names=True)
    assert (table["b"] == 1.5).all() and abs(table["a"].mean() - 1.35) < 0.2


def test_density_and_whole_numbers_are_those_of_a_sample(call, flows):
    answer = call("sample", flows / "counts", "-n", 5, "--given", "n=4", "--log-prob")
    head, *rows = answer.rows
    assert head == ["a", "n", "log_prob"] and {n for _, n, _ in rows} == {"4"}
    bundle = flowspec.load(flows / "counts")
    middle = bundle.log_prob([[float(rows[0][0]), 4.5]])[0]
    assert abs(float(rows[0][2]) - middle) < 1


def test_a_row_of_context_goes_with_it(call, here, flows):
    context = written(here / "z.csv", "z\n5\n")
    options = ("--context", context, "-n", 50, "--given", "w=5")
    rows = call("sample", flows / "regression", *options).rows[1:]
    assert abs(np.mean([float(y) for y, _ in rows]) - 5) < 1
    two = written(here / "two.csv", "z\n5\n6\n")
    answer = call("sample", flows / "regression", "--context", two, "--given", "w=5")
    refused(answer, "goes with one row of context", code=2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--given", "a"], "'a' is no column with a number; write `a=1,b=2`"),
        (["--given", "a=x"], "'a=x' is no column with a number"),
        (["--given", "a=nan"], "'a=nan' is no column with a number"),
        (["--given", "a=1,a=2"], "`a` is given twice"),
        (["--given", "c=1"], "the flow has no column `c`; it has a, b"),
        (["--given", "a=1,b=2"], "nothing is left to draw"),
        (["--given", "a=1", "--first-row", "5"], "has no `--first-row`"),
        (["--given", "a=1", "-o", "folder"], "no folder"),
    ],
)
def test_what_does_not_go_together_is_told(call, here, flows, options, words):
    refused(call("sample", flows / "gaussian", *options), words, code=2)
    assert not [*here.iterdir()]


def test_a_part_of_a_whole_number_is_told(call, flows):
    answer = call("sample", flows / "counts", "--given", "n=3.5")
    refused(answer, "`n` has whole numbers, and 3.5 is none", code=2)


def test_what_is_too_rare_is_told(call, flows):
    answer = call("sample", flows / "gaussian", "--given", "b=1e30")
    refused(answer, "error[too-rare]", "`b` = 1e+30: it is outside the support, or far out")


# --- impute ---------------------------------------------------------------------------------------

HOLES = "name,b,a\nx,1.5,0.5\ny,,2\nz,NA,\nw,3,\n"


def test_missing_cells_are_filled_and_all_others_stay(call, here, flows):
    answer = call("impute", flows / "gaussian", "--data", written(here / "it.csv", HOLES))
    assert answer.err == "filled 4 cells of 3 rows\n"
    head, whole, *filled = answer.rows
    assert (head, whole) == (["name", "b", "a"], ["x", "1.5", "0.5"])
    assert (filled[0][2], filled[2][1]) == ("2", "3")
    assert all(np.isfinite([float(b), float(a)]).all() for _, b, a in filled)


def test_draws_go_with_the_cells_of_the_row(call, here, flows):
    table = written(here / "it.csv", "a,b\n" + "2,\n" * 200 + ",-2\n" * 20)
    rows = call("impute", flows / "gaussian", "--data", table).rows[1:]
    b = np.array([float(row[1]) for row in rows[:200]])
    a = np.array([float(row[0]) for row in rows[200:]])
    assert abs(b.mean() - 1.8) < 0.15 and abs(b.std() - 0.19**0.5) < 0.1
    assert abs(a.mean() + 1.8) < 0.5


def test_seeds_give_other_draws_and_the_same_seed_the_same(call, here, flows):
    table = written(here / "it.csv", HOLES)
    first, same, other = (
        call("impute", flows / "gaussian", "--data", table, "--seed", seed).out
        for seed in (1, 1, 2)
    )
    assert first == same != other


def test_whole_numbers_stay_whole_and_have_types(call, here, flows):
    table = written(here / "it.csv", "a,n\n0.5,\n1,2\n,7\n")
    answer = call("impute", flows / "counts", "--data", table)
    assert answer.rows[1][1] == str(int(answer.rows[1][1])) and answer.rows[2] == ["1", "2"]
    assert call("impute", flows / "counts", "--data", table, "-o", "it.parquet").code == 0
    schema = parquet.read_schema(here / "it.parquet")
    assert [str(kind) for kind in schema.types] == ["double", "int64"]
    again = call("impute", flows / "counts", "--data", "it.parquet")
    assert again.err == "filled 0 cells of 0 rows\n"


def test_several_draws_are_tables_one_below_the_other(call, here, flows):
    table = written(here / "it.csv", HOLES)
    answer = call("impute", flows / "gaussian", "--data", table, "--draws", 3)
    head, *rows = answer.rows
    assert head == ["draw", "name", "b", "a"]
    assert [row[0] for row in rows] == [*"111122223333"]
    assert [row[1:] for row in rows[::4]] == [["x", "1.5", "0.5"]] * 3
    assert len({row[2] for row in rows[1::4]}) == 3
    assert answer.err == "filled 4 cells of 3 rows, 3 times\n"


# --- score ----------------------------------------------------------------------------------------


def test_missing_cells_are_summed_out(call, here, flows):
    table = written(here / "it.csv", HOLES)
    plain = call("score", flows / "gaussian", "--data", table).rows
    answer = call("score", flows / "gaussian", "--data", table, "--sum-out")
    head, *rows = answer.rows
    assert head == ["name", "b", "a", "log_prob", "log_prob_error"]
    assert rows[0][3:] == [plain[1][3], "0.0"]
    log_prob, error = (np.array([row[place] for row in rows], float) for place in (3, 4))
    np.testing.assert_allclose(log_prob[[1, 3]], stats.norm.logpdf([2, 3]), atol=0.2)
    assert (error[[1, 3]] > 0).all() and (error[[1, 3]] < 0.1).all()
    assert np.isnan([log_prob[2], error[2]]).all()


def test_what_could_be_summed_out_is_told(call, here, flows):
    table = written(here / "it.csv", HOLES)
    arguments = ("score", flows / "gaussian", "--data", table, "-o", "out.csv")
    assert "3 with missing numbers (--sum-out gives" in call(*arguments).err
    assert call(*arguments, "--sum-out").err.endswith(
        ", 1 too rare for an estimate, or without any number\n"
    )


def test_rows_that_cannot_be_filled_stay_as_they_are(call, here, flows):
    table = written(here / "it.csv", "z,y,w\n,,1\n2,,2\n2,1e30,\n")
    answer = call("impute", flows / "regression", "--data", table)
    assert answer.rows[1] == ["", "", "1.0"] and answer.rows[2][1] != ""
    assert answer.err.startswith("filled ") and "row stays as it is" in answer.err


def test_a_numpy_file_has_its_columns_in_order(call, here, flows):
    np.save("it.npy", np.array([[1, np.nan], [0.5, 0.25]]))
    assert call("impute", flows / "gaussian", "--data", "it.npy", "-o", "out.npy").code == 0
    filled = np.load(here / "out.npy")
    assert np.isfinite(filled).all() and filled[1].tolist() == [0.5, 0.25]


def test_a_folder_is_no_place_for_it(call, here, flows):
    table = written(here / "it.csv", HOLES)
    answer = call("impute", flows / "gaussian", "--data", table, "-o", "out")
    refused(answer, "write a file, such as out.csv", code=2)


@pytest.mark.parametrize(
    ("dequantize", "cells", "form"),
    [
        ("train { dequantize = [n] }", ["1", "", "4"], r"-?\d+"),
        ("train { dequantize = [n] }", ["1.0", "", "4.0"], r"-?\d+\.0"),
        ("train { dequantize = [n] }", ["1", "", "4.0"], r"1|-?\d+\.0"),
        ("", ["1", "", "4"], r"-?\d+\.\d+"),
    ],
)
def test_a_column_that_is_filled_is_whole_or_real_all_through(call, here, dequantize, cells, form):
    flow = f"event n, y\n{dequantize}\nNormal([3, 0], [2, 1])"
    flowspec.compile(flowspec.parse(flow), here / "counts")
    rows = "".join(f"{cell},1\n" for cell in cells)
    answer = call("impute", "counts", "--data", written(here / "holes.csv", f"n,y\n{rows}"))
    assert answer.code == 0
    assert all(re.fullmatch(form, row[0]) for row in answer.rows[1:])
    assert [row[1] for row in answer.rows[1:]] == ["1"] * 3  # nothing is filled in there
