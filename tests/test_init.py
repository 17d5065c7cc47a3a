"""`flowspec init`: a spec that fits its table at once, and says what each guess rests on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import flowspec
from commands import EXAMPLES, refused, written
from flowspec.data.tables.read import read_table
from flowspec.data.tables.table import Table
from flowspec.draft.spec import spec
from flowspec.draft.ties import dependent, simplex

RANDOM = np.random.default_rng(0)
ROWS = 300


def drafted(targets=(), **columns) -> str:
    return spec(Table("t.csv", tuple(columns), tuple(columns.values())), targets)


def support_of(values, name: str = "x") -> str:
    flow = flowspec.parse(drafted(**{name: values}))
    return str(flow.event.space.supports[0])


SUPPORTS = {
    "real": RANDOM.normal(size=ROWS),
    "positive": RANDOM.lognormal(size=ROWS),
    "(0, 1)": RANDOM.uniform(0.01, 0.99, ROWS),
}


@pytest.mark.parametrize("support", SUPPORTS)
def test_the_support_is_that_of_the_numbers(support):
    assert support_of(SUPPORTS[support]) == support


def test_positive_numbers_far_from_0_are_real_and_it_is_said_why():
    text = drafted(height=RANDOM.normal(170, 8, ROWS))
    assert "height: real" in text
    assert "`positive`, if a sample below 0 must never occur" in text.replace("\n#   ", " ")


def test_zeros_are_not_put_out_of_the_support():
    values = RANDOM.exponential(size=ROWS)
    values[:5] = 0
    assert support_of(values) == "real"


def test_whole_numbers_are_dequantized():
    text = drafted(n=RANDOM.poisson(4, ROWS).astype(float), y=RANDOM.normal(size=ROWS))
    assert flowspec.parse(text).train["dequantize"] == ("n",)
    assert "whole numbers" in text


def test_what_a_density_cannot_have_is_said():
    values = RANDOM.normal(size=ROWS)
    values[:100] = 2.5
    assert "33 % of the rows are 2.5" in drafted(x=values)
    assert "5 of 300 rows lack it" in drafted(x=np.where(np.arange(ROWS) < 5, np.nan, values))
    cut = 40 + RANDOM.exponential(size=ROWS)
    assert "perhaps a hard lower edge" in drafted(x=cut)


def test_a_number_far_beyond_all_others_is_no_edge():
    values = RANDOM.normal(size=ROWS)
    values[0] = 1e300
    text = drafted(x=values)
    assert "1 row lies far beyond all others, up to 1e+300: leave such rows out" in text
    assert "edge" not in text


def test_angles_are_circles_where_they_are_learned_and_where_they_are_given():
    angle, y = RANDOM.uniform(0, 360, ROWS), RANDOM.normal(size=ROWS)
    learned = flowspec.parse(drafted(direction=angle, y=y))
    assert str(learned.space) == "circle(0, 360), real"
    given = flowspec.parse(drafted(["y"], direction=angle, y=y))
    assert str(given.context.space.supports[0]) == "circle(0, 360)"
    assert given.columns == ("y",)


def test_shares_that_add_up_to_1_are_a_simplex():
    shares = RANDOM.dirichlet([2, 3, 4], ROWS)
    text = drafted(a=shares[:, 0], b=shares[:, 1], z=RANDOM.normal(size=ROWS), c=shares[:, 2])
    assert "a, b, c: simplex" in text
    assert flowspec.parse(text).columns == ("z", "a", "b", "c")


def test_a_column_that_follows_from_others_is_left_out():
    x, y = RANDOM.normal(size=(2, ROWS))
    text = drafted(x=x, y=y, total=2 * x - y + 3)
    assert "# Left out: `total` follows from the columns before it" in text
    assert flowspec.parse(text).columns == ("x", "y")


def test_ties_are_found_and_nothing_else():
    x = RANDOM.normal(size=(50, 3))
    assert dependent(["a", "b", "c"], x) == []
    assert dependent(["a", "b", "c"], np.column_stack([x[:, :2], x[:, 0] + 1])) == ["c"]
    assert simplex(["a", "b", "c"], np.abs(x) / 10) == ()


def test_columns_far_out_or_constant_follow_from_none():
    far = [[1e300, 1, 5], [2, 3, 5], [7, 8, 5], [4, 9, 5], [6, 0, 5]]
    assert dependent(["a", "b", "c"], np.array(far, dtype=float)) == []


@pytest.mark.parametrize("name", ["iris", "wine", "diabetes"])
def test_the_spec_of_a_real_table_is_in_the_layout_and_learns(name, tmp_path):
    pytest.importorskip("torch")
    table = read_table(EXAMPLES / "data" / f"{name}.csv")
    text = spec(table)
    assert flowspec.format(text) == text
    flow = flowspec.parse(text)
    assert flow.train["optimizer"] == "adamw"
    model = flowspec.fit(flow, table.numbers(flow.columns), epochs=1, seed=0)
    assert np.isfinite(model.log_prob(table.numbers(flow.columns))).all()


# --- the command ----------------------------------------------------------------------------------


def test_it_is_written_once_and_says_what_comes_next(call, here):
    data = EXAMPLES / "data" / "iris.csv"
    answer = call("init", data, "-o", "my.flow")
    assert answer.code == 0
    assert answer.err == (f"wrote my.flow; next: flowspec fit my.flow --data {data} -o my_model\n")
    assert (here / "my.flow").read_text() == call("init", data).out
    assert call("check", "my.flow").code == 0
    before = (here / "my.flow").read_text()
    refused(call("init", data, "-o", "my.flow"), "my.flow exists", code=2)
    assert (here / "my.flow").read_text() == before


def test_it_goes_to_standard_output_or_to_a_file_and_not_to_a_folder(call, here):
    data = EXAMPLES / "data" / "iris.csv"
    assert call("init", data, "-o", "-") == call("init", data)
    refused(call("init", data, "-o", here), f"is a folder; write {here / 'iris.flow'}", code=2)
    assert list(here.iterdir()) == []


def test_several_targets_start_at_their_line_on_the_context(call, here):
    random = np.random.default_rng(2)
    c, angle = random.normal(size=(1000, 2)), random.uniform(0, 2 * np.pi, 1000)
    x = c @ [[1, -2], [3, 1]] + random.normal(size=(1000, 2))
    rows = np.column_stack([x, angle, c])
    np.savetxt("t.csv", rows, "%.6f", ",", header="x,y,phi,c,d", comments="")
    text = call("init", "t.csv", "--target", "x", "--target", "y").out
    assert "|> LULinear |> Elementwise(MonotonicAffine, hidden=[]) |> Standardize" in flat(text)
    assert "starts at the line on the context" in text
    with_angle = call("init", "t.csv", "--target", "x", "--target", "y", "--target", "phi").out
    assert "on(x, y) { LULinear |> Elementwise(MonotonicAffine, hidden=[])" in flat(with_angle)
    flowspec.parse(with_angle)
    assert "Elementwise" not in call("init", "t.csv", "--target", "x").out
    np.savetxt("few.csv", rows[:300], "%.6f", ",", header="x,y,phi,c,d", comments="")
    assert "Elementwise" not in call("init", "few.csv", "--target", "x", "--target", "y").out


def test_a_target_that_cannot_be_one_is_told_why(call, here):
    Path("t.csv").write_text("a,b,c\n" + "".join(f"{i},7,x{i}\n" for i in range(30)))
    for target, why in (("b", "`b` is the same in all rows"), ("c", "`c` holds no numbers")):
        answer = call("init", "t.csv", "--target", target)
        assert answer.code == 1 and f"help: {why}; it has a" in answer.err


@pytest.mark.parametrize("count", [3, 10, 30])
def test_of_few_different_rows_none_is_repeated_and_none_tells_an_edge(call, here, count):
    rows = np.random.default_rng(count).normal(size=(count, 5))
    np.savetxt("t.csv", rows, "%.9f", ",", header="a,b,c,d,f", comments="")
    text = call("init", "t.csv").out
    assert "of the rows are" not in text and "edge" not in text


def flat(text: str) -> str:
    return " ".join(text.split())


def test_targets_are_given_the_other_columns(call):
    data = EXAMPLES / "data" / "diabetes.csv"
    flow = flowspec.parse(call("init", data, "--target", "progression").out)
    assert (flow.context.names, flow.columns) == (("bmi", "blood_pressure"), ("progression",))
    refused(call("init", data, "--target", "progresion"), "no-such-target", "`progression`")


def test_of_the_context_only_what_concerns_it_is_told(call, here):
    counts = RANDOM.poisson(5, 300)
    rows = zip(counts, RANDOM.normal(size=300), strict=True)
    written(here / "t.csv", "n,y\n" + "".join(f"{n},{y}\n" for n, y in rows))
    assert "dequantize" not in call("init", "t.csv", "--target", "y").out
    assert "dequantize" in call("init", "t.csv").out


def test_tables_without_numbers_are_refused(call, here):
    written(here / "t.csv", "a,b\nx,1\ny,1\n")
    refused(call("init", "t.csv"), "nothing-to-draft")


def test_names_that_no_spec_can_have_are_told(call, here):
    written(here / "t.csv", "a,a\n1,2\n2,3\n3,5\n")
    refused(call("init", "t.csv"), "repeated-column")
    written(here / "t.csv", "a,\n1,2\n2,3\n4,5\n")
    text = call("init", "t.csv").out
    assert "# Left out: a column without a name." in text
    assert flowspec.parse(text).columns == ("a",)
