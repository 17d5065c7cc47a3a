"""The graphs of the examples as text, in tests/golden: what changes in a graph shows as a diff that
can be read.

`pytest tests/export/test_golden.py --update-golden` writes them anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import onnx
import pytest

import flowspec
from flowspec.export.bundle import as_model
from flowspec.export.graphs import GRAPHS, serialize
from flowspec.export.targets import Target

ROOT = Path(__file__).parent.parent.parent
GOLDEN = ROOT / "tests" / "golden"
EXAMPLES = sorted(path.stem for path in (ROOT / "examples").glob("*.flow"))
MOST_NODES = 120
"""Graphs with more are summed up: the operators of each scope, and how many of each."""


def graphs_of(name: str) -> Iterator[tuple[str, onnx.GraphProto]]:
    """The graphs of an example, with the shapes of all values."""
    weights = ROOT / "examples" / "weights" / f"{name}.safetensors"
    flow = flowspec.read(ROOT / "examples" / f"{name}.flow")
    model = as_model(flow, weights if weights.exists() else None)
    for file, record in GRAPHS.items():
        graph = file.removesuffix(".onnx")
        data = serialize(graph, record(model.fixed, Target()), Target(), "")
        yield graph, onnx.shape_inference.infer_shapes(onnx.load_from_string(data)).graph


def text_of(name: str) -> str:
    """What stands in the golden file of an example."""
    parts = []
    for graph, found in graphs_of(name):
        lines = written_out if len(found.node) <= MOST_NODES else summed_up
        parts.append("\n".join([f"=== {graph}", "", *ends(found), "", *lines(found)]))
    return "\n\n".join(parts) + "\n"


def typed(value: onnx.ValueInfoProto) -> str:
    """`x float32[N, 2]`"""
    tensor = value.type.tensor_type
    sizes = (size.dim_param or str(size.dim_value) for size in tensor.shape.dim)
    kind = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
    return f"{value.name} {kind}[{', '.join(sizes)}]"


def ends(graph: onnx.GraphProto) -> list[str]:
    return [
        *(f"input   {typed(value)}" for value in graph.input),
        *(f"output  {typed(value)}" for value in graph.output),
    ]


def constant(tensor: onnx.TensorProto) -> str:
    """`steps.0.scale float32[2, 1]`; the value too, where it is a single number, or whole
    numbers."""
    array = onnx.numpy_helper.to_array(tensor)
    sizes = ", ".join(map(str, array.shape))
    value = f" = {array.reshape(-1).tolist()}" if array.size == 1 else ""
    if array.dtype == "int64" and array.size <= 8:
        value = f" = {array.tolist()}"
    return f"{tensor.name} {array.dtype}[{sizes}]{value}"


def written_out(graph: onnx.GraphProto) -> list[str]:
    """Each constant and each node on a line."""
    return [
        *(f"const   {constant(tensor)}" for tensor in graph.initializer),
        "",
        *nodes(graph, ""),
    ]


def nodes(graph: onnx.GraphProto, margin: str) -> Iterator[str]:
    shapes = {value.name: typed(value).removeprefix(value.name) for value in graph.value_info}
    shapes |= {value.name: typed(value).removeprefix(value.name) for value in graph.output}
    for node in graph.node:
        results = ", ".join(name + shapes.get(name, "") for name in node.output)
        attributes = "".join(
            f" {each.name}={onnx.helper.get_attribute_value(each)}"
            for each in node.attribute
            if each.type != onnx.AttributeProto.GRAPH
        )
        named = "" if list(node.output) == [node.name] else f"{node.name}: "
        yield f"{margin}{named}{results} = {node.op_type}({', '.join(node.input)}){attributes}"
        for each in node.attribute:
            if each.type == onnx.AttributeProto.GRAPH:
                yield from nodes(each.g, margin + "    ")


def summed_up(graph: onnx.GraphProto) -> list[str]:
    """The operators of each scope, and how many of each; the constants that are parameters."""
    scopes: dict[str, Counter[str]] = {}
    for scope, operator in operators(graph):
        scopes.setdefault(scope, Counter())[operator] += 1
    named = [each for each in graph.initializer if not each.name.startswith("constant_")]
    others = len(graph.initializer) - len(named)
    return [
        *(f"const   {constant(tensor)}" for tensor in named),
        f"const   {others} others",
        "",
        *(
            f"{scope or '-'}: {counts.total()} nodes: "
            + ", ".join(f"{operator} {count}" for operator, count in sorted(counts.items()))
            for scope, counts in scopes.items()
        ),
    ]


def operators(graph: onnx.GraphProto) -> Iterator[tuple[str, str]]:
    for node in graph.node:
        yield node.name.rpartition("/")[0], node.op_type
        for each in node.attribute:
            if each.type == onnx.AttributeProto.GRAPH:
                yield from operators(each.g)


@pytest.mark.parametrize("name", EXAMPLES)
def test_graphs_are_the_ones_written_down(name, update_golden):
    path, found = GOLDEN / f"{name}.txt", text_of(name)
    if update_golden:
        path.parent.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8"), (
        f"the graphs of {name} changed; if that is wanted, "
        f"run pytest {Path(__file__).name} --update-golden"
    )


def test_every_golden_file_has_an_example():
    assert sorted(path.stem for path in GOLDEN.glob("*.txt")) == EXAMPLES
