"""The example of SQL gives the densities of the bundle."""

from __future__ import annotations

import runpy

import numpy as np
import pytest

import flowspec
from commands import EXAMPLES

duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")


@pytest.mark.parametrize("name", ["pair", "given"])
def test_log_prob_in_sql_is_that_of_the_bundle(bundles, name):
    bundle = flowspec.load(bundles / name)
    columns = [*bundle.columns, *bundle.context]
    rows = np.random.default_rng(0).uniform(0.5, 2, (300, 2))
    connection = duckdb.connect()
    runpy.run_path(str(EXAMPLES / "sql.py"))["add_log_prob"](connection, bundle)
    connection.execute("create table t (" + ", ".join(f"{c} double" for c in columns) + ")")
    connection.executemany("insert into t values (?, ?)", rows.tolist())
    found = connection.sql(f"select log_prob({', '.join(columns)}) from t").fetchnumpy()
    points = rows[:, : len(bundle.columns)]
    expected = bundle.log_prob(points, rows[:, 1:] if bundle.context else None)
    np.testing.assert_array_equal(next(iter(found.values())), expected)
