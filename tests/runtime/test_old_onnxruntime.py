"""Bundles run on the oldest supported onnxruntime, with the samples of the newest."""

from __future__ import annotations

import json
import subprocess
import venv
from pathlib import Path

import numpy as np
import pytest

import flowspec

OLDEST = "1.17.3"
EXPORTED = Path(__file__).parent.parent.parent / "exported"

SCRIPT = """
import json, sys, numpy as np, onnxruntime as ort
ort.set_default_logger_severity(3)
answers = {}
for path, context in json.loads(sys.argv[1]).items():
    feeds = {"seed": np.array(7), "first_row": np.array(0)}
    conditional = {"context": np.full((50, context), 1.5, np.float32)}
    feeds |= conditional if context else {"n": np.array(50)}
    answers[path] = ort.InferenceSession(path + "/sample.onnx").run(["x"], feeds)[0].tolist()
print(json.dumps([ort.__version__, answers]))
"""


@pytest.fixture(scope="module")
def old_python(tmp_path_factory):
    """A Python with onnxruntime 1.17, or a skip where it cannot be installed."""
    place = tmp_path_factory.mktemp("old")
    venv.create(place, with_pip=True)
    python = place / "bin" / "python"
    install = [python, "-m", "pip", "install", "--quiet", f"onnxruntime=={OLDEST}", "numpy<2"]
    done = subprocess.run(install, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(
            f"onnxruntime {OLDEST} cannot be installed: {done.stderr.strip().splitlines()[-1]}"
        )
    return python


@pytest.mark.slow
def test_the_oldest_onnxruntime_draws_the_same_samples(old_python):
    bundles = {str(path): len(flowspec.load(path).context) for path in sorted(EXPORTED.iterdir())}
    done = subprocess.run(
        [old_python, "-c", SCRIPT, json.dumps(bundles)], capture_output=True, text=True, check=True
    )
    version, answers = json.loads(done.stdout)
    assert version == OLDEST
    for path, drawn in answers.items():
        bundle = flowspec.load(path)
        context = np.full((50, len(bundle.context)), 1.5) if bundle.context else None
        here = bundle.sample(None if bundle.context else 50, seed=7, context=context)
        np.testing.assert_allclose(drawn, here, rtol=2e-5, atol=2e-5, err_msg=path)
