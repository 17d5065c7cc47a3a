"""Points as far out as a float type reaches: finite densities, gradients and samples."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import flowspec
from flowspec.language.macros import Macros

SMALL = {
    "NSF": "NSF(3, hidden=[8])",
    "GF": "GF(3, hidden=[8])",
    "NCSF": "NCSF(3, hidden=[8])",
    "CNF": "CNF(3, hidden=[8], steps=4)",
    "GMM": "GMM(3)",
}
"""Architectures that take other arguments than most."""


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize(
    "name",
    sorted(
        name
        for name, macro in Macros().items()
        if "features" in {p.name.text for p in macro.parameters}
    ),
)
def test_density_and_gradients_are_finite_for_every_number(name, dtype):
    flow = flowspec.parse(SMALL.get(name, f"{name}(3, hidden=[8])"))
    module, largest = flowspec.to_torch(flow, dtype=dtype), torch.finfo(dtype).max
    powers = [k for k in (1, 2, 4, 9, 12, 15, 19, 30, 38, 100, 200, 308) if k < np.log10(largest)]
    far = torch.tensor([sign * 10.0**k for k in powers for sign in (-1, 1)], dtype=dtype)
    everywhere = far[:, None].expand(-1, 3)
    x = torch.cat([torch.diag_embed(everywhere).reshape(-1, 3), everywhere]).requires_grad_()
    log_prob = module().log_prob(x)
    if name == "NCSF":  # on circles, which end
        assert torch.isneginf(log_prob).all()
        return
    log_prob.clamp(min=-1e3).sum().backward()
    assert torch.isfinite(log_prob).all()
    assert torch.isfinite(x.grad).all()
    assert all(torch.isfinite(p.grad).all() for p in module.parameters() if p.grad is not None)


OVERFLOWING = {
    "half-line": "event x: positive\nNormal(0, 60) |> Exp",
    "shifted half-line": "event x: (1, inf)\nNormal(0, 60) |> Onto(event)",
    "half-line below": "event x: (-inf, 1)\nNormal(0, 60) |> Onto(event)",
    "next to 0": "event x: positive\nNormal(-100, 30) |> Exp",
    "interval": "event x: (0, 1)\nNormal(0, 100) |> Sigmoid",
    "real": "event x\nNormal(0, 60) |> Sinh",
    "heavy tails": "Cauchy(0, 1e35)",
    "wide": "Normal(0, 2e38)",
    "beside others": "event x: positive, y, z: (0, 1)\nNormal(0, 60)[3] |> Onto(event)",
    "ordered": "event a, b, c: ordered\nNormal(0, 60)[3] |> Ordered",
    "simplex": "Normal(0, 60)[2] |> StickBreaking",
}


@pytest.mark.parametrize("text", OVERFLOWING.values(), ids=OVERFLOWING)
def test_every_sample_lies_in_its_support(text, tmp_path):
    """Also where it overflows a float32: it is the largest that does not."""
    flow = flowspec.parse(text)
    bundle = flowspec.load(flowspec.compile(flow, tmp_path / "m"))
    x, log_prob = bundle.sample(20_000, seed=1, with_log_prob=True)
    assert np.isfinite(x).all()
    assert np.isfinite(log_prob).all()
    assert np.isfinite(bundle.log_prob(x)).all()
    drawn = flowspec.to_torch(flow, dtype=torch.float32)().sample((20_000,))
    assert torch.isfinite(drawn).all()
