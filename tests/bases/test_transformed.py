"""Transformed: whole flows inside `Join` and `Mixture`."""

import numpy as np
import pytest
from scipy import stats

import flowspec
from flowspec.language.writing import flow_text
from flowspec.model.model import Model

TEXTS = (
    "Join(Normal(0, 1) |> Exp, Uniform(0, 1))",
    "Mixture([1, 3], NSF(2, transforms=1, hidden=[4]), MAF(2, transforms=1, hidden=[4]))",
    "Mixture([1, 1], Normal(0, 1) |> Exp |> repeat(2) { Affine(0, 2) }, Normal(0, 1) |> Exp)",
    "Mixture(1, Join(Normal(0, 1) |> Tanh, Normal(0, 1)) |> on(1) { Sigmoid })",
    "Join(Mixture([1, 2], Normal(0, 1) |> Exp, Gamma(2, 1)), Normal(0, 1) |> Affine(learn(0), 2))",
)
SKEWED = "def skewed(low, scale) = Normal(0, 1) |> Exp |> Affine(low, scale)\n"
OF_CONTEXT = (
    "context t: positive\nMixture([1, 1], Normal(0, 1) |> Exp |> Affine(0, t), Gamma(2, 1))"
)


def test_a_mixture_of_flows_is_the_weighted_sum(log_prob):
    x = np.array([0.3, 1.0, 4.0])
    found = log_prob("Mixture([1, 3], Normal(0, 1) |> Exp, Normal(1, 2) |> Softplus)", x)
    before = np.log(np.expm1(x))
    softplus = stats.norm.pdf(before, 1, 2) / -np.expm1(-x) * 1.0
    np.testing.assert_allclose(
        found, np.log(0.25 * stats.lognorm.pdf(x, 1) + 0.75 * softplus), rtol=1e-12
    )


def test_joined_flows_are_independent(log_prob, draw):
    text = "Join(Normal(0, 1) |> Exp, Uniform(0, 1), Normal(0, 1)[2] |> Affine([1, 2], 3))"
    laws = [stats.lognorm(1), stats.uniform(), stats.norm(1, 3), stats.norm(2, 3)]
    x = draw(text, 5_000)
    expected = sum(law.logpdf(x[:, i]) for i, law in enumerate(laws))
    np.testing.assert_allclose(log_prob(text, x), expected, rtol=1e-12)
    for column, law in zip(x.T, laws, strict=True):
        assert stats.ks_1samp(column, law.cdf).pvalue > 1e-3
    assert np.abs(np.corrcoef(x.T) - np.eye(4)).max() < 0.06


@pytest.mark.parametrize("text", TEXTS)
def test_text_and_json_give_the_same_flow(text):
    flow = flowspec.parse(text)
    assert flowspec.parse(flow_text(flow)) == flow
    assert flowspec.from_json(flow.to_json()) == flow


def test_supports_are_united_and_joined():
    united = "Mixture([1, 1], Normal(0, 1) |> Sigmoid, Normal(0, 1) |> Sigmoid |> Affine(1, 2))"
    with pytest.raises(flowspec.FlowError, match="scattered"):
        flowspec.parse(united)  # 1 lies in neither
    assert str(flowspec.parse("Join(Normal(0, 1) |> Exp, Normal(0, 1) |> Tanh)").space) == (
        "positive, (-1, 1)"
    )
    overlapping = "Mixture([1, 1], Normal(0, 1) |> Sigmoid, Normal(0, 1) |> Exp |> Affine(0.5, 2))"
    assert str(flowspec.parse(overlapping).space) == "positive"


def test_a_step_behind_it_takes_what_comes_out():
    assert str(flowspec.parse("Join(Normal(0, 1) |> Exp, Gamma(2, 1)) |> Log").space) == "real x 2"
    with pytest.raises(flowspec.FlowError, match="Log cannot take every value"):
        flowspec.parse("Join(Normal(0, 1) |> Exp, Normal(0, 1) |> Tanh) |> Log")


