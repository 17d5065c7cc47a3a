"""Graphs give the numbers of the flow, in every runtime, and the same samples for the same seed."""

from __future__ import annotations

import filecmp
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator

import flowspec
from flowspec import Model
from flowspec.ops.numpy import NumpyOps
from flowspec.ops.philox import noise
from flowspec.runtime.verification import verify
from graphs import (
    EXAMPLES,
    GRAPHS,
    context_for,
    model,
    sample_feeds,
)


def test_onnxruntime_replays_the_vectors(bundle):
    assert [each for each in verify(bundle.path) if not each.passed] == []


@pytest.mark.slow
def test_the_reference_evaluator_replays_the_vectors(bundle):
    assert [each for each in verify(bundle.path, "reference") if not each.passed] == []


@pytest.mark.parametrize("bundle", ["float64"], indirect=True)
def test_float64_is_exact_to_twelve_digits(bundle, flow):
    context = context_for(bundle, 500).get("context")
    standard = noise(NumpyOps(np.float64), np.int64(5), np.arange(500), list(flow.noise)).T
    x, log_prob = Model(flow).from_noise(standard, context)
    found_x, found_log_prob = bundle.from_noise(standard, context)
    assert found_x.dtype == found_log_prob.dtype == np.float64
    np.testing.assert_allclose(found_x, x, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found_log_prob, log_prob, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        bundle.log_prob(x, context), Model(flow).log_prob(x, context), rtol=1e-12, atol=1e-12
    )
    drawn = bundle.sample(None if bundle.context else 500, seed=5, context=context)
    np.testing.assert_allclose(drawn, x, rtol=1e-12, atol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("graph", GRAPHS)
def test_no_input_is_optional(bundle, graph):
    """onnxruntime-node drops what is fed for an input that has a default: every row would be drawn
    as if it were the first."""
    found = model(bundle, graph).graph
    assert not {tensor.name for tensor in found.initializer} & {value.name for value in found.input}
    assert {each.name for each in bundle.session(graph).get_inputs()} == {
        value.name for value in found.input
    }


def test_no_rows_give_no_samples(bundle):
    x, log_prob = bundle.session("sample").run(["x", "log_prob"], sample_feeds(bundle, 0, seed=3))
    assert len(x) == len(log_prob) == 0


@pytest.mark.slow
def test_slices_of_the_stream_are_the_stream(bundle):
    rows, cuts = 1000, [0, 1, 2, 7, 300, 301, 1000]
    session = bundle.session("sample")
    whole = session.run(["x"], sample_feeds(bundle, rows, seed=11))[0]
    pieces = [
        session.run(["x"], sample_feeds(bundle, end - start, seed=11, first_row=start))[0]
        for start, end in pairwise(cuts)
    ]
    digits = {"float32": 1e-5, "float64": 1e-12}[bundle.dtype.name]
    np.testing.assert_allclose(np.concatenate(pieces), whole, rtol=digits, atol=digits)


def test_uniform_draws_are_the_same_to_the_last_bit(made):
    bundle = made("Uniform(0, 1)[3]")
    whole = bundle.sample(5000, seed=2)
    for start, count in [(0, 1), (1, 4), (4095, 3), (17, 4900)]:
        np.testing.assert_array_equal(
            bundle.sample(count, seed=2, first_row=start), whole[start : start + count]
        )
    np.testing.assert_array_equal(
        flowspec.load(bundle.path, rows_at_once=7).sample(5000, seed=2), whole
    )
    np.testing.assert_array_equal(flowspec.load(bundle.path, threads=2).sample(5000, seed=2), whole)


def test_other_seeds_and_rows_give_other_samples(made):
    bundle = made("Uniform(0, 1)")
    starts = [0, 1000, 2**31, 2**32, 2**62, -1000, -(2**63)]
    seeds = [0, 1, 2**31, 2**32, 2**63 - 1, -1, -(2**63)]
    drawn = [bundle.sample(1000, seed=0, first_row=start) for start in starts]
    drawn += [bundle.sample(1000, seed=seed) for seed in seeds[1:]]
    values = np.concatenate(drawn)
    # 13,000 draws of 2^23 values meet about 10 times by chance.
    assert len(values) - len(np.unique(values)) < 40


def test_the_samples_of_the_first_page_stay_what_they_are(made):
    x = made("Normal(0,1) |> Affine(0,2) |> Tanh |> Affine(0.5,0.5)").sample(4, seed=1)
    np.testing.assert_allclose(
        x, [0.998879135, 0.00724962354, 0.00329497457, 0.879244804], rtol=1e-5
    )


PROCESS = """
import hashlib, sys
import flowspec
for text, name in zip(sys.argv[2::2], sys.argv[3::2], strict=True):
    bundle = flowspec.load(flowspec.compile(flowspec.parse(text), sys.argv[1] + "/" + name))
    x, log_prob = bundle.sample(777, seed=5, first_row=3, with_log_prob=True)
    print(hashlib.sha256(x.tobytes() + log_prob.tobytes()).hexdigest())
"""


def run_process(place: Path, texts: dict[str, str], hash_seed: str) -> list[str]:
    """Compile and sample in a process of its own; the hashes of the samples."""
    arguments = [word for name, text in texts.items() for word in (text, name)]
    done = subprocess.run(
        [sys.executable, "-c", PROCESS, place, *arguments],
        capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": hash_seed},
    )  # fmt: skip
    return done.stdout.split()


@pytest.mark.slow
def test_two_processes_write_the_same_bytes_and_draw_the_same_samples(tmp_path):
    """That the bundles of all examples are those of an earlier process is told in test_docs.py."""
    texts = {path.stem: path.read_text() for path in EXAMPLES if path.stem in ("dice", "wine")}
    samples = [run_process(tmp_path / seed, texts, seed) for seed in ("1", "2")]
    assert samples[0] == samples[1]
    assert len(set(samples[0])) == len(texts)
    for name in texts:
        one, two = tmp_path / "1" / name, tmp_path / "2" / name
        files = sorted(path.name for path in one.iterdir())
        assert files == sorted(path.name for path in two.iterdir())
        assert filecmp.cmpfiles(one, two, files, shallow=False) == (files, [], [])


@pytest.mark.parametrize("bundle", ["float32"], indirect=True)
def test_the_same_input_gives_the_same_bytes(bundle, flow):
    again = flowspec.compile(flow, bundle.path.with_name("again"), dtype=bundle.dtype.name)
    files = sorted(path.name for path in bundle.path.iterdir())
    assert filecmp.cmpfiles(bundle.path, again, files, shallow=False) == (files, [], [])


@pytest.mark.slow
def test_the_reference_evaluator_draws_the_same_samples(bundle):
    evaluator = ReferenceEvaluator(str(bundle.path / "sample.onnx"))
    feeds = sample_feeds(bundle, 40, seed=-7, first_row=2**40)
    with np.errstate(all="ignore"):
        found = evaluator.run(["x", "log_prob"], feeds)
    digits = {"float32": 2e-5, "float64": 1e-12}[bundle.dtype.name]
    for one, other in zip(
        found, bundle.session("sample").run(["x", "log_prob"], feeds), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=digits, atol=digits)


ONE_OF_EACH = [
    "NSF(3, transforms=1, hidden=[8])",
    "NCSF(2, transforms=1, hidden=[8])",
    "NAF(2, transforms=1, hidden=[8], network=[8])",
    "UNAF(2, transforms=1, hidden=[8], network=[8])",
    "SOSPF(2, transforms=1, hidden=[8])",
    "BPF(2, transforms=1, hidden=[8])",
    "GF(2, transforms=1)",
    "CNF(2, hidden=[8], steps=4)",
    "BNAF(2)",
    "MAF(70, transforms=1, hidden=[80])",
]
"""Architectures whose graphs have loops, in one direction or the other."""


@pytest.mark.slow
@pytest.mark.parametrize("text", ONE_OF_EACH, ids=lambda text: text.partition("(")[0])
def test_a_fixed_batch_gives_the_same_numbers_with_loops(text, tmp_path):
    flow = flowspec.parse(text)
    fixed = flowspec.load(flowspec.compile(flow, tmp_path / "fixed", batch=24))
    free = flowspec.load(flowspec.compile(flow, tmp_path / "free"))
    shapes = {
        dimension
        for name in ("log_prob", "sample", "from_noise")
        for value in fixed.session(name).get_outputs()
        for dimension in value.shape
    }
    assert all(isinstance(dimension, int) for dimension in shapes)
    x = free.sample(30, seed=5)
    np.testing.assert_allclose(fixed.sample(30, seed=5), x, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(fixed.log_prob(x), free.log_prob(x), rtol=1e-5, atol=1e-5)
