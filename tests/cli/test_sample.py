"""`sample` draws what the bundle draws, and tells what it cannot draw."""

from __future__ import annotations

import numpy as np
import pytest

import flowspec
from commands import (
    names,
    refused,
    written,
)


def test_sample_prints_the_samples_of_the_bundle(call, bundles):
    answer = call("sample", bundles / "pair", "-n", 3, "--seed", 7, "--first-row", 5, "--log-prob")
    assert (answer.code, answer.err) == (0, "")
    x, log_prob = flowspec.load(bundles / "pair").sample(3, seed=7, first_row=5, with_log_prob=True)
    assert answer.rows[0] == ["a", "b", "log_prob"]
    found = np.array(answer.rows[1:], np.float32)
    np.testing.assert_array_equal(found, np.column_stack([x, log_prob]))


def test_sample_draws_ten_rows_unless_told(call, bundles):
    assert len(call("sample", bundles / "one").rows) == 11
    assert call("sample", bundles / "one", "-n", 0) == (0, "x\n", "")


def test_sample_depends_on_the_seed_only(call, bundles):
    first = call("sample", bundles / "one", "--seed", -3)
    assert call("sample", bundles / "one", "--seed", -3) == first
    assert call("sample", bundles / "one", "--seed", -4).out != first.out


@pytest.mark.parametrize("suffix", [".csv", ".npy", ".parquet", ".CSV"])
def test_sample_writes_a_table_that_can_be_scored(call, here, bundles, suffix):
    name = f"deep/samples{suffix}"
    assert call("sample", bundles / "pair", "-n", 4, "-o", name) == (
        0,
        "",
        f"wrote 4 rows to {name}\n",
    )
    assert names(here / "deep") == [f"samples{suffix}"]
    answer = call("score", bundles / "pair", "--data", name)
    heads = "column0,column1" if suffix == ".npy" else "a,b"  # such a file has no names
    assert answer.out.startswith(f"{heads},log_prob\n")
    x, log_prob = flowspec.load(bundles / "pair").sample(4, with_log_prob=True)
    np.testing.assert_allclose(
        np.array(answer.rows[1:], float), np.column_stack([x, log_prob]), rtol=1e-5, atol=1e-5
    )


def test_sample_takes_a_row_of_context_for_each_sample(call, here, bundles):
    table = written(here / "context.csv", "other,z\n0,1\n0,100\n")
    answer = call("sample", bundles / "given", "--context", table)
    expected = flowspec.load(bundles / "given").sample(context=[[1.0], [100.0]])
    np.testing.assert_array_equal(np.array(answer.rows[1:], np.float32)[:, 0], expected)
    one = written(here / "one.csv", "z\n1\n")
    assert len(call("sample", bundles / "given", "--context", one, "-n", 5).rows) == 6
    refused(
        call("sample", bundles / "given", "--context", table, "-n", 5),
        "`-n 5` does not go with 2 rows of context",
        "leave `-n` out for one sample of each row",
    )


def test_sample_tells_a_context_that_is_missing_or_too_much(call, here, bundles):
    table = written(here / "context.csv", "zz\n1\n")
    refused(call("sample", bundles / "given"), "it needs a table with `z`", "--context context.csv")
    refused(
        call("sample", bundles / "given", "--context", table),
        "the table has no column `z`",
        "did you mean `zz`?",
    )
    refused(
        call("sample", bundles / "given", "--context", "none.csv"),
        "cannot read none.csv: no such file",
    )
    refused(
        call("sample", bundles / "one", "--context", table),
        "this flow has no context",
        "leave `--context` out",
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--seed", 2**63], f"`seed` is {2**63}, which is out of range"),
        (["--seed", -(2**63) - 1], "which is out of range"),
        (["--first-row", 2**63], "`first_row` is"),
        (["--first-row", 2**63 - 2, "-n", 5], "`first_row` is"),
        (["--provider", "abacus"], "onnxruntime has no provider `abacus` here"),
        (["-o", "samples.txt"], "cannot write samples.txt: `.txt` files are not known"),
        (["-o", "taken"], "taken holds files of something else"),
        (
            ["-o", "taken/samples.csv"],
            "cannot write taken/samples.csv: taken is a file, not a directory",
        ),
        (["-o", "folder.csv"], "cannot write folder.csv: is a directory"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "",
)
def test_sample_refuses_what_cannot_be(call, here, bundles, options, told):
    written(here / "taken", "mine")
    (here / "folder.csv").mkdir()
    refused(call("sample", bundles / "one", *options), told)
    assert names(here) == ["folder.csv", "taken"]


def test_the_ends_of_the_seeds_can_be_used(call, bundles):
    answers = {
        call("sample", bundles / "one", "--seed", seed).out for seed in (-(2**63), 2**63 - 1)
    }
    assert len(answers) == 2
