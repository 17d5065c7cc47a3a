"""Every public function that is given something of another kind says what it takes, in words."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch.distributions import Normal
from torch.distributions.transforms import ExpTransform

import flowspec
from flowspec.model import Model
from flowspec.train.engine import Engine
from refusals import refused

FLOW = flowspec.parse("event a\nNormal(learn(0), learn(1))")
GIVEN = flowspec.parse("event a\ncontext z\nNormal(learn(0), learn(1)) |> Shift(z)")
MODEL = Model(FLOW)
MODULE = flowspec.to_torch(FLOW)
BY_HAND = flowspec.NormalizingFlow(ExpTransform(), Normal(0.0, 1.0))
ROWS = np.array([0.5, 1.0, 2.0, 4.0])
MANY = np.arange(20.0)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return flowspec.load(
        flowspec.compile(FLOW, tmp_path_factory.mktemp("it") / "it", gradient=True)
    )


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("file").write_text("no flow")
    Path("a.flow").write_text("Normal(0, 1)")


INTERNAL = {"already", "watch"}
"""Arguments that the checker of the language alone gives."""

ODD: dict[str, Any] = {
    "None": None,
    "text": "odd",
    "bytes": b"odd",
    "int": 3,
    "float": -1.5,
    "nan": float("nan"),
    "list": [],
    "list of text": ["odd"],
    "dict": {},
    "set": {1},
    "object": object(),
    "class": dict,
    "function": len,
    "distribution": Normal(0.0, 1.0),
    "by hand": BY_HAND,
    "called module": MODULE(),
    "module": MODULE,
    "plain module": torch.nn.Linear(1, 1),
    "flow": FLOW,
    "model": MODEL,
    "array": np.ones((2, 3)),
    "folder": Path("folder"),
    "file": Path("file"),
    "missing": Path("missing/file"),
}
"""Things of every kind, one of which each parameter is given in turn."""

CALLED = {"extras", "log_density", "on_epoch", "on_trial"}


def functions(bundle) -> dict[str, tuple[Callable[..., Any], dict[str, Any]]]:
    """Every public function and method, with arguments that it takes."""
    given = flowspec.to_torch(GIVEN)
    return {
        "parse": (flowspec.parse, {"text": "Normal(0, 1)"}),
        "format": (flowspec.format, {"text": "Normal(0, 1)"}),
        "read": (flowspec.read, {"path": "a.flow"}),
        "from_json": (flowspec.from_json, {"data": FLOW.to_json()}),
        "assemble": (flowspec.assemble, {"base": FLOW.base}),
        "load": (flowspec.load, {"directory": bundle and bundle.path}),
        "compile": (flowspec.compile, {"flow": FLOW, "directory": "out"}),
        "to_torch": (flowspec.to_torch, {"flow": FLOW}),
        "fit": (flowspec.fit, {"flow": FLOW, "data": ROWS, "settings": None, "epochs": 1}),
        "tune": (flowspec.tune, {"flow": FLOW, "data": MANY, "trials": 1, "epochs": 1}),
        "Model": (Model, {"flow": FLOW}),
        "Model.log_prob": (MODEL.log_prob, {"x": ROWS}),
        "Model.from_noise": (MODEL.from_noise, {"noise": ROWS}),
        "Model(given).log_prob": (Model(GIVEN).log_prob, {"x": ROWS, "context": ROWS}),
        "Bundle.log_prob": (getattr(bundle, "log_prob", None), {"x": ROWS}),
        "Bundle.sample": (getattr(bundle, "sample", None), {"n": 2}),
        "Bundle.from_noise": (getattr(bundle, "from_noise", None), {"noise": ROWS}),
        "Bundle.to_base": (getattr(bundle, "to_base", None), {"x": ROWS}),
        "Bundle.log_prob_grad": (getattr(bundle, "log_prob_grad", None), {"x": ROWS}),
        "Bundle.from_noise_grad": (
            getattr(bundle, "from_noise_grad", None),
            {"noise": ROWS, "x_cotangent": ROWS},
        ),
        "Model.to_base": (MODEL.to_base, {"x": ROWS}),
        "NormalizingFlow": (
            flowspec.NormalizingFlow,
            {"transform": ExpTransform(), "base": Normal(0.0, 1.0)},
        ),
        "NormalizingFlow.log_prob": (BY_HAND.log_prob, {"value": torch.ones(3)}),
        "module": (MODULE.forward, {}),
        "module(context)": (given.forward, {"context": torch.ones(3, 1)}),
        "module().log_prob": (MODULE().log_prob, {"value": torch.ones(3)}),
        "module().from_noise": (MODULE().from_noise, {"noise": torch.ones(3, 1)}),
        "module.set_values": (MODULE.set_values, {"values": {}}),
        "Engine": (Engine, {}),
    }


def calls(function: Callable[..., Any], good: dict[str, Any]) -> Iterator[tuple[str, Callable]]:
    """A call for each parameter and each odd thing in its place."""
    kinds = inspect.Parameter
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind not in (kinds.VAR_KEYWORD, kinds.VAR_POSITIONAL) and name not in INTERNAL:
            for odd, thing in ODD.items():
                if name in CALLED and callable(thing):
                    continue  # what the function of a user raises is its own
                yield f"{name}={odd}", lambda n=name, t=thing: function(**{**good, n: t})


def unexplained(function: Callable[..., Any], good: dict[str, Any]) -> list[str]:
    """Calls that fail otherwise than with what is wanted, in words."""
    failures = []
    for words, call in calls(function, good):
        try:
            call()
        except flowspec.FlowError as error:
            if not re.match(r"error\[[a-z-]+\]: .", str(error)):
                failures.append(f"{words}: {error}")
        except TypeError as error:
            if not re.match(r"\w+\(\) (takes|keeps) .", str(error)):
                failures.append(f"{words}: TypeError: {error}")
        except Exception as error:
            failures.append(f"{words}: {type(error).__name__}: {error}")
    return failures


@pytest.mark.parametrize("name", functions(None))
def test_a_thing_of_another_kind_is_refused_in_words(bundle, name):
    function, good = functions(bundle)[name]
    function(**good)
    assert unexplained(function, good) == []


def test_every_public_function_is_among_them():
    names = {name.partition("(")[0] for name in functions(None)}
    public = {name for name in flowspec.__all__ if callable(getattr(flowspec, name))}
    assert public - names <= {"Bundle", "Flow", "FlowError"}  # these are made by others of them


INSTEAD = {
    "compile() takes a flow, a model or a module of `to_torch`, not str: make one with "
    "`flowspec.parse(text)`": lambda: flowspec.compile("Normal(0, 1)", "out"),
    "compile() takes a flow, a model or a module of `to_torch`, not FlowDistribution: give the "
    "module itself, which is not called": lambda: flowspec.compile(MODULE(), "out"),
    "compile() takes a flow, a model or a module of `to_torch`, not NormalizingFlow: a "
    "distribution says nothing of how it was made: write it as a flow": lambda: flowspec.compile(
        BY_HAND, "out"
    ),
    "fit() takes a flow or a model, not PosixPath: make one with `flowspec.read(path)`": (
        lambda: flowspec.fit(Path("a.flow"), ROWS)
    ),
    "to_torch() takes a flow or a model, not dict: make one with `flowspec.from_json(data)`": (
        lambda: flowspec.to_torch(FLOW.to_json())
    ),
    "parse() takes text, not bytes: decode it, `text.decode()`": lambda: flowspec.parse(b"Normal"),
    "parse() takes text, not PosixPath: `flowspec.read(path)` reads a file": lambda: flowspec.parse(
        Path("file")
    ),
    "load() takes a path, not None": lambda: flowspec.load(None),
    "load() takes text as `provider`, not None": lambda: flowspec.load("it", provider=None),
    "Model() takes a flow, not the class dict": lambda: Model(dict),
}


@pytest.mark.parametrize("words", INSTEAD)
def test_the_message_says_what_to_do_instead(words):
    with pytest.raises(TypeError) as caught:
        INSTEAD[words]()
    assert str(caught.value) == words


WEIGHTS = {
    "the flow learns nothing called `base.lok`": {"base.lok": 1.0},
    "the value of `base.loc` is no array of numbers": {"base.loc": "x"},
    "the value of `base.loc` has shape [3], not []": {"base.loc": np.ones(3)},
}


def test_a_path_that_cannot_be_is_refused_in_words():
    calls = [
        flowspec.read,
        flowspec.load,
        lambda path: flowspec.compile(FLOW, path),
        lambda path: flowspec.compile(FLOW, "out", path),
        lambda path: flowspec.fit(FLOW, path + ".csv"),
        lambda path: flowspec.fit(FLOW, ROWS, output=path),
        lambda path: flowspec.fit(FLOW, ROWS, start_from=path),
    ]
    for call in calls:
        assert "too long" in refused(call, "a" * 5000)
    for call in (*calls[:3], calls[5]):
        with pytest.raises(TypeError, match=r"takes a path.*: no path holds the character NUL"):
            call("a\0b")


@pytest.mark.parametrize("words", WEIGHTS)
def test_a_model_refuses_weights_that_are_not_its_own(words):
    assert refused(Model, FLOW, WEIGHTS[words]) == words


def test_weights_may_be_tensors_that_require_gradients():
    weights = {"base.loc": torch.tensor(0.5, requires_grad=True), "base.scale": 2.0}
    expected = Model(FLOW, {"base.loc": 0.5, "base.scale": 2.0}).log_prob(ROWS)
    np.testing.assert_array_equal(Model(FLOW, weights).log_prob(ROWS), expected)


@pytest.mark.parametrize("shape", [5, None, "ab", (1.5,)])
def test_a_shape_that_is_none_is_refused_in_words(shape):
    for distribution in (MODULE(), BY_HAND):
        for draw in ("sample", "rsample", "rsample_and_log_prob"):
            with pytest.raises(TypeError, match=r"^\w+\(\) takes a shape such as \(100,\), not "):
                getattr(distribution, draw)(shape)


def test_a_point_without_axes_has_a_density():
    scalar = MODULE().log_prob(torch.tensor(0.5))
    assert scalar.shape == () and torch.equal(scalar, MODULE().log_prob(torch.tensor([0.5]))[0])