def test_a_component_counts_only_on_the_support_that_its_weights_leave():
    text = "Mixture([1, 1], Normal(0, 1) |> Exp |> Affine(learn(0), learn(1)), Normal(0, 2))"
    flow = flowspec.parse(text)
    weights = {"base.bases.0.steps.1.shift": 3.0, "base.bases.0.steps.1.scale": 2.0}
    x = np.array([-1.0, 2.9, 3.1, 9.0])
    expected = 0.5 * stats.norm.pdf(x, 0, 2) + 0.25 * stats.lognorm.pdf((x - 3) / 2, 1)
    found = Model(flow, weights).log_prob(x)
    np.testing.assert_allclose(found, np.log(expected), rtol=1e-12)
    assert np.isfinite(
        [p.grad.abs().max().item() for p in _trained(Model(flow, weights), x[:, None][:, 0])]
    ).all()


def _trained(model, x):
    import torch

    module = flowspec.to_torch(model)
    module().log_prob(torch.tensor(x, dtype=torch.float32)).sum().backward()
    return [*module.parameters()]


def test_a_support_inside_join_follows_the_weights():
    flow = flowspec.parse("Join(Normal(0, 1) |> Exp |> Affine(learn(0), 1), Uniform(0, 1))")
    model = Model(flow, {"base.bases.0.steps.1.shift": 2.0})
    assert str(model.fixed.space) == "(2, inf), [0, 1]"
    found = model.log_prob([[1.9, 0.5], [3.0, 0.5], [3.0, 1.5]])
    np.testing.assert_allclose(found, [-np.inf, stats.lognorm.logpdf(1, 1), -np.inf])


@pytest.mark.parametrize("text", [*TEXTS, OF_CONTEXT])
def test_torch_onnxruntime_and_the_reference_agree(text, tmp_path):
    import torch

    model = Model(flowspec.parse(text))
    flowspec.compile(model, tmp_path / "made")
    bundle = flowspec.load(tmp_path / "made")
    context = {"context": np.full((64, 1), 1.5, np.float32)} if "context" in text else {}
    x = bundle.sample(64, seed=3, **context)
    reference = model.log_prob(x, **context)
    assert np.isfinite(reference).all()
    np.testing.assert_allclose(bundle.log_prob(x, **context), reference, rtol=1e-4, atol=1e-5)
    module = flowspec.to_torch(model)
    distribution = module(torch.tensor(context["context"])) if context else module()
    np.testing.assert_allclose(
        distribution.log_prob(torch.tensor(x)).detach(), reference, rtol=1e-4, atol=1e-5
    )


def test_definitions_stand_where_bases_stand(log_prob):
    x = [0.5, 2.0]
    plain = log_prob(
        "Mixture([1, 2], Normal(0, 1) |> Exp |> Affine(0, 1), Normal(0, 1) |> Exp |> Affine(0, 3))",
        x,
    )
    for text in (
        SKEWED + "Mixture([1, 2], skewed(0, 1), skewed(0, 3))",
        "let one = Normal(0, 1) |> Exp\nMixture([1, 2], one, one |> Affine(0, 3))",
        SKEWED + "let one = skewed(0, 1)\nMixture([1, 2], one, (skewed(0, 3)))",
    ):
        np.testing.assert_allclose(log_prob(text, x), plain, rtol=1e-14)


def test_a_let_begins_a_pipeline(log_prob):
    text = "let start = Normal(0, 1) |> Exp\nstart |> Affine(0, 2)"
    np.testing.assert_allclose(log_prob(text, [3.0]), stats.lognorm.logpdf([3.0], 1, scale=2))


def test_onto_gives_each_component_the_declared_supports():
    text = """event a: (0, 1), b: positive
        Mixture([1, 1], MAF(2, hidden=[4]) |> Onto(event), Normal(0, 1)[2] |> Onto(event))
    """
    assert str(flowspec.parse(text).space) == "(0, 1), positive"


