"""The targets of bundles, as far as a reader must know them: the graphs of each, and how rows go
in.
"""

from __future__ import annotations

from collections.abc import Mapping

DEFAULT = "onnxruntime"
"""The target of bundles that name none."""

TARGETS = (
    DEFAULT,
    "onnxruntime-2023",
    "openvino",
    "tract",
    "web",
    "static",
    "hssm",
    "sofie",
)

GRAPHS_OF: Mapping[str, tuple[str, ...]] = {
    "tract": ("log_prob", "from_noise", "to_base", "log_prob_grad", "from_noise_grad"),
    "hssm": ("log_prob",),
    "sofie": ("log_prob", "from_noise", "to_base"),
}
"""The graphs of targets that do not get all."""

ROW = "row"
"""The input of graphs of one vector: the context of a row, then its point."""

OF_ONE_VECTOR = frozenset({"hssm"})
"""Targets whose graphs take the context and the point of one row as one vector, `row`."""
