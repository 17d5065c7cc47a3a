"""`hidden=[]`: no hidden layers. Anywhere else an empty vector is a mistake."""

import pytest

import flowspec
from flowspec.diagnostics.diagnostic import FlowError


@pytest.mark.parametrize(
    "flow",
    [
        "MAF(3, transforms=1, hidden=[])",
        "NSF(event, transforms=2, hidden=[])",
        "Normal(0, 1)[3] |> Coupling(RQS, hidden=[])",
        "GMM(3, components=2, hidden=[])",
        "let none = []\nMAF(3, hidden=none)",
        "def Shallow(widths=[]) = Autoregressive(MonotonicAffine, hidden=widths)\n"
        "Normal(0, 1)[3] |> Shallow",
    ],
)
def test_networks_may_have_no_hidden_layers(flow):
    read = flowspec.parse(f"context c\nevent x, y, z\n{flow}")
    assert any(".network.0.weight" in path for path in read.learned())
    assert not any(".network.1." in path for path in read.learned())
    again = flowspec.from_json(read.to_json())
    assert read.learned().keys() == again.learned().keys()


@pytest.mark.parametrize(
    "flow",
    [
        "Normal(§[]§, 1)",
        "Normal(learn(§[]§), 1)",
        "Normal(learn(0, low=§[]§), 1)",
        "Normal([1, §[]§], 1)",
        "Normal([§[]§, []], 1)",
        "Normal(2 * §[]§, 1)",
        "Normal(-§[]§, 1)",
        "Normal(sqrt(§[]§), 1)",
        "let none = []\nNormal(0, §none§)",
        "Normal(0, 1)[3] |> Householder(§[]§)",
    ],
)
def test_elsewhere_an_empty_vector_is_a_mistake(flow):
    start = flow.index("§")
    with pytest.raises(FlowError) as refused:
        flowspec.parse(flow.replace("§", ""))
    first = refused.value.diagnostics[0]
    assert first.code == "empty-vector"
    assert first.span.start == start


def test_the_advice_for_hidden_layers_can_be_followed():
    with pytest.raises(FlowError) as refused:
        flowspec.parse("MAF(3, hidden=0)")
    assert "such as `[64, 64]`" in str(refused.value)
    flowspec.parse("MAF(3, hidden=[64, 64])")
