"""Hard edges and heavy tails, as `judge` tells them of 2,000 rows, and of 500."""

from __future__ import annotations

import re
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("sklearn")

from flowspec.judge.edges import beyond_rows, in_words
from flowspec.judge.tails import tails

ROWS, DRAWS = 2_000, 40_000


def exponential(random, count):
    return 40 + random.exponential(20, count)


def without_edge(random, count):
    """Nothing lies next to the edge."""
    x = exponential(random, count)
    return np.where(x < 40.4, x + 3 * random.uniform(size=count), x)


def log_normal(random, count):
    return 40 + random.lognormal(np.log(14), 1, count)


def power(random, count):
    return 40 + 80 * (random.uniform(size=count) ** -0.25 - 1)


def normal(random, count):
    return random.normal(size=count)


def heavy(random, count):
    return random.standard_t(3, count) / 1.4


def stretched(random, count):
    """Beyond the last hundredth four times as far."""
    x = random.normal(size=count)
    return np.where(x > 2.33, 2.33 + 4 * (x - 2.33), x)


def judged(data, model, seed=1, rows=ROWS):
    random = np.random.default_rng(seed)
    rows, draws = data(random, rows)[:, None], model(random, DRAWS)[:, None]
    return tails(SimpleNamespace(columns=["x"], rows=rows, draws=draws))


@pytest.mark.parametrize(
    ("data", "model"),
    [
        (exponential, without_edge), (exponential, log_normal), (exponential, power),
        (power, exponential), (heavy, normal), (normal, heavy), (stretched, normal),
        (normal, stretched),
    ],
    ids=lambda law: law.__name__,
)  # fmt: skip
def test_a_wrong_end_is_told(data, model):
    assert judged(data, model).verdict == "bad"


@pytest.mark.parametrize("law", [exponential, power, heavy, stretched])
def test_a_right_end_is_fine(law):
    verdicts = [judged(law, law, seed).verdict for seed in range(10)]
    assert verdicts.count("fine") >= 9 and "bad" not in verdicts


def test_the_figure_says_how_far_the_rows_reach():
    item = judged(stretched, normal)
    assert item.figure.startswith("beyond the x upper 1 % of the model rows reach")
    assert item.details["x upper reach"]["reach"] > 2
    assert judged(exponential, without_edge).figure.startswith("beyond the x lower 0.1 % of")


# --- hard edges, by 500 rows ---------------------------------------------------------------------


def uniform(random, count):
    return random.uniform(size=count)


def leaking(random, count):
    """As splines without edges fit uniform rows: 1.6 % of the samples beyond either end."""
    return random.uniform(-0.0165, 1.0165, count)


def above_40(random, count):
    return 40 + random.exponential(35, count)


def leaking_below_40(random, count):
    """One sample in 20 below the cut."""
    x = above_40(random, count)
    return np.where(random.uniform(size=count) < 0.05, 40 - random.exponential(3, count), x)


def rounded(law):
    return lambda random, count: np.round(law(random, count))


@pytest.mark.parametrize(
    ("data", "model", "figure"),
    [
        (
            uniform,
            leaking,
            r"the model has [\d.]+ % (below the smallest|above the largest) row of `x`",
        ),
        (above_40, leaking_below_40, r"the model has [\d.]+ % below the smallest row of `x`"),
    ],
    ids=["uniform", "cut"],
)
def test_samples_beyond_all_rows_are_told(data, model, figure):
    items = [judged(data, model, seed, 500) for seed in range(10)]
    told = [item for item in items if "write `Onto(event, edges=[x])`" in item.figure]
    assert len(told) >= 9 and all(re.match(figure, item.figure) for item in told)
    assert all(item.verdict != "fine" for item in told)


def test_what_lies_elsewhere_is_no_edge():
    item = judged(normal, lambda random, count: random.normal(9, 1, count), 0, 500)
    assert item.verdict == "bad" and "edge" not in item.figure


def test_no_edge_is_proposed_where_all_is_fine():
    assert "edge" in in_words("x", "lower", 0.05, False)
    assert (
        in_words("x", "lower", 0.003, True) == "the model has 0.3 % below the smallest row of `x`"
    )
    assert "has 100 % below" in in_words("x", "lower", 0.999, False)


@pytest.mark.parametrize("law", [uniform, above_40, normal, rounded(above_40)])
def test_an_edge_that_is_kept_is_fine(law):
    verdicts = [judged(law, law, seed, 500).verdict for seed in range(20)]
    assert verdicts.count("fine") >= 18 and "bad" not in verdicts


def test_rows_that_are_rounded_have_half_a_step_beyond_them():
    """Samples between 39.5 and 40 belong to rows at 40."""
    assert judged(rounded(above_40), above_40, rows=500).details["x lower beyond"]["mass"] == 0
    between = lambda random, count: above_40(random, count) - 0.5  # noqa: E731
    assert judged(rounded(above_40), between, rows=500).verdict == "fine"


def test_the_chance_of_samples_beyond_all_rows_is_that_of_an_urn():
    found = beyond_rows(np.array([0.0, 1.0]), np.array([2.0, 3.0, 0.5]))
    assert found["mass"] == pytest.approx(2 / 3)
    assert found["chance"] == pytest.approx(3 / 5 * 2 / 4)
