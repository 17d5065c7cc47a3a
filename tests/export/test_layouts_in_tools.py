"""Layouts in the tools that read them, with the numbers of the bundle.

`nox -s tools` installs the tools and runs this file; elsewhere what is missing is skipped.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import numpy as np
import onnxruntime
import pytest

import flowspec
from flowspec.export.layouts.mlflow import input_example
from flowspec.export.layouts.naming import model_name
from flowspec.export.layouts.writing import write_layout
from flowspec.runtime.signatures import WHOLE_NUMBERS, inputs_of, outputs_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),  # the tools' own
]

PLANE = "event a: positive, b: (0, 1)\nMAF(2, transforms=1, hidden=[8]) |> Onto(event)"
KINDS = {
    "plain": (PLANE, {"gradient": True}),
    "conditional": (f"context k: positive\n{PLANE}", {}),
    "scalar": ("Normal(0, 1) |> Tanh", {"dtype": "float64"}),
    "shared": (PLANE, {"share_weights": True}),
    "fixed": (PLANE, {"target": "static", "batch": 4}),
}


def tool(name: str):
    """A module of a tool; a skip where it is not installed."""
    return pytest.importorskip(name, reason=f"{name} is not installed: nox -s tools")


@pytest.fixture(scope="module", params=KINDS)
def bundle(request, tmp_path_factory) -> flowspec.Bundle:
    text, options = KINDS[request.param]
    path = tmp_path_factory.mktemp("made") / request.param
    return flowspec.load(flowspec.compile(flowspec.parse(text), path, **options))


def feeds_of(bundle: flowspec.Bundle, graph: str) -> dict[str, np.ndarray]:
    """The inputs of an example, in the types of the graph."""
    example = input_example(bundle, graph)
    return {
        name: np.array(value, np.int64 if name in WHOLE_NUMBERS else bundle.dtype)
        for name, value in example.items()
    }


def outputs(bundle: flowspec.Bundle, graph: str, feeds: dict[str, np.ndarray]) -> dict:
    names = [*outputs_of(graph, bundle.description)]
    return dict(zip(names, bundle.session(graph).run(names, feeds), strict=True))


def test_mlflow_runs_each_model_by_its_signature(bundle, tmp_path):
    mlflow = tool("mlflow")
    importlib.import_module("mlflow.pyfunc")
    write_layout(bundle, "mlflow", tmp_path / "models")
    for graph in bundle.graphs:
        place = str(tmp_path / "models" / model_name(bundle, graph))
        model, feeds = mlflow.pyfunc.load_model(place), feeds_of(bundle, graph)
        said = model.metadata.signature
        assert {i.name: i.shape for i in said.inputs.inputs} == {
            name: tuple(-1 if n is None else n for n in shape)
            for name, shape in inputs_of(graph, bundle.description).items()
        }
        example = model.metadata.load_input_example(place)
        assert {*example} == {*feeds}
        found = model.predict(feeds)
        for name, values in outputs(bundle, graph, feeds).items():
            np.testing.assert_array_equal(found[name], values)
        with pytest.raises(mlflow.exceptions.MlflowException):
            model.predict({"y": 1})


def test_mlflow_takes_the_example_that_is_served(bundle, tmp_path):
    tool("mlflow")
    served = importlib.import_module("mlflow.pyfunc.scoring_server")
    pyfunc = importlib.import_module("mlflow.pyfunc")
    write_layout(bundle, "mlflow", tmp_path / "models")
    for graph in bundle.graphs:
        place = tmp_path / "models" / model_name(bundle, graph)
        model = pyfunc.load_model(str(place))
        schema = model.metadata.get_input_schema()
        body = json.loads((place / "serving_input_example.json").read_text())
        found = model.predict(served.infer_and_parse_data(body, schema))
        for name, values in outputs(bundle, graph, feeds_of(bundle, graph)).items():
            np.testing.assert_allclose(found[name], values, rtol=1e-6)


def test_the_card_is_one_of_the_hub(bundle, tmp_path):
    hub = tool("huggingface_hub")
    write_layout(bundle, "huggingface", tmp_path / "hub")
    card = hub.ModelCard.load(tmp_path / "hub" / "README.md")
    assert card.data.library_name == "flowspec"
    assert {"onnx", "normalizing-flow"} <= {*card.data.tags}
    assert card.text.lstrip().startswith("# A normalizing flow over")
    assert flowspec.load(tmp_path / "hub").about["flow"] == bundle.about["flow"]


def test_the_models_follow_the_schema_of_triton(bundle, tmp_path):
    """Names, types and shapes are those of the graphs. No server was run here."""
    tool("tritonclient")
    pb = pytest.importorskip("tritonclient.grpc.model_config_pb2")
    text_format = importlib.import_module("google.protobuf.text_format")
    write_layout(bundle, "triton", tmp_path / "models")
    assert len([*(tmp_path / "models").iterdir()]) == len(bundle.graphs)
    for graph in bundle.graphs:
        place = tmp_path / "models" / model_name(bundle, graph)
        config = text_format.Parse((place / "config.pbtxt").read_text(), pb.ModelConfig())
        session = onnxruntime.InferenceSession(place / "1" / "model.onnx")
        assert config.name == place.name and config.backend == "onnxruntime"
        check_tensors(config.input, session.get_inputs(), pb)
        check_tensors(config.output, session.get_outputs(), pb)
        run_as_triton_does(config, session, bundle, graph, pb)


def check_tensors(declared, there, pb) -> None:
    types = {
        "TYPE_FP32": "tensor(float)",
        "TYPE_FP64": "tensor(double)",
        "TYPE_INT64": "tensor(int64)",
    }
    wanted = {each.name: (each.type, each.shape) for each in there}
    for tensor in declared:
        kind, shape = wanted.pop(tensor.name)
        assert types[pb.DataType.Name(tensor.data_type)] == kind
        own = tensor.reshape.shape if tensor.HasField("reshape") else tensor.dims
        assert [*own] == [n if isinstance(n, int) else -1 for n in shape]
    assert not wanted


def run_as_triton_does(config, session, bundle, graph: str, pb) -> None:
    """What a client sends has the shape of `dims`, and the model gets that of `reshape`."""
    feeds = feeds_of(bundle, graph)
    sent = {
        tensor.name: np.broadcast_to(feeds[tensor.name], [1])
        if tensor.HasField("reshape")
        else feeds[tensor.name]
        for tensor in config.input
    }
    taken = {
        tensor.name: sent[tensor.name].reshape([*tensor.reshape.shape])
        if tensor.HasField("reshape")
        else sent[tensor.name]
        for tensor in config.input
    }
    names = [tensor.name for tensor in config.output]
    wanted = outputs(bundle, graph, feeds)
    for name, values in zip(names, session.run(names, taken), strict=True):
        np.testing.assert_array_equal(values, wanted[name])


# --- MLServer: the V2 protocol over HTTP ----------------------------------------------------------


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Bundles that MLServer serves from their layouts, and the address of the server."""
    # Found and not imported: Triton's client has messages of the same names.
    if importlib.util.find_spec("mlserver_mlflow") is None:
        pytest.skip("mlserver_mlflow is not installed: nox -s tools")
    folder = tmp_path_factory.mktemp("served")
    bundles = []
    for name in ("plain", "conditional", "scalar"):
        text, options = KINDS[name]
        path = flowspec.compile(flowspec.parse(text), folder / "made" / name, **options)
        bundles.append(flowspec.load(path))
        write_layout(bundles[-1], "mlflow", folder / "models" / name)
    ports = free_ports(3)
    names = ("MLSERVER_HTTP_PORT", "MLSERVER_GRPC_PORT", "MLSERVER_METRICS_PORT")
    environment = os.environ | dict(zip(names, map(str, ports), strict=True))
    shutil.copy(folder / "models" / "plain" / "settings.json", folder / "models")
    code = "from mlserver.cli import main; main()"
    line = [sys.executable, "-c", code, "start", str(folder / "models")]
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(line, stdout=log, stderr=log, env=environment)
    address = f"http://127.0.0.1:{ports[0]}"
    try:
        wait_for(f"{address}/v2/health/ready", server, folder / "log")
        yield address, bundles
    finally:
        server.terminate()
        server.wait(60)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_for(url: str, server, log) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=10):
                return
        except OSError:
            assert server.poll() is None, log.read_text()
            time.sleep(0.4)
    raise AssertionError(log.read_text())


def test_mlserver_gives_the_numbers_of_the_bundle(served):
    address, bundles = served
    kinds = {"float32": "FP32", "float64": "FP64", "int64": "INT64"}
    for bundle in bundles:
        for graph in bundle.graphs:
            feeds = feeds_of(bundle, graph)
            inputs = [
                {
                    "name": name,
                    "datatype": kinds[value.dtype.name],
                    "shape": list(value.shape),
                    "data": value.ravel().tolist(),
                }
                for name, value in feeds.items()
            ]
            request = urllib.request.Request(
                f"{address}/v2/models/{model_name(bundle, graph)}/infer",
                json.dumps({"inputs": inputs}).encode(),
                {"content-type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=60) as answer:
                found = {each["name"]: each["data"] for each in json.load(answer)["outputs"]}
            for name, values in outputs(bundle, graph, feeds).items():
                np.testing.assert_allclose(np.array(found[name]), values.ravel(), rtol=1e-6)