def test_mistakes_in_every_component_are_told():
    with pytest.raises(flowspec.FlowError) as caught:
        flowspec.parse("Join(Normal(0, 1) |> Log, Normal(0, 1) |> Logit, Uniform(0, 1) |> Logit)")
    codes = [mistake.code for mistake in caught.value.diagnostics]
    assert codes == ["domain-mismatch", "domain-mismatch"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Truncated(Normal(0, 1) |> Exp, 0, 1)", "Normal |> Exp has none"),
        ("Normal(0, Normal(0, 1) |> Exp)", "not `Normal |> Exp`"),
        ("Join(Exp |> Exp, Uniform(0, 1))", "a pipeline starts with a base"),
        ("Join(Normal(0, 1) |> , Uniform(0, 1))", "`,` is no step"),
        ("Normal(0, 1) |> Affine(0, 1 |> Exp)", "`(` is never closed"),
        ("Normal(0, 1) |> Affine(0, (Normal(0, 1) |> Exp))", "not `Normal |> Exp`"),
        ("Transformed(Normal(0, 1), Exp)", "no base called `Transformed`"),
        ("def a = Mixture([1, 1], b, b)\ndef b = Mixture([1, 1], a, a)\na", "uses itself"),
    ],
)
def test_what_is_no_flow_is_refused(text, words):
    with pytest.raises(flowspec.FlowError) as caught:
        flowspec.parse(text)
    assert words in str(caught.value)


def test_definitions_that_double_are_refused_soon():
    doubling = [f"def x{i} = Mixture([1, 1], x{i - 1}, x{i - 1})" for i in range(1, 60)]
    with pytest.raises(flowspec.FlowError, match="more than"):
        flowspec.parse("\n".join(["def x0 = Normal(0, 1)", *doubling, "x59"]))


def test_measured_steps_inside_are_measured_on_what_the_component_can_have():
    rows = np.exp(np.random.default_rng(0).normal(3, 0.5, (2_000, 2)))
    text = """
        Mixture([1, 1],
            Join(Normal(0, 1) |> Standardize |> Exp, Normal(0, 1) |> Standardize),
            Normal(0, 1)[2] |> Standardize |> Exp |> Affine(20, 1))
    """
    model = flowspec.fit(flowspec.parse(text), rows, epochs=1, learning_rate=1e-9)
    weights, logs = model.complete_weights, np.log(rows)
    assert weights["base.bases.0.bases.0.steps.0.location"] == pytest.approx(
        logs[:, 0].mean(), abs=0.02
    )
    assert weights["base.bases.0.bases.1.steps.0.scale"] == pytest.approx(
        rows[:, 1].std(), rel=0.05
    )
    beyond = np.log(rows[(rows > 20).all(1)] - 20)
    assert weights["base.bases.1.steps.0.location"] == pytest.approx(beyond.mean(0), abs=0.05)


@pytest.mark.parametrize(
    "inner",
    [
        "Normal(0, 1) |> Sigmoid |> Affine(0, 400)",
        "Normal(0, 1) |> Sigmoid |> Affine(learn(0), learn(400))",
        "Beta(0.5, 3) |> Affine(0, 400)",
        "Beta(0.5, 3) |> Affine(learn(0), learn(400))",
    ],
)
@pytest.mark.parametrize("outer", ["Mixture([1, 2], {0}, Normal(0, 9))", "Join({0}, {0})"])
def test_the_distance_to_an_end_keeps_its_digits_inside(inner, outer):
    flow = flowspec.parse(outer.format(inner))
    near = np.float32([1e-6, 400 - 2e-3, 400 - 3.1e-5])
    x = near if flow.space.scalar else np.stack([near, near], axis=1)
    model = Model(flow)
    reference = model.log_prob(x.astype(np.float64))
    np.testing.assert_allclose(model.log_prob(x, dtype=np.float32), reference, rtol=2e-5, atol=1e-4)
