"""Graphs keep the contract: inputs, outputs, operators, names, float types."""

from __future__ import annotations

import json

import numpy as np
import onnx
import pytest

import flowspec
from graphs import (
    DTYPES,
    FORBIDDEN,
    GRAPHS,
    expected_signature,
    model,
    signature,
)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("graph", GRAPHS)
def test_inputs_and_outputs_are_those_of_the_design(bundle, graph):
    found = model(bundle, graph).graph
    inputs, outputs = expected_signature(bundle, graph)
    assert signature(found.input) == inputs
    assert list(signature(found.output).items()) == list(outputs.items())
    assert all(value.doc_string for value in [*found.input, *found.output])


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_graph_is_valid_and_opens_everywhere(bundle, graph):
    found = model(bundle, graph)
    onnx.checker.check_model(found, full_check=True)
    assert [(each.domain, each.version) for each in found.opset_import] == [("", 18)]
    assert found.ir_version == 8
    assert {node.domain for node in found.graph.node} <= {""}
    assert not found.functions


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_graph_has_only_portable_operators(bundle, graph):
    operators = {node.op_type for node in model(bundle, graph).graph.node}
    assert not operators & FORBIDDEN
    assert not [
        name for name in operators if name.startswith(("Random", "Sequence", "Optional", "String"))
    ]


@pytest.mark.parametrize("graph", GRAPHS)
def test_no_number_stands_for_the_end_of_an_axis(bundle, graph):
    """Runtimes with 32-bit integers cannot hold the INT64_MAX that torch's exporter writes into
    slices."""
    found = model(bundle, graph).graph
    held = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in found.initializer}
    slices = [
        held[name]
        for node in found.node
        if node.op_type == "Slice"
        for name in node.input[1:]
        if name in held
    ]
    assert all((np.abs(ends) < 2**31).all() for ends in slices)


@pytest.mark.parametrize("graph", GRAPHS)
def test_nodes_are_named_by_their_step(bundle, flow, graph):
    nodes = [node.name for node in model(bundle, graph).graph.node]
    assert all(nodes) and len(set(nodes)) == len(nodes)
    scopes = {name.split("/")[0] for name in nodes if "/" in name}
    places = {
        place
        for scope in scopes
        if scope.startswith("steps.")
        for place in scope.split(".")[1].split("+")
    }
    assert places <= set(map(str, range(len(flow.steps))))
    assert {scope for scope in scopes if not scope.startswith("steps.")} <= {
        "base",
        "support",
        "noise",
    }


@pytest.mark.parametrize("graph", GRAPHS)
def test_a_graph_carries_its_flow(bundle, flow, graph):
    properties = {each.key: each.value for each in model(bundle, graph).metadata_props}
    assert properties["flowspec.version"] == flowspec.__version__
    assert json.loads(properties["flowspec.spec"]) == flow.to_json()
    assert json.loads(properties["flowspec.spec"])["flowspec"] == 1


@pytest.mark.parametrize("graph", GRAPHS)
def test_graphs_compute_in_their_own_float_type(bundle, graph):
    """A float32 constant in a float64 graph would cost half of the digits."""
    other = ({"float32": "float64", "float64": "float32"})[bundle.dtype.name]
    found = model(bundle, graph).graph
    assert DTYPES[other] not in {tensor.data_type for tensor in found.initializer}
    narrowed = {
        node.output[0]
        for node in found.node
        if node.op_type == "Cast" and DTYPES[other] in [attribute.i for attribute in node.attribute]
    }
    users = {node.op_type for node in found.node if narrowed & set(node.input)}
    # onnxruntime has no float64 Atan: a float32 one starts an iteration.
    assert users <= ({"Atan"} if bundle.dtype == np.float64 else set())
