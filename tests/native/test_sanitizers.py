"""The C of every base, step and architecture under the sanitizers of addresses and of undefined
behavior.
"""

from __future__ import annotations

import os
import shutil
import subprocess

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from c_library import Library  # noqa: E402 (after the skip)
from c_program import Program  # noqa: E402
from flowspec.export.graphs import to_base_graph  # noqa: E402
from flowspec.export.targets import Target  # noqa: E402
from flowspec.export.vectors import graph_inputs  # noqa: E402
from tests.native.test_laws import GRAPHS  # noqa: E402
from tests.test_gradient_laws import LABELS, model_of  # noqa: E402

FLAGS = ["-O0", "-fno-sanitize-recover=all"]
FLAGS += ["-fsanitize=address,undefined,float-cast-overflow"]
EVERYTHING = bool(os.environ.get("ALL_OF_C"))
LAWS = [LABELS[number] for number in range(0, len(LABELS), 1 if EVERYTHING else 8)]
"""Every eighth flow; with ALL_OF_C in the environment everything."""


def _compiler() -> str:
    """One that has the sanitizers: clang, which is quicker, or cc."""
    text = "int main(void) { return 0; }"
    for name in filter(shutil.which, ("clang", "cc")):
        line = [name, *FLAGS, "-x", "c", "-", "-o", os.devnull]
        if subprocess.run(line, input=text, text=True, capture_output=True).returncode == 0:
            return name
    return ""


COMPILER = _compiler()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not COMPILER, reason="no compiler has the sanitizers"),
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_sanitizers_see_nothing_in_the_laws(dtype, tmp_path):
    library, target = Library(dtype, rows_only="log_prob_grad"), Target(dtype, keeps_stages=True)
    program, labels = Program(library), {}
    for number, label in enumerate(LAWS):
        model = model_of(label)
        for graph, record in GRAPHS.items():
            name = f"f{number}_{graph}"
            labels[name] = label
            library.add(name, record(model.fixed, target))
            program.add(name, graph_inputs(graph, model, Target(dtype)))
    done = program.run(tmp_path, COMPILER, *FLAGS)
    said = done.stderr.splitlines()
    assert done.returncode == 0, (labels[[line for line in said if line in labels][-1]], said)
    assert said == list(labels)


def test_they_would_see_a_row_too_many(tmp_path):
    library, model = Library("float32"), model_of("given base")
    library.add("f", to_base_graph(model.fixed, Target("float32")))
    program, feeds = Program(library), graph_inputs("to_base", model, Target("float32"))
    program.add("f", feeds | {"context": np.asarray(feeds["context"])[:-1]})
    done = program.run(tmp_path, COMPILER, *FLAGS)
    assert done.returncode != 0
    assert "heap-buffer-overflow" in done.stderr
