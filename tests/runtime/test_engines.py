"""Engines in processes of their own: their answers, and their ends, are told in a row each."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import flowspec
from flowspec.runtime import engines, verification
from flowspec.runtime.replay.engine import Engine, Missing
from flowspec.runtime.replay.jobs import Job, read_jobs, write_jobs
from flowspec.runtime.replay.process import LONGEST, answers
from flowspec.runtime.replay.registry import engine_named, engine_names

JOB = Job(Path("some graph.onnx"), {"x": np.array([1.5, np.nan], np.float32)}, ("log_prob",))

EVENTS = """
import os, signal, sys, time
from pathlib import Path
folder, first = Path(sys.argv[1]), int(sys.argv[2])
def say(*words): print("@", *words, flush=True)
def give(number, numbers):
    import numpy as np
    (folder / f"{number}.log_prob.out").write_bytes(np.array(numbers, "f4").tobytes())
    say("output", number, "log_prob", "float32", 1, len(numbers))
    say("done", number, 0.25)
"""


class Scripted(Engine):
    """An engine that runs a few lines of Python."""

    name = "scripted"
    advice = "write it"

    def __init__(self, script: str):
        self.script = EVENTS + script

    def version(self) -> str:
        return "1"

    def command(self, folder: Path) -> list[str]:
        return [sys.executable, "-c", self.script, str(folder)]


def test_every_file_of_the_folder_is_an_engine_of_its_name():
    files = [path.stem for path in Path(engines.__file__).parent.glob("[a-z]*.py")]
    assert engine_names() == sorted(name.replace("_", "-") for name in files)
    for name in engine_names():
        engine = engine_named(name)
        assert (engine.name, bool(engine.advice)) == (name, True)
        assert "version" in {n for kind in type(engine).__mro__[:-2] for n in vars(kind)}


def test_jobs_are_read_as_they_were_written(tmp_path):
    scalar = Job(Path("/b.onnx"), {"n": np.array(3), "c": np.zeros((2, 3))}, ("x", "log_prob"))
    write_jobs(tmp_path, [JOB, scalar])
    for job, read in zip([JOB, scalar], read_jobs(tmp_path), strict=True):
        assert (read.graph, read.outputs) == (job.graph.resolve(), job.outputs)
        assert read.feeds.keys() == job.feeds.keys()
        for name, value in job.feeds.items():
            assert read.feeds[name].dtype == value.dtype
            np.testing.assert_array_equal(read.feeds[name], value)


def test_the_answers_of_an_engine_are_read():
    script = "for i in (0, 1): say('start', i); print('noise'); give(i, [i, 2.5])"
    found = answers(Scripted(script), [JOB, JOB])
    assert [answer.outputs["log_prob"].tolist() for answer in found] == [[0, 2.5], [1, 2.5]]
    assert [(answer.seconds, answer.reason) for answer in found] == [(0.25, "")] * 2


def test_after_a_crash_the_engine_goes_on_with_the_next_graph():
    script = """
for i in range(first, 3):
    say('start', i)
    if i == 1:
        print('noise\\nout of luck\\n', file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)
    give(i, [0])
"""
    first, second, third = answers(Scripted(script), [JOB] * 3)
    assert (first.reason, third.reason) == ("", "")
    assert second.reason == "it crashes with SIGSEGV: out of luck"


def test_an_engine_that_hangs_is_ended():
    script = "say('start', first)\nif first: give(first, [0])\nelse: time.sleep(600)"
    first, second = answers(Scripted(script), [JOB] * 2, limit=2)
    assert (first.reason, second.reason) == ("it hangs: nothing after 2 seconds", "")


def test_an_engine_that_does_not_start_answers_nothing():
    found = answers(Scripted("sys.exit('no library')"), [JOB] * 2)
    assert [answer.reason for answer in found] == ["it ends with exit code 1: no library"] * 2


def test_a_refusal_is_told_in_the_words_of_the_engine():
    script = "say('start', 0); say('failed', 0, 'no  Loop', 'x' * 900)"
    (answer,) = answers(Scripted(script), [JOB])
    assert answer.reason.startswith("no Loop xxx") and answer.reason.endswith("...")
    assert len(answer.reason) == LONGEST


def test_an_engine_of_python_is_refused_in_words():
    """A file that is no graph, in the evaluator of the onnx package."""
    (answer,) = answers(engine_named("reference"), [JOB])
    assert "some graph.onnx" in answer.reason


@pytest.fixture
def scripted(monkeypatch):
    """Put an engine in the place of `reference`."""

    def put(engine: Engine) -> None:
        monkeypatch.setattr(verification, "engine_named", {"reference": engine}.__getitem__)

    return put


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle") / "made"
    return flowspec.compile(flowspec.parse("Normal(0, 1) |> Exp"), path)


def test_what_an_engine_computes_wrongly_is_told_by_its_rows(scripted, bundle):
    """A density of 0 is right for no row. One holds a subnormal number, and does not count."""
    scripted(Scripted("say('start', 0); give(0, [0] * 24)"))
    first, *others = verification.verify(bundle, "reference")
    assert (first.passed, first.rows, first.seconds) == (False, 24, 0.25)
    words = "1 with NaN, 4 outside the support, 1 next to the overflow"
    assert first.reason == f"23 of 24 rows differ: {words}"
    assert {other.reason for other in others} == {"it ends with exit code 0"}
    assert not any(other.passed for other in others)


def test_a_graph_of_another_shape_is_told(scripted, bundle):
    scripted(Scripted("say('start', 0); give(0, [0])"))
    assert verification.verify(bundle, "reference")[0].reason == "its shape is (1,), not (24,)"


def test_verify_fails_with_the_words_of_an_engine(scripted, bundle, call):
    scripted(Scripted("for i in range(4): say('start', i); say('failed', i, 'no such operator')"))
    answer = call("verify", bundle, "--runtime", "reference")
    assert (answer.code, answer.err) == (1, "")
    lines = answer.out.splitlines()
    assert lines[-4:] == [
        f"{graph}: no such operator" for graph in ("log_prob", "from_noise", "sample", "to_base")
    ]
    assert [line.split()[-1] for line in lines[2:-4]] == ["WRONG"] * 7


def test_a_cause_that_is_known_stands_beside_the_words_of_an_engine():
    engine = Scripted("")
    engine.causes = {r"sample\..* differ": "32 bits", "NaN": "lost"}
    assert engine.explained("sample.x", "2 of 24 rows differ") == "2 of 24 rows differ (32 bits)"
    assert engine.explained("log_prob.log_prob", "2 of 24 rows differ") == "2 of 24 rows differ"
    assert engine.explained("log_prob.log_prob", "") == ""


class Absent(Scripted):
    def version(self) -> str:
        raise Missing("the package abacus is not installed")


def test_a_runtime_that_is_not_installed_is_told_with_what_to_install(scripted, bundle, call):
    scripted(Absent(""))
    answer = call("verify", bundle, "--runtime", "reference")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        "error[runtime-missing]: the runtime reference cannot be used here: "
        "the package abacus is not installed\n"
        "  = help: write it\n"
    )
