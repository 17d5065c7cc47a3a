"""Tables that cannot be trained on: cases of `test_spoiled_data.py`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow
from pyarrow import parquet

from spoiled_flows import ANGLE, DICE, GIVEN, GOOD, ONE, PAIR, SHARES, TIMES, written


class Table(NamedTuple):
    """A flow, and a table for it that is spoiled.

    data      the text of a CSV file, an array, or what writes the table into the current folder
    options   further words of the command
    name      what to train on
    """

    flow: str
    data: str | np.ndarray | Callable[[], object]
    options: str = ""
    name: str = ""


def files(**tables: dict) -> Callable[[], None]:
    """A writer of Parquet files with row groups of two rows: `a_one` is data/a/one.parquet."""

    def write() -> None:
        for name, columns in tables.items():
            path = Path("data", *name.split("_")).with_suffix(".parquet")
            path.parent.mkdir(parents=True, exist_ok=True)
            parquet.write_table(pyarrow.table(columns), path, row_group_size=2)

    return write


def both(data: str, held_out: str) -> Callable[[], object]:
    """A writer of a.csv, and of b.csv to be held out."""
    return lambda: (written("a.csv", data), written("b.csv", held_out))


def damaged() -> None:
    files(one={"x": [1.0, 2.0]}, two={"x": [3.0, 4.0]})()
    path = Path("data/two.parquet")
    path.write_bytes(path.read_bytes()[:-20])


def cut() -> None:
    np.save("data.npy", np.ones((100, 2)))
    Path("data.npy").write_bytes(Path("data.npy").read_bytes()[:-100])


def twice() -> None:
    Path("data").mkdir()
    table = pyarrow.Table.from_arrays([pyarrow.array([1.0, 2.0])] * 2, ["x", "x"])
    parquet.write_table(table, "data/one.parquet")


TABLES: dict[str, Table] = {
    # --- columns
    "column-missing": Table(PAIR, "length,height\n1,2\n2,3\n"),
    "column-misspelt": Table(PAIR, "length,widht\n1,2\n2,3\n"),
    "column-in-capitals": Table(PAIR, "Length,Width\n1,2\n2,3\n"),
    "column-twice": Table(PAIR, "length,width,width\n1,2,2\n2,3,3\n"),
    "column-twice-in-parquet": Table(ONE, twice, name="data"),
    "column-missing-in-parquet": Table(
        PAIR, files(one={"length": [1.0, 2.0], "widht": [1.0, 2.0]}), name="data"
    ),
    "columns-without-names": Table(PAIR, np.ones((4, 3))),
    "columns-of-many": Table(
        PAIR, ",".join(f"c{i}" for i in range(40)) + "\n" + ",".join(["1"] * 40) + "\n"
    ),
    "header-missing": Table(PAIR, "1,2\n2,3\n3,5\n"),
    "separator-other": Table(PAIR, "length|width\n1|2\n2|3\n"),
    # --- cells
    "cell-text": Table(PAIR, "length,width\n1,2\n2,wide\n3,5\n"),
    "cell-comma": Table(PAIR, 'length,width\n1,"2,5"\n2,"3,5"\n'),
    "cell-word-for-missing": Table(PAIR, "length,width\n1,2\nNA,3\n3,5\n"),
    "cell-empty": Table(PAIR, "length,width\n1,2\n,3\n3,\n,1\n"),
    "cell-nan": Table(PAIR, "length,width\n1,2\n3,nan\n3,5\n"),
    "cell-infinite": Table(PAIR, "length,width\n1,2\n3,5\n-inf,5\n"),
    "cell-text-in-parquet": Table(ONE, files(one={"x": ["1", "2", "3", "four"]}), name="data"),
    "cell-date-in-parquet": Table(
        ONE, files(one={"x": [datetime(2020, 1, 1), datetime(2021, 1, 1)]}), name="data"
    ),
    "cell-list-in-parquet": Table(ONE, files(one={"x": [[1.0, 2.0], [3.0, 4.0]]}), name="data"),
    "cell-null-in-second-file": Table(
        ONE, files(a_one={"x": [1.0, 2, 3]}, b_two={"x": [4, None, 5]}), name="data"
    ),
    "cell-text-in-second-file": Table(
        ONE, files(one={"x": ["1", "2", "3"]}, two={"x": ["4", "x"]}), name="data"
    ),
    "cell-text-behind-dropped-rows": Table(
        ONE, files(one={"x": ["nan", "1", "2"]}, two={"x": ["4", "x"]}), "--drop-bad-rows", "data"
    ),
    "cell-too-large-for-float32": Table(ONE, "x\n1\n1e39\n2\n-1e300\n"),
    "cell-too-large-for-float64": Table(ONE, "x\n1\n1e400\n2\n", "--precision 64"),
    # --- columns as a whole
    "constant": Table(PAIR, "length,width\n1,2\n2,2\n3,2\n"),
    "constant-once-rounded": Table(ONE, "x\n1700000001\n1700000002\n1700000003\n"),
    "constant-once-rounded-in-two-files": Table(
        ONE,
        files(one={"x": [1700000001, 1700000001]}, two={"x": [1700000002, 1700000002]}),
        name="data",
    ),
    "constant-once-bad-rows-are-dropped": Table(
        PAIR, "length,width\n1,2\n2,2\n3,-5\n", "--drop-bad-rows"
    ),
    # --- supports
    "outside-all": Table(PAIR, "length,width\n-1,2\n-2,3\n-3,5\n"),
    "outside-some": Table(PAIR, "length,width\n1,2\n2,0\n-3,5\n3,-1\n"),
    "outside-at-both-ends": Table(
        'event "a share": [0, 1]\nNormal(learn(0), 1) |> Onto(event, edges=["a share"])',
        "a share\n0\n0.01\n0.5\n0.75\n1\n",
    ),
    "outside-once-rounded": Table(
        "event x: (0, 1)\nNormal(learn(0), 1) |> Onto(event)", "x\n0.5\n0.999999999\n0.25\n"
    ),
    "outside-simplex": Table(SHARES, "p,q,r\n0.2,0.3,0.5\n20,30,50\n0.2,0.3,0.4\n"),
    "outside-ordered": Table(TIMES, "first,second,third\n1,2,3\n1,3,2\n2,4,4\n"),
    "outside-circle": Table(ANGLE, "angle\n0.5\n90\n-1\n180\n"),
    "outside-in-second-row-group": Table(
        "event x: positive\nNormal(learn(0), 1) |> Exp",
        files(one={"x": [1, 2, 3, -4, 5]}),
        name="data/one.parquet",
    ),
    "outside-in-second-file": Table(
        "event x: positive\nNormal(learn(0), 1) |> Exp",
        files(one={"x": [1, 2, 3]}, two={"x": [5, -4]}),
        name="data",
    ),
    # --- whole numbers
    "dequantize-a-fraction": Table(DICE, "eyes,weight\n1,2\n1.5,3\n3,5\n", "--dequantize eyes"),
    "dequantize-a-fraction-without-event": Table(
        "Normal(learn(0), learn(1))[2]", "x0,x1\n1,2\n1.5,3\n3,5\n", "--dequantize x0"
    ),
    "dequantize-beyond-the-support": Table(
        DICE, "eyes,weight\n1,2\n5,3\n6,5\n6,5\n", "--dequantize eyes"
    ),
    "dequantize-partly-beyond-the-support": Table(
        "event x: (0, 6.5)\nNormal(learn(0), learn(1)) |> Onto(event)",
        "x\n0\n5\n6\n",
        "--dequantize x",
    ),
    "dequantize-a-simplex": Table(SHARES, "p,q,r\n0.2,0.3,0.5\n0.4,0.3,0.3\n", "--dequantize p"),
    "dequantize-a-column-that-is-no-output": Table(
        DICE, "eyes,weight\n1,2\n2,3\n", "--dequantize colour"
    ),
    "dequantize-a-misspelt-column": Table(DICE, "eyes,weight\n1,2\n2,3\n", "--dequantize eye"),
    "dequantize-numbers-too-large": Table(ONE, "x\n1\n16777217\n20000000\n", "--dequantize x"),
    # --- weights
    "weight-negative": Table(ONE, "x,w\n1,1\n2,-1\n3,-0.5\n", "--weights w"),
    "weight-nan": Table(ONE, "x,w\n1,1\n2,1\n3,\n", "--weights w"),
    "weight-infinite": Table(ONE, "x,w\n1,1\n2,inf\n3,1\n", "--weights w"),
    "weights-all-0": Table(ONE, "x,w\n1,0\n2,0\n3,0\n", "--weights w"),
    "weights-missing": Table(ONE, "x,weight\n1,0\n2,0\n3,0\n", "--weights weigth"),
    "weights-text": Table(ONE, "x,w\n1,heavy\n2,light\n3,0\n", "--weights w"),
    # --- rows
    "rows-none": Table(PAIR, "length,width\n"),
    "rows-none-in-numpy": Table(ONE, np.zeros((0, 1))),
    "rows-none-in-parquet": Table(
        ONE, files(one={"x": pyarrow.array([], pyarrow.float64())}), name="data"
    ),
    "rows-one": Table(PAIR, "length,width\n1,2\n"),
    "rows-one-left": Table(PAIR, "length,width\n1,2\n,2\n-1,3\n", "--drop-bad-rows"),
    "rows-none-left": Table(PAIR, "length,width\n0,2\n,2\n-1,3\n", "--drop-bad-rows"),
    # --- files
    "file-ragged": Table(PAIR, "length,width\n1,2\n\n2,3,4\n3,5\n"),
    "file-empty": Table(PAIR, ""),
    "file-missing": Table(PAIR, lambda: None, name="none.csv"),
    "file-missing-parquet": Table(PAIR, lambda: None, name="none.parquet"),
    "file-missing-numpy": Table(PAIR, lambda: None, name="none.npy"),
    "folder-missing": Table(PAIR, lambda: None, name="tables"),
    "folder-without-parquet": Table(PAIR, lambda: Path("data").mkdir(), name="data"),
    "file-of-unknown-kind": Table(
        PAIR, lambda: Path("data.xlsx").write_text("?"), name="data.xlsx"
    ),
    "file-without-ending": Table(PAIR, lambda: Path("data").write_text(GOOD), name="data"),
    "file-zipped": Table(PAIR, lambda: Path("data.csv.gz").write_text("?"), name="data.csv.gz"),
    "file-in-another-encoding": Table(
        PAIR, lambda: Path("data.csv").write_bytes(b"l\xe4nge\n1\n"), name="data.csv"
    ),
    "parquet-truncated": Table(ONE, damaged, name="data/two.parquet"),
    "parquet-truncated-in-folder": Table(ONE, damaged, name="data"),
    "parquet-other-columns": Table(
        ONE, files(one={"x": [1.0], "y": [1.0]}, two={"x": [1.0], "z": [1.0]}), name="data"
    ),
    "numpy-of-three-axes": Table(PAIR, np.zeros((4, 2, 2))),
    "numpy-of-objects": Table(PAIR, np.array([[1, "a"], [2, "b"]], object)),
    "numpy-of-text": Table(PAIR, np.array([["1", "2"], ["2", "3"]])),
    "numpy-truncated": Table(PAIR, cut, name="data.npy"),
    # --- contexts
    "context-constant": Table(GIVEN, "y,z\n1,2\n2,2\n3,2\n"),
    "context-constant-once-rounded": Table(
        GIVEN, "y,z\n1,1700000001\n2,1700000002\n3,1700000003\n"
    ),
    "context-missing": Table(GIVEN, "y\n1\n2\n"),
    "context-not-finite": Table(GIVEN, "y,z\n1,1\n2,\n"),
    "context-outside": Table(GIVEN, "y,z\n1,1\n2,0\n3,-2\n"),
    # --- several at once, and rows held out
    "several-columns-missing": Table(PAIR, "size\n1\n2\n"),
    "several-faults": Table(PAIR, "length,width,w\n1,2,1\n-1,nan,1\n,0,1\n2,3,-1\n", "--weights w"),
    "held-out-misspelt": Table(
        PAIR, both(GOOD, "length,widht\n1,2\n"), "--held-out b.csv", "a.csv"
    ),
    "held-out-outside": Table(
        PAIR, both(GOOD, "length,width\n1,2\n1,-2\n"), "--held-out b.csv", "a.csv"
    ),
    "held-out-missing": Table(PAIR, GOOD, "--held-out b.csv"),
    "held-out-without-good-rows": Table(
        PAIR, both(GOOD, "length,width\n-1,2\n"), "--held-out b.csv --drop-bad-rows", "a.csv"
    ),
}
