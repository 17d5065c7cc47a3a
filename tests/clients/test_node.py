"""Bundles run in Node with the numbers of Python."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import flowspec

SCRIPT = Path(__file__).with_name("sample.mjs")
EXAMPLES = sorted((Path(__file__).parent.parent.parent / "examples").glob("*.flow"))

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def node(modules):
    """Runs `sample.mjs` with onnxruntime-node."""

    def run(
        bundle: flowspec.Bundle, rows: int, seed: int, first_row: int, context=None
    ) -> dict[str, np.ndarray]:
        arguments = [
            bundle.path,
            seed,
            rows,
            first_row,
            *([json.dumps(context)] if context else []),
        ]
        done = subprocess.run(
            ["node", SCRIPT, *map(str, arguments)],
            cwd=modules.parent,
            capture_output=True,
            text=True,
            timeout=1800,
        )
        assert done.returncode == 0, done.stderr
        return {name: np.array(values, float) for name, values in json.loads(done.stdout).items()}

    return run


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("source", EXAMPLES, ids=lambda path: path.stem)
def test_node_gives_the_numbers_of_python(node, tmp_path, source, dtype):
    bundle = flowspec.load(flowspec.compile(flowspec.read(source), tmp_path / "made", dtype=dtype))
    rows, seed, first_row = 200, -(2**60) - 1, 2**40 + 3
    context = (
        [[0.5 + 0.01 * i] * len(bundle.context) for i in range(rows)] if bundle.context else None
    )
    found = node(bundle, rows, seed, first_row, context)
    count = None if context else rows
    x, log_prob = bundle.sample(
        count, seed=seed, first_row=first_row, context=context, with_log_prob=True
    )
    digits = {"float32": 2e-5, "float64": 1e-12}[dtype]
    np.testing.assert_allclose(found["x"].reshape(x.shape), x, rtol=digits, atol=digits)
    np.testing.assert_allclose(found["log_prob"], log_prob, rtol=digits, atol=digits)
    here = bundle.log_prob(found["x"].reshape(x.shape), context)
    np.testing.assert_allclose(found["density"], here, rtol=digits, atol=digits)
