"""Long samples and large tables, into folders: the bytes depend on what is asked for alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

import flowspec
from commands import refused, written
from flowspec.data.tables.read import read_table
from flowspec.scale import space

SAMPLE = ("sample", "-n", 250, "--seed", 3, "--log-prob", "--rows-per-file", 100, "--workers", 1)
RANDOM = np.random.default_rng(0)


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def sample(call, bundle, *options):
    command, *rest = SAMPLE
    return call(command, bundle, *rest, *options)


@pytest.fixture
def table(here) -> Path:
    """Numbers of `pair` in three files, one of them with another order, one with row groups."""
    for number, (names, rows) in enumerate([("kab", 70), ("bka", 30), ("kab", 5)]):
        columns = {name: np.abs(RANDOM.normal(size=rows)) for name in names}
        columns["k"] = np.arange(rows) + 100 * number
        path = here / "table" / f"{'deep/' * (number == 1)}{number}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(pyarrow.table(columns), path, row_group_size=20)
    return here / "table"


# --- samples --------------------------------------------------------------------------------------


def test_the_files_are_the_sample(call, here, bundles):
    answer = sample(call, bundles / "pair", "-o", "out")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err.endswith(": 3 files in out\n")
    names = [f"rows-{row}.parquet" for row in ("000", 100, 200)]
    assert [*content(here / "out")] == ["_job.json", *names]
    x, log_prob = flowspec.load(bundles / "pair").sample(250, seed=3, with_log_prob=True)
    found = read_table(here / "out")
    assert found.columns == ("a", "b", "log_prob")
    np.testing.assert_array_equal(found.numbers(found.columns), np.column_stack([x, log_prob]))


@pytest.mark.slow
def test_workers_and_an_interruption_leave_the_same_bytes(call, here, bundles):
    sample(call, bundles / "pair", "-o", "one")
    sample(call, bundles / "pair", "-o", "two", "--workers", 2)
    before = content(here / "one")
    assert content(here / "two") == before
    (here / "two" / "rows-100.parquet").unlink()
    written(here / "two" / ".rows-100.parquet.abc", "half")
    assert sample(call, bundles / "pair", "-o", "two", "--resume").code == 0
    assert content(here / "two") == before


def test_a_folder_is_gone_on_with_by_the_same_job_only(call, here, bundles):
    sample(call, bundles / "pair", "-o", "out")
    (here / "out" / "rows-100.parquet").unlink()
    before = content(here / "out")
    refused(sample(call, bundles / "pair", "-o", "out"), "folder-begun", "2 of 3", "--resume")
    other = sample(call, bundles / "pair", "-o", "out", "--resume", "--seed", 4)
    refused(other, "other-job", "another seed")
    written(here / "mine.txt", "")
    refused(sample(call, bundles / "pair", "-o", here), "folder-in-use", "new or empty")
    assert content(here / "out") == before


def test_one_row_of_context_is_that_of_all_files(call, here, bundles):
    written(here / "z.csv", "z\n2\n")
    written(here / "zz.csv", "z\n2\n3\n")
    options = ("-o", "out", "--rows-per-file", 3, "--workers", 1)
    assert call("sample", bundles / "given", "-n", 5, "--context", "z.csv", *options).code == 0
    expected = flowspec.load(bundles / "given").sample(5, context=[[2.0]])
    np.testing.assert_array_equal(read_table(here / "out").numbers(["y"])[:, 0], expected)
    told = call("sample", bundles / "given", "--context", "zz.csv", *options)
    refused(told, "one row of context", code=2)


def test_space_is_asked_for_before_anything_is_written(call, here, bundles, monkeypatch):
    monkeypatch.setattr(space, "free_bytes", lambda place: 50_000_000)
    for place in ("out", "x.csv", "x.npy"):
        answer = call("sample", bundles / "pair", "-n", 10**12, "-o", place)
        refused(answer, "too-little-space", "1,000,000,000,000 rows", "50 MB are free")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("name", ["x.csv", "x.npy", "x.parquet"])
def test_the_space_that_is_told_is_taken(here, name):
    arrays = list(RANDOM.normal(size=(3, 20_000)).astype(np.float32))
    from flowspec.data.tables.write import write_table

    write_table(name, "abc", arrays)
    told = space.bytes_of_rows(Path(name), "abc", [a[:8_000] for a in arrays], 20_000)
    assert abs(told / (here / name).stat().st_size - 1) < 0.03


def test_options_of_folders_are_for_folders(call, bundles):
    for option in (("--workers", 2), ("--resume",), ("--address", "x")):
        refused(call("sample", bundles / "one", *option), "is of folders", code=2)
    answer = call("sample", bundles / "one", "-o", "out", "--address", "x")
    refused(answer, "--engine dask", code=2)


# --- tables ---------------------------------------------------------------------------------------


def test_each_file_of_a_table_comes_back_with_its_densities(call, here, bundles, table):
    score = ("score", bundles / "pair", "--data", table, "-o", "out", "--workers", 1)
    answer = call(*score, "--rows-per-file", 40)
    assert answer.code == 0
    names = ["0-0.parquet", "0-1.parquet", "2.parquet", "_job.json", "deep/1.parquet"]
    assert [*content(here / "out")] == names
    whole, found = read_table(table), read_table(here / "out")
    points = whole.numbers(["a", "b"])
    log_prob = flowspec.load(bundles / "pair").log_prob(points)
    order = np.argsort(found.numbers(["k"])[:, 0])
    right = np.argsort(whole.numbers(["k"])[:, 0])
    np.testing.assert_array_equal(found.numbers(["a", "b"])[order], points[right])
    scored = found.numbers(["log_prob"])[order, 0]
    np.testing.assert_allclose(scored, log_prob[right], rtol=1e-6)  # the last bit is of the batch
    assert f"mean log_prob {log_prob.mean(dtype=float):.4f}" in answer.err


@pytest.mark.slow
def test_workers_leave_the_same_bytes(call, here, bundles, table):
    for name, workers in (("one", 1), ("two", 2)):
        score = ("score", bundles / "pair", "--data", table, "-o", name, "--rows-per-file", 20)
        assert call(*score, "--workers", workers).code == 0
    assert content(here / "one") == content(here / "two")


def test_what_no_folder_can_be_written_of_is_told(call, here, bundles, table):
    written(here / "t.csv", "a,b\n1,2\n")
    score = ("score", bundles / "pair", "--data")
    refused(call(*score, "t.csv", "-o", "out"), ".parquet file", code=2)
    refused(call(*score, table, "-o", "out", "--latent"), "into files only", code=2)
    parquet.write_table(pyarrow.table({"a": [1.0]}), here / "a.parquet")
    refused(call(*score, "a.parquet", "-o", "out"), "`b`")
    parquet.write_table(pyarrow.table({"a": [1.0], "b": [2.0]}), table / "9.parquet")
    refused(call(*score, table, "-o", "out"), "other-columns", "`k`")
    assert not (here / "out").exists()


def test_resuming_says_where_there_is_nothing_to_go_on_with(call, here, bundles):
    arguments = ["sample", bundles / "one", "-n", 5, "-o", "out", "--workers", 1, "--resume"]
    begun = "nothing to go on with in out: it begins anew\n"
    assert begun in call(*arguments).err
    assert begun not in call(*arguments).err


def test_a_resumed_score_says_which_rows_its_mean_is_of(call, here, bundles):
    (here / "many").mkdir()
    for name in ("a", "b"):
        parquet.write_table(pyarrow.table({"x": [0.1, 0.5]}), here / "many" / f"{name}.parquet")
    arguments = ["score", bundles / "one", "--data", "many", "-o", "out", "--workers", 1]
    assert "of 2 rows" not in call(*arguments).err
    (here / "out" / "b.parquet").unlink()
    assert "\nof 2 rows scored now: mean log_prob" in call(*arguments, "--resume").err
    assert "log_prob" not in call(*arguments, "--resume").err
