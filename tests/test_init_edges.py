"""Edges and tails of columns, as `flowspec init` finds them: from 500 and from 1,000 rows on."""

from __future__ import annotations

import numpy as np
import pytest

import flowspec
from flowspec.data.tables.table import Table
from flowspec.draft.edges import lower_edge, upper_edge
from flowspec.draft.facts import Column
from flowspec.draft.spec import spec
from flowspec.draft.supports import learned

RANDOM = np.random.default_rng(0)
ROWS = 5_000
LINKS = {
    "normal": (RANDOM.normal(size=ROWS), "real", ""),
    "log-normal": (RANDOM.lognormal(size=ROWS), "positive", ""),
    "cut": (40 + RANDOM.exponential(20, ROWS), "[40, inf)", "edges"),
    "power": (40 * RANDOM.uniform(size=ROWS) ** -0.4, "[40, inf)", "edges"),
    "rounded": (np.round(40 + RANDOM.exponential(20, ROWS), 1), "[39.95, inf)", "edges"),
    "mirrored": (-RANDOM.exponential(size=ROWS), "(-inf, 0]", "edges"),
    "uniform": (RANDOM.uniform(-2.5, 2.5, ROWS), "[-2.5, 2.5]", "edges"),
    "share": (RANDOM.beta(1, 2, ROWS), "[0, 1)", "edges"),
    "share without edges": (RANDOM.beta(3, 3, ROWS), "(0, 1)", ""),
    "heavy": (RANDOM.standard_t(2, ROWS), "real", "tails"),
    "light": (RANDOM.gamma(2, size=ROWS), "positive", "tails"),
}


@pytest.mark.parametrize("name", LINKS)
def test_the_link_is_that_of_the_edges_and_tails(name):
    values, support, link = LINKS[name]
    guess = learned(Column("x", values, ROWS))
    assert (guess.support, guess.link) == (support, link)


@pytest.mark.parametrize("seed", range(20))
def test_a_density_that_vanishes_linearly_has_no_edge(seed):
    values = np.random.default_rng(seed).beta(2, 2, ROWS)
    column = Column("x", values, ROWS)
    assert lower_edge(column) is upper_edge(column) is None


def test_a_value_that_is_repeated_at_the_end_is_no_edge():
    values = RANDOM.exponential(size=ROWS)
    values[:100] = 0
    assert lower_edge(Column("x", values, ROWS)) is None


