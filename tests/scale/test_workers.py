"""A job leaves the same files whatever runs it, and a worker that is killed loses nothing."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import mortal
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.scale.job import Tally
from flowspec.scale.running import ENGINES, run
from mortal import mortals

pytestmark = pytest.mark.slow


@pytest.fixture(params=ENGINES)
def engine(request, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(mortal.__file__).parent))  # for workers of Ray
    package = {"local": "concurrent", "dask": "distributed"}.get(request.param, request.param)
    pytest.importorskip(package, reason=f"{package} is not installed")
    return request.param


def test_a_worker_that_is_killed_loses_and_doubles_nothing(engine, bundles, tmp_path):
    job = mortals(bundles / "one", tmp_path / "out", 0, 1, 0, 0, 1, 0)
    found = list(run(job, engine, 2))
    assert sum(found, Tally()) == Tally(6)
    assert [(job.folder / task.name).read_bytes() for task in job.tasks] == [b"1"] * 6
    assert job.left == ()


def test_a_task_that_kills_each_worker_is_told(bundles, tmp_path):
    job = mortals(bundles / "one", tmp_path / "out", 0, 99)
    with pytest.raises(FlowError) as told:
        list(run(job, "local", 2))
    assert told.value.diagnostics[0].code == "worker-ends"
    assert "1.parquet" in str(told.value)


def test_only_what_is_left_runs(engine, bundles, tmp_path):
    job = mortals(bundles / "one", tmp_path / "out", 99, 0)
    (job.folder / "0.parquet").write_bytes(b"before")
    assert list(run(job, engine, 1)) == [Tally(1)]
    assert (job.folder / "0.parquet").read_bytes() == b"before"


@pytest.mark.parametrize("name", ENGINES)
def test_every_engine_is_a_module(name):
    assert callable(importlib.import_module(f"flowspec.scale.engines.{name}").run)
