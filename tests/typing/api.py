"""The whole public API, as a program calls it: checked by mypy --strict and pyright, and run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, assert_type

import numpy as np
import torch
import zuko
from torch import Tensor
from torch.distributions import Normal
from torch.distributions.transforms import ExpTransform

import flowspec
from flowspec import Bundle, Flow, FlowError, Model, NormalizingFlow
from flowspec.importers import from_zuko

TEXT = "context z: positive  event y: positive  Normal(learn(0), learn(1)) |> Exp |> Scale(z)"


def texts(place: Path) -> Flow:
    """Text -> flow -> JSON -> flow; what is wrong is an exception that says where."""
    path = place / "one.flow"
    path.write_text(TEXT)
    flow = assert_type(flowspec.read(path), Flow)
    data = assert_type(flow.to_json(), dict[str, Any])
    again = assert_type(flowspec.from_json(data), Flow)
    path.write_text(assert_type(flowspec.format(TEXT, name="one.flow"), str))
    equal: bool = again == assert_type(flowspec.parse(TEXT, name="one.flow"), Flow)
    names: list[str] = list(again.learned())
    try:
        flowspec.parse("Normal(0, 1) |> Tnah")
    except FlowError as error:
        for diagnostic in error.diagnostics:
            line: int | None = diagnostic.line
            words: tuple[str, str, str | None] = (
                diagnostic.code,
                diagnostic.message,
                diagnostic.help,
            )
            print(line, *words)
    version: str = flowspec.__version__
    print(equal, names, version)
    return flow


def assembled(flow: Flow) -> Flow:
    """A flow of components that are objects already."""
    transforms = [step.transform for step in flow.steps]
    return assert_type(flowspec.assemble(flow.base, transforms, flow.context, flow.event), Flow)


def bundles(flow: Flow, place: Path) -> None:
    """Compile, open, score and draw."""
    path = assert_type(flowspec.compile(flow, place / "made", dtype="float64", batch=None), Path)
    bundle = assert_type(flowspec.load(path, provider="cpu", threads=1), Bundle)
    columns: tuple[str, ...] = bundle.columns + bundle.context + bundle.noise
    dtype: np.dtype[Any] = bundle.dtype
    about: dict[str, Any] = bundle.about
    density: np.ndarray = bundle.log_prob([1.0, 2.0], [1.0])
    x: np.ndarray = bundle.sample(3, seed=1, context=np.array([1.0]), first_row=5)
    both: tuple[np.ndarray, np.ndarray] = bundle.sample(3, context=[[1.0]], with_log_prob=True)
    noisy: tuple[np.ndarray, np.ndarray] = bundle.from_noise(np.zeros((3, 1)), context=[1.0])
    print(columns, dtype, sorted(about), density, x, both, noisy)


def models(flow: Flow, place: Path) -> Model:
    """A flow with its weights, evaluated by numpy."""
    weights = {"base.loc": np.array(0.5), "base.scale": np.array(2.0)}
    model = Model(flow, weights)
    density: np.ndarray = model.log_prob([1.0, 2.0], context=[1.0], dtype=np.float32)
    points: tuple[np.ndarray, np.ndarray] = model.from_noise(np.zeros((2, 1)), context=[1.0])
    held: dict[str, np.ndarray] = model.complete_weights
    flowspec.compile(model, str(place / "model"))
    flowspec.compile(flow, place / "weights", weights, opset=18)
    print(density, points, held)
    return model


def fitted(flow: Flow, place: Path) -> None:
    """Fit by data, and by a density."""
    rng = np.random.default_rng(0)
    y, z = rng.lognormal(size=100), rng.lognormal(size=(100, 1))
    model = assert_type(flowspec.fit(flow, y, z, epochs=1, seed=1), Model)
    kept = flowspec.fit(flow, y, z, epochs=1, output=place / "fitted", resume=True)
    assert_type(kept, Model)
    flowspec.fit(model, y, z, weights=np.ones(100), epochs=1, checkpoint=place / "kept.pt")

    def log_density(x: Tensor) -> Tensor:
        return -0.5 * x[:, 0] ** 2 - 2 * (x[:, 1] - x[:, 0] ** 2) ** 2

    tuned = flowspec.tune(TEXT, y, z, trials=2, epochs=1, folder=place / "it", resume=True)
    flowspec.fit(assert_type(tuned.flow, Flow), y, z, epochs=1)
    text: str = tuned.text
    loss: float | None = tuned.best.loss
    print(text, loss, *(dict(trial.values) for trial in tuned.trials))

    reverse = flowspec.parse("RealNVP(2, hidden=[4])")
    flowspec.fit(reverse, log_density=log_density, draws=64, epochs=1)


def modules(flow: Flow, model: Model) -> None:
    """A module that torch trains, and the distribution that it gives."""
    module = flowspec.to_torch(flow, dtype=torch.float64)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.05)
    distribution = module(torch.ones(1, dtype=torch.float64))
    loss: Tensor = -distribution.log_prob(torch.ones(3, dtype=torch.float64)).mean()
    loss.backward()
    optimizer.step()
    values: Tensor = flowspec.to_torch(model)(torch.ones(1)).sample((3,))
    log_normal = NormalizingFlow(ExpTransform(), Normal(0.0, 1.0))
    density: Tensor = log_normal.log_prob(torch.tensor([1.0, -1.0]))
    drawn: Tensor = log_normal.sample(torch.Size([3]))
    print(values, density, drawn)


def imported(place: Path) -> None:
    """A flow that zuko trained."""
    model = assert_type(from_zuko(zuko.flows.NSF(2, context=1)), Model)
    flowspec.compile(model, place / "nsf")


def main() -> None:
    """Run all of it, in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        flow = assembled(texts(place))
        bundles(flow, place)
        model = models(flow, place)
        fitted(flow, place)
        modules(flow, model)
        imported(place)


if __name__ == "__main__":
    main()