@pytest.mark.parametrize("rows", [500, 1_500])
def test_a_repeated_value_beside_a_round_number_is_no_edge(rows):
    random = np.random.default_rng(1)
    values = random.normal(size=rows)
    values[: rows // 25] = values.min() - 1
    assert lower_edge(Column("x", values, rows)) is None
    values[-1] = values.min() - 0.3  # nor with an outlier beyond it
    assert lower_edge(Column("x", values, rows)) is None


def test_a_row_that_is_there_three_times_hides_no_edge():
    values = 40 + np.random.default_rng(0).exponential(20, ROWS)
    values[:2] = np.sort(values)[20]
    assert lower_edge(Column("x", values, ROWS)).end == 40


# --- from 500 rows on -----------------------------------------------------------------------------

FEW = 500
SEEDS = 100
VANISHING = {
    "normal": lambda random: random.normal(size=FEW),
    "gamma": lambda random: random.gamma(2.5, size=FEW),
    "beta": lambda random: random.beta(2, 2, FEW),
    "log-normal": lambda random: random.lognormal(size=FEW),
}
EVEN = {
    "cut": lambda random: 40 + random.exponential(35, FEW),
    "uniform": lambda random: random.uniform(size=FEW),
}


def edges_found(draw) -> int:
    """Tables of so many whose lower end is called a hard edge."""
    tables = (draw(np.random.default_rng(seed)) for seed in range(SEEDS))
    return sum(lower_edge(Column("x", values, FEW)) is not None for values in tables)


@pytest.mark.slow
@pytest.mark.parametrize("name", VANISHING)
def test_of_500_rows_fewer_than_3_percent_have_a_false_edge(name):
    assert edges_found(VANISHING[name]) < 0.03 * SEEDS


@pytest.mark.slow
@pytest.mark.parametrize("name", EVEN)
def test_of_500_rows_more_than_75_percent_of_the_edges_are_found(name):
    assert edges_found(EVEN[name]) > 0.75 * SEEDS


def test_one_row_far_out_is_no_edge():
    for seed in range(10):
        for draw in VANISHING.values():
            for distance in (0.1, 1, 10, 1e6):
                values = draw(np.random.default_rng(seed))
                values[7] = values.min() - distance * values.std()
                assert lower_edge(Column("x", values, FEW)) is None
                assert upper_edge(Column("x", -values, FEW)) is None


@pytest.mark.parametrize("step", [0.05, 0.1, 0.25, 1])
def test_rounded_and_whole_numbers_have_no_false_edge(step):
    for seed in range(10):
        values = np.round(np.random.default_rng(seed).normal(5, 1, FEW) / step) * step
        column = Column("x", values, FEW)
        assert lower_edge(column) is upper_edge(column) is None


def test_the_spec_of_500_rows_says_what_its_edge_rests_on():
    values = np.random.default_rng(0).uniform(40, 75, FEW)
    text = spec(Table("t.csv", ("a",), (values,)))
    assert "event a: [40, 75]" in text and "edges=[a]" in text
    told = text.replace("\n#   ", " ")
    assert "times likelier under an even density than under one that vanishes there" in told
    assert "perhaps" not in text


def test_fewer_rows_than_500_have_a_hint_alone():
    values = 40 + np.random.default_rng(0).exponential(35, FEW - 1)
    guess = learned(Column("x", values, FEW - 1))
    assert guess.link == "" and "perhaps a hard lower edge" in guess.reasons[-1]


def test_the_spec_names_the_columns_with_edges_and_tails():
    columns = {"pt": LINKS["cut"][0], "eta mean": LINKS["heavy"][0], "z": LINKS["share"][0]}
    text = spec(Table("t.csv", tuple(columns), tuple(columns.values())))
    assert (
        'hidden=[64, 64], bound=8) |> Onto(event, edges=[pt, z], tails=["eta mean"])'
        in " ".join(text.split())
    )
    assert "a hard edge at 40" in text and "the Pareto shape" in text
    assert str(flowspec.parse(text).space) == "(40, inf), real, (0, 1)"


def test_what_has_its_edges_and_scale_is_neither_mixed_nor_scaled():
    shares = RANDOM.dirichlet([3, 4, 5], ROWS)
    columns = {
        "phi": RANDOM.vonmises(0, 1, ROWS), "a": shares[:, 0], "pt": LINKS["cut"][0],
        "x y": LINKS["normal"][0], "b": shares[:, 1], "c": shares[:, 2],
    }  # fmt: skip
    text = spec(Table("t.csv", tuple(columns), tuple(columns.values())))
    assert '|> on("x y", a, b) { LULinear |> Standardize }' in text
    flow = flowspec.parse(text)
    assert [*flow.steps[-1].transform.coordinates] == [3, 4]
    text = spec(Table("t.csv", ("pt", "x"), (columns["pt"], columns["x y"])))
    assert "|> on(x) { Standardize }" in text


def test_what_is_conditioned_on_keeps_the_wide_support():
    columns = {"pt": LINKS["cut"][0], "y": LINKS["normal"][0]}
    text = spec(Table("t.csv", tuple(columns), tuple(columns.values())), ["y"])
    assert "context pt: real" in text


def test_a_fit_keeps_the_mass_at_a_hard_edge():
    pytest.importorskip("torch")
    rows = LINKS["cut"][0][:, None]
    text = "event x: [40, inf)\nNSF(event, bins=4, transforms=1) |> Onto(event, edges=[x])"
    model = flowspec.fit(flowspec.parse(text), rows, epochs=20, seed=0)
    near = model.log_prob(np.array([[40.001], [41.0]]))
    np.testing.assert_allclose(near, [np.log(1 / 20), np.log(1 / 20) - 0.05], atol=0.15)
