"""A training ends with the scores of simple densities beside that of the flow."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import dirichlet

pytest.importorskip("torch")

from flowspec.data.tables.write import write_table
from flowspec.train.baselines import in_words
from flowspec.train.gaussians import log_density
from flowspec.transforms.learned.elementwise import REGRESSION

RANDOM = np.random.default_rng(0)
ROWS = RANDOM.normal([1, 5], [1, 2], (400, 2))
GROUPS = np.concatenate([RANDOM.normal(m, 0.1, (200, 2)) for m in ([0, 0], [5, 5])])


ADVICE = "below a simple density; try `--gaussians 0.5 --optimizer adamw --weight-decay 1`\n"


def fitted(call, rows, flow, *options):
    write_table("data.csv", ["a", "b"], rows.T)
    Path("it.flow").write_text(flow)
    answer = call("fit", "it.flow", "--data", "data.csv", "-o", "made", "--epochs", 3, *options)
    assert answer.code == 0, answer.err
    return answer.err, json.loads(Path("made/metrics.json").read_text())["baselines"]


def test_a_flow_that_is_one_gaussian_is_level_with_one(call, here):
    told, scores = fitted(call, ROWS, "event a, b\nNormal(0, 1)[2] |> Standardize")
    assert scores["flow"] == pytest.approx(scores["gaussian"], abs=0.05)
    assert "rows held out: " in told and "below a simple density" not in told


def test_a_flow_below_a_mixture_is_told_what_to_try(call, here):
    told, scores = fitted(call, GROUPS, "event a, b\nNormal(0, 1)[2] |> Standardize")
    assert scores["flow"] < scores["mixture"] - 1
    assert "below a simple density; try `--ensemble 5 --gaussians 0.5`\n" in told


def test_more_gaussians_are_advised_than_there_are_and_what_is_given_is_not(call, here):
    options = ("--ensemble", 2, "--gaussians", 0.2, "--optimizer", "adamw", "--weight-decay", 1)
    told, _ = fitted(
        call, GROUPS, "event a, b\nNormal(0, 1)[2] |> LULinear |> Standardize", *options
    )
    assert "nats a row below a simple density; try `--gaussians 0.8`\n" in told


@pytest.mark.parametrize("option", ["--ensemble", "--folds"])
def test_members_are_scored_at_the_rows_that_they_did_not_see(call, here, option):
    told, scores = fitted(call, GROUPS, "event a, b\nNSF(2, hidden=[4]) |> Standardize", option, 2)
    metrics = json.loads(Path("made/metrics.json").read_text())
    losses = [member["validation"] for member in metrics["members"]]
    assert scores["flow"] == pytest.approx(-np.mean(losses), abs=1e-4)
    assert "by the members that did not see them" in told and ADVICE in told


@pytest.mark.parametrize("most", [1, 10])
def test_of_a_context_the_others_are_conditioned(most):
    """y = 2 c + noise: what is left of y has the deviation of the noise."""
    c = RANDOM.normal(size=2000)
    noise = RANDOM.normal(0, 0.3, 2000)
    rows = np.column_stack([c, 2 * c + noise])
    truth = -np.log(0.3 * np.sqrt(2 * np.pi)) - 0.5 * np.mean((noise / 0.3) ** 2)
    assert log_density(rows, rows, most, given=1).mean() == pytest.approx(truth, abs=0.02)


def test_a_conditional_flow_stands_beside_conditional_densities(call, here):
    c = RANDOM.normal(size=2000)
    flow = "context a\nevent b\nNormal(0, 1) |> Standardize"
    told, scores = fitted(call, np.column_stack([c, c + 0.3 * RANDOM.normal(size=2000)]), flow)
    assert scores["gaussian"] == pytest.approx(-np.log(0.3) - 1.42, abs=0.2)
    assert scores["flow"] < scores["gaussian"] - 0.7
    assert told.partition("below a simple density")[2].startswith(
        f"; try `--ensemble 5`, or `{REGRESSION}` in"
    )


def test_one_gaussian_has_the_density_of_its_formula():
    truth = -np.log(2 * np.pi * 2) - 1
    assert log_density(ROWS, ROWS, 1).mean() == pytest.approx(truth, abs=0.1)


def test_no_rows_held_out_no_line(call, here):
    assert in_words({}, {}) == []


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_row_beyond_all_others_leaves_a_bundle_without_a_comparison(call, here):
    rows = ROWS.copy()
    rows[3, 0] = 1e300
    told, scores = fitted(
        call, rows, "event a, b\nNormal(0, 1)[2] |> Standardize", "--precision", 64
    )
    assert scores == {} and "wrote made" in told


def test_a_conditional_flow_below_a_line_is_told_of_the_step_that_starts_there(call, here):
    random = np.random.default_rng(3)
    context = random.normal(size=(300, 3))
    values = context @ random.normal(size=(3, 2)) + random.normal(size=(300, 2)) * [0.3, 1]
    rows = np.hstack([context, values])
    head = "context c, d, f\nevent a, b\ntrain { epochs = 3, batch_size = 64 }\n"
    told = {}
    for step in ("", f"{REGRESSION} |> "):
        np.savetxt("it.csv", rows, "%.9f", ",", header="c,d,f,a,b", comments="")
        Path("it.flow").write_text(f"{head}NSF(event, transforms=1) |> {step}Standardize")
        answer = call("fit", "it.flow", "--data", "it.csv", "-o", f"made{len(step)}")
        assert answer.code == 0, answer.err
        told[step] = answer.err
    assert f"or `{REGRESSION}` in the flow, before `Standardize`" in told[""]
    assert REGRESSION not in told[f"{REGRESSION} |> "]


def test_of_a_simplex_the_last_share_is_not_counted(call, here):
    rows = np.random.default_rng(0).dirichlet([2, 3, 4], 600)
    np.savetxt("shares.csv", rows, "%.12f", ",", header="a,b,c", comments="")
    Path("shares.flow").write_text(
        "event a, b, c: simplex\ntrain { epochs = 10, learning_rate = 3e-3 }\n"
        "NSF(event, transforms=1, hidden=[8]) |> LULinear |> Standardize |> Onto(event)"
    )
    call("fit", "shares.flow", "--data", "shares.csv", "-o", "shares")
    found = json.loads(Path("shares/metrics.json").read_text())["baselines"]
    right = dirichlet([2, 3, 4]).logpdf(rows.T).mean()
    assert abs(found["gaussian"] - right) < 0.5 and abs(found["flow"] - right) < 0.4
    judged = json.loads(call("judge", "shares", "--data", "shares.csv", "--format", "json").out)
    score = next(item for item in judged["items"] if item["name"] == "score")
    for name in ("gaussian", "gmm"):
        assert abs(score["details"][name]["gain"]) < 0.5
