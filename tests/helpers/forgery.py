"""Bundles changed by hand: hashes and the digest are redone, so that nothing else gives it away."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import onnx

from flowspec.runtime.formats import OPEN_DIGEST, seal


def about_of(bundle: Path) -> dict[str, Any]:
    return json.loads((bundle / "flow.json").read_text())


def sealed(bundle: Path, about: dict[str, Any]) -> None:
    """Write a `flow.json` with a digest that fits."""
    text = json.dumps(about | {"digest": OPEN_DIGEST})
    (bundle / "flow.json").write_bytes(seal(text.encode()))


def replaced(bundle: Path, **files: bytes) -> None:
    """Put other files into a bundle, `log_prob_onnx=...`, with hashes that fit."""
    about = about_of(bundle)
    for name, data in files.items():
        name = ".".join(name.rsplit("_", 1))
        (bundle / name).write_bytes(data)
        about["files"][name] = hashlib.sha256(data).hexdigest()
    sealed(bundle, about)


def without_spec(graph: bytes) -> bytes:
    """A graph that does not say of which flow it is."""
    model = onnx.load_from_string(graph)
    del model.metadata_props[:]
    return model.SerializeToString()
