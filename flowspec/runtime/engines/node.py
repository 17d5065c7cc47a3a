"""onnxruntime-node."""

from __future__ import annotations

from flowspec.runtime.replay.node import NodeEngine


class Node(NodeEngine):
    name = "node"
    advice = "install Node 20, then `npm install onnxruntime-node` in this folder"
    package = "onnxruntime-node"
    provider = "cpu"


ENGINE = Node()
