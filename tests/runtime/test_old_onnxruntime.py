"""Bundles run on the oldest supported onnxruntime, with the numbers of the newest."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from environments import environment, install

OLDEST = "1.17.3"
EXPORTED = Path(__file__).parent.parent.parent / "exported"

SCRIPT = """
import json, sys, numpy as np, onnxruntime as ort
ort.set_default_logger_severity(3)

def array(listed):
    return np.array(listed, object).astype(float).astype(np.float32)

def feeds_of(graph, case):
    if graph == "log_prob":
        feeds = {"x": array(case["x"])}
    elif graph == "from_noise":
        feeds = {"noise": array(case["noise"])}
    else:
        feeds = {"seed": np.array(case["seed"]), "first_row": np.array(case["first_row"])}
        feeds |= {} if "context" in case else {"n": np.array(case["n"])}
    return feeds | ({"context": array(case["context"])} if "context" in case else {})

def worst(answer, expected, rows, tolerance):
    expected = array(expected)
    same = (answer == expected) | (np.isnan(answer) & np.isnan(expected))
    allowed = tolerance["absolute"] + tolerance["relative"] * np.abs(expected)
    with np.errstate(all="ignore"):
        off = np.abs(answer - expected) / allowed
    return float(np.max(np.where(same, 0, np.where(np.isnan(off), np.inf, off))[rows]))

answers = {}
for path in sys.argv[1:]:
    vectors = json.load(open(path + "/vectors.json"))
    for graph in ("log_prob", "from_noise", "sample"):
        case = vectors[graph]
        session = ort.InferenceSession(f"{path}/{graph}.onnx")
        outputs = [output.name for output in session.get_outputs()]
        for name, answer in zip(outputs, session.run(outputs, feeds_of(graph, case))):
            kept = ~np.isin(np.arange(len(answer)), case.get("subnormal", []))
            key = f"{path} {graph} {name}"
            answers[key] = worst(answer, case[name]["parity"], kept, vectors["tolerance"])
print(json.dumps([ort.__version__, answers]))
"""


@pytest.fixture(scope="module")
def old_python(tmp_path_factory):
    """A Python with onnxruntime 1.17, or a skip where it cannot be installed."""
    python = environment(tmp_path_factory.mktemp("old"))
    install(python, f"onnxruntime=={OLDEST}", "numpy<2")
    return python


@pytest.mark.slow
def test_the_oldest_onnxruntime_gives_the_numbers_of_every_graph_of_every_example(old_python):
    """Those of their conformance vectors, samples from a seed among them."""
    bundles = [path for path in sorted(EXPORTED.iterdir()) if path.is_dir()]
    command = [old_python, "-c", SCRIPT, *bundles]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    version, answers = json.loads(done.stdout)
    assert version == OLDEST
    assert len(answers) == 5 * len(bundles)
    assert {key: worst for key, worst in answers.items() if worst > 1} == {}
