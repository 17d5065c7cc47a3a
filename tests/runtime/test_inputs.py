"""What is wrong with the points or the context of a flow is told alike by bundles, models and torch
modules."""

from __future__ import annotations

import numpy as np
import pytest

import flowspec
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.model.model import Model

PLAIN = "event a, b: real  Normal(0, 1)[2]"
CONDITIONAL = "context u, v: real  event a, b: real  Normal(0, 1)[2] |> Affine(u, 2)"
X, CONTEXT = np.zeros((3, 2)), np.ones((3, 2))


def scorer(kind: str, text: str, place):
    """log_prob(x, context) of a flow, as a bundle, a model or a module has it."""
    flow = flowspec.parse(text)
    if kind == "bundle":
        return flowspec.load(flowspec.compile(flow, place / "made")).log_prob
    if kind == "model":
        return Model(flow).log_prob
    torch = pytest.importorskip("torch")

    def log_prob(x, context=None):
        given = None if context is None else torch.tensor(np.asarray(context, np.float32))
        return module(given).log_prob(torch.tensor(np.asarray(x, np.float32))).detach().numpy()

    module = flowspec.to_torch(flow)
    return log_prob


def told(call, *arguments) -> tuple[str, str]:
    with pytest.raises(FlowError) as error:
        call(*arguments)
    (problem,) = error.value.diagnostics
    return problem.message, problem.help


every_kind = pytest.mark.parametrize("kind", ["bundle", "model", "module"])


@every_kind
def test_a_context_that_the_flow_has_not_is_refused(kind, tmp_path):
    assert told(scorer(kind, PLAIN, tmp_path), X, CONTEXT) == (
        "this flow has no context",
        "leave `context` out",
    )


@every_kind
def test_a_missing_context_is_told(kind, tmp_path):
    assert told(scorer(kind, CONDITIONAL, tmp_path), X) == (
        "this flow is conditional: it needs u, v",
        "give `context`, an array of shape (rows, 2)",
    )


@every_kind
def test_a_context_of_other_columns_is_told(kind, tmp_path):
    message, _ = told(scorer(kind, CONDITIONAL, tmp_path), X, np.ones((3, 5)))
    assert message == "`context` has shape (3, 5), but 2 columns are needed"


@pytest.mark.parametrize("kind", ["bundle", "model"])
def test_a_context_of_other_rows_is_told(kind, tmp_path):
    """`WrongContextRows`; one row is for all."""
    assert told(scorer(kind, CONDITIONAL, tmp_path), X, np.ones((2, 2))) == (
        "`context` has 2 rows, and 3 are needed",
        "give one row for each, or one for all",
    )


@every_kind
def test_one_row_of_context_is_for_all(kind, tmp_path):
    log_prob = scorer(kind, CONDITIONAL, tmp_path)
    np.testing.assert_array_equal(log_prob(X, CONTEXT[:1]), log_prob(X, CONTEXT))


@pytest.mark.parametrize("kind", ["bundle", "model"])
def test_points_of_other_columns_are_told(kind, tmp_path):
    log_prob = scorer(kind, PLAIN, tmp_path)
    assert told(log_prob, np.ones((3, 5))) == (
        "`x` has shape (3, 5), but 2 columns are needed (a, b)",
        "give an array of shape (rows, 2)",
    )
    assert told(log_prob, [["a", "b"]])[0] == "`x` does not hold real numbers only"
