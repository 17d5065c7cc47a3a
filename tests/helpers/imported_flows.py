"""Flows of zuko, which every client and the page run: D of 1, 7 and 40, one of them conditional."""

from __future__ import annotations

from pathlib import Path

import torch
import zuko

import flowspec
from flowspec.importers import from_zuko

FLOWS = {
    "spline": lambda: zuko.flows.NSF(1, transforms=2, bins=5, hidden_features=(16,)),
    "conditional": lambda: zuko.flows.MAF(7, 2, transforms=2, hidden_features=(24,)),
    "wide": lambda: zuko.flows.RealNVP(40, transforms=3, hidden_features=(48,)),
}
"""The flows by the name of their bundle. Only the last one has no graphs of gradients."""


def write_imported(folder: Path) -> dict[str, Path]:
    """The bundles of `FLOWS`, written into a folder, by name."""
    return {name: _write(name, folder / name) for name in FLOWS}


def _write(name: str, folder: Path) -> Path:
    torch.manual_seed(0)
    flow = FLOWS[name]()
    with torch.no_grad():
        for parameter in flow.parameters():
            parameter.mul_(1.5)  # far from what is zero at the start of a training
    return flowspec.compile(from_zuko(flow), folder, gradient=name != "wide")
