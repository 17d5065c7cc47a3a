"""`flowspec.to_torch`: a module that trains, moves, is saved and copied."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import flowspec

pytestmark = pytest.mark.slow

LEARNED = "Normal(0, 1)[3] |> Affine(learn(0.5), learn(2)) |> RQS(bins=4) |> LULinear"
CONDITIONAL = """context z: real, w: positive
event x: positive
Normal(z, w) |> Affine(learn(0), learn(1)) |> Exp"""


@pytest.fixture
def module():
    return flowspec.to_torch(flowspec.parse(LEARNED), dtype=torch.float64)


def test_log_prob_is_that_of_the_reference(module):
    x = torch.randn(6, 3, dtype=torch.float64)
    expected = flowspec.Model(flowspec.parse(LEARNED)).log_prob(x.numpy())
    np.testing.assert_allclose(module().log_prob(x).detach().numpy(), expected, rtol=1e-12)


def test_every_parameter_gets_a_gradient_in_both_directions(module):
    for loss in (
        lambda: module().log_prob(torch.randn(20, 3, dtype=torch.float64)).sum(),
        lambda: module().rsample((20,)).sum(),
    ):
        module.zero_grad()
        loss().backward()
        missing = [
            name
            for name, each in module.named_parameters()
            if each.grad is None or not torch.isfinite(each.grad).all()
        ]
        assert not missing


def test_state_dict_deepcopy_and_pickle_keep_the_density(module):
    with torch.no_grad():
        for each in module.parameters():
            each.add_(0.1 * torch.randn_like(each))
    x = torch.randn(6, 3, dtype=torch.float64)
    expected = module().log_prob(x)
    fresh = flowspec.to_torch(flowspec.parse(LEARNED), dtype=torch.float64)
    assert not torch.equal(fresh().log_prob(x), expected)
    fresh.load_state_dict(module.state_dict())
    for other in (fresh, copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        torch.testing.assert_close(other().log_prob(x), expected, rtol=0, atol=0)


def test_moves_to_another_dtype(module):
    x = torch.randn(6, 3, dtype=torch.float64)
    expected = module().log_prob(x).float()
    found = module.float()().log_prob(x.float())
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_to_model_gives_the_trained_numbers_back(module):
    with torch.no_grad():
        for each in module.parameters():
            each.add_(0.1 * torch.randn_like(each))
    x = torch.randn(6, 3, dtype=torch.float64)
    np.testing.assert_allclose(
        module.to_model().log_prob(x.numpy()), module().log_prob(x).detach().numpy(), rtol=1e-12
    )


def test_context_gives_one_distribution_a_row():
    module = flowspec.to_torch(flowspec.parse(CONDITIONAL), dtype=torch.float64)
    context = torch.tensor([[0.0, 1.0], [2.0, 0.5]], dtype=torch.float64)
    flow = module(context)
    assert flow.batch_shape == (2,)
    x = torch.tensor([1.5, 3.0], dtype=torch.float64)
    expected = torch.distributions.LogNormal(context[:, 0], context[:, 1]).log_prob(x)
    torch.testing.assert_close(flow.log_prob(x), expected)
    assert flow.sample((7,)).shape == (7, 2)


@pytest.mark.parametrize("context", [None, torch.zeros(3), torch.zeros(2, 5)])
def test_wrong_context_is_told(context):
    module = flowspec.to_torch(flowspec.parse(CONDITIONAL))
    with pytest.raises(flowspec.FlowError, match="context"):
        module(context)


def test_transform_and_its_inverse(module):
    flow = module()
    z = flow.base.sample((5,))
    x, log_det = flow.transform.call_and_ladj(z)
    torch.testing.assert_close(flow.transform.inv(x), z)
    torch.testing.assert_close(flow.transform.log_abs_det_jacobian(z, x), log_det)
    torch.testing.assert_close(flow.log_prob(x), flow.base.log_prob(z) - log_det)


@pytest.mark.filterwarnings("ignore")  # of the compiler itself
@pytest.mark.parametrize(
    "text",
    [
        "Normal(learn(0), learn(1)) |> Affine(0, 2) |> Tanh",
        "MAF(3, hidden=[8], transforms=1)",
        "NSF(2, hidden=[8], transforms=1)",
        "NCSF(1, hidden=[8], transforms=1)",
        "UNAF(1, hidden=[8], network=[4], transforms=1)",
        "NAF(1, hidden=[8], network=[4], transforms=1)",
        "GMM(2)",
        "event a: positive, b: (0, 1)\nRealNVP(2, hidden=[8]) |> Standardize |> Onto(event)",
        "Normal(0, 1) |> Sigmoid |> Affine(learn(0), learn(400))",
        "Exponential(1) |> Affine(learn(1), learn(2))",
    ],
)
def test_torch_compile_sees_one_graph(text):
    torch._dynamo.reset()
    module = flowspec.to_torch(flowspec.parse(text))
    x = module().sample((5,))
    compiled = torch.compile(lambda x: module().log_prob(x), backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(x), module().log_prob(x))
    drawn = torch.compile(lambda: module().sample((5,)), backend="eager", fullgraph=True)
    assert drawn().shape == x.shape


@pytest.mark.parametrize(
    ("rows", "contexts"), [((4, 2), (4, 2)), ((4,), (4, 2)), ((4, 3), (3, 2)), ((), (2,))]
)
def test_points_of_a_wrong_shape_are_told(rows, contexts):
    module = flowspec.to_torch(flowspec.parse("context a, b: real\nMAF(3, hidden=[8])"))
    with pytest.raises(flowspec.FlowError, match="the points have shape"):
        module(torch.zeros(contexts)).log_prob(torch.zeros(rows))


@pytest.mark.filterwarnings("ignore")
def test_runs_under_torch_compile(module):
    x = torch.randn(6, 3, dtype=torch.float64)
    compiled = torch.compile(lambda x: module().log_prob(x), backend="eager")
    torch.testing.assert_close(compiled(x), module().log_prob(x))


@pytest.mark.parametrize("text", ["MAF(3)", "RealNVP(5)"])
def test_a_module_that_was_used_in_inference_mode_can_be_trained(text):
    module = flowspec.to_torch(flowspec.parse(text))
    x = torch.zeros(2, len(module.flow.columns))
    with torch.inference_mode():
        module().log_prob(x)
        module().sample((2,))
    (module().rsample((2,)).sum() - module().log_prob(x).sum()).backward()
    assert all(torch.isfinite(weight.grad).all() for weight in module.parameters())
