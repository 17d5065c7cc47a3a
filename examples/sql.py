"""`log_prob` in SQL: the rows of a table that a flow finds rarest, by DuckDB.

pip install duckdb pyarrow
python examples/sql.py [BUNDLE] [TABLE.parquet]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import duckdb
import numpy as np
import pyarrow
from duckdb.sqltypes import DOUBLE

import flowspec
from flowspec.runtime.bundle import Bundle

ROOT = Path(__file__).parent.parent


def add_log_prob(connection: duckdb.DuckDBPyConnection, bundle: Bundle) -> None:
    """Add a function `log_prob(...)`, of the columns of a bundle and then of its context."""

    def log_prob(*columns: pyarrow.ChunkedArray) -> pyarrow.Array:
        numbers = np.stack([column.to_numpy() for column in columns], axis=1).astype(bundle.dtype)
        points, context = np.split(numbers, [len(bundle.columns)], axis=1)
        found = bundle.log_prob(points, context if bundle.context else None)
        return pyarrow.array(found.astype(float))

    connection.create_function("log_prob", log_prob, None, DOUBLE, type="arrow")


def main(bundle_path: Path, table: Path) -> None:
    bundle = flowspec.load(bundle_path)
    with duckdb.connect() as connection:
        add_log_prob(connection, bundle)
        names = ", ".join(f'"{name}"' for name in (*bundle.columns, *bundle.context))
        rows = connection.sql(
            f"select *, log_prob({names}) as log_prob from '{table}' order by log_prob limit 5"
        )
        print(rows)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as place:
            copy = Path(place, "iris.parquet")
            csv = ROOT / "examples" / "data" / "iris.csv"
            duckdb.sql(f"copy (select * from '{csv}') to '{copy}' (format parquet)")
            main(ROOT / "exported" / "iris", copy)
