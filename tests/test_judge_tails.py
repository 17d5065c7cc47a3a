"""Hard edges and heavy tails, as `judge` tells them of 2,000 rows."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("sklearn")

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


def judged(data, model, seed=1):
    random = np.random.default_rng(seed)
    rows, draws = data(random, ROWS)[:, None], model(random, DRAWS)[:, None]
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
