"""Data that cannot be trained on: whatever is wrong with it, the whole message is held in tests/spoiled.

A new case is an entry of `TABLES` or `CALLS`; `pytest --update-golden` writes its message.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pyarrow = pytest.importorskip("pyarrow")

from pyarrow import parquet
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

import flowspec
from flowspec.cli.main import main
from flowspec.data import files as data_files
from flowspec.data import pieces
from flowspec.data.tables import table as tables
from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.train.feed import row_mistakes

FOLDER = Path(__file__).parent.parent / "spoiled"

PAIR = "event length, width: positive\nNormal(learn(0), learn(1))[2] |> Exp"
ONE = "event x\nNormal(learn(0), learn(1))"
DICE = "event eyes: [0, 6], weight\nNormal(learn(0), learn(1))[2] |> Onto(event)"
SHARES = "event p, q, r: simplex\nNormal(learn(0), learn(1))[2] |> Onto(event)"
TIMES = "event first, second, third: ordered\nNormal(learn(0), learn(1))[3] |> Onto(event)"
ANGLE = "event angle: circle(-pi, pi)\nVonMises(learn(0), learn(1))"
GIVEN = "context z: positive\nevent y\nNormal(learn(0), learn(1)) |> Scale(z)"
GOOD = "length,width\n1,2\n2,3\n3,5\n"


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
    """Writes Parquet files with row groups of two rows: `{"a/one": ...}` is data/a/one.parquet."""

    def write() -> None:
        for name, columns in tables.items():
            path = Path("data", *name.split("_")).with_suffix(".parquet")
            path.parent.mkdir(parents=True, exist_ok=True)
            parquet.write_table(pyarrow.table(columns), path, row_group_size=2)

    return write


def both(data: str, held_out: str) -> Callable[[], object]:
    """Writes a.csv, and b.csv to be held out."""
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
    "separator-other": Table(PAIR, "length;width\n1;2\n2;3\n"),
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
    "weight-too-large-for-float32": Table(ONE, "x,w\n1,1\n2,1e39\n3,1\n", "--weights w"),
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


def rows(count: int = 4, width: int = 2) -> np.ndarray:
    return np.arange(1.0, count * width + 1).reshape(count, width)


class Items(Dataset):
    """A dataset of some items."""

    def __init__(self, *items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


class Endless(Dataset):
    """A dataset that does not know its length."""

    def __getitem__(self, index):
        return torch.ones(2)


class Ending:
    """What gives its batches only so many times."""

    def __init__(self, times: int):
        self.times = times

    def __iter__(self) -> Iterator:
        self.times -= 1
        yield from [torch.ones(4, 2), 2 * torch.ones(4, 2)] if self.times >= 0 else []


class Stream(IterableDataset):
    def __iter__(self) -> Iterator:
        yield from torch.tensor([[1.0, 2], [3, 4], [-1, 2]])


def loader(*batches) -> list | DataLoader:
    return DataLoader(TensorDataset(torch.cat(batches)), batch_size=len(batches[0]))


def fit(flow: str, data=None, *arguments, **options):
    return flowspec.fit(flowspec.parse(flow), data, *arguments, **{"epochs": 3, **options})


CALLS: dict[str, Callable[[], object]] = {
    "nothing-to-learn-from": lambda: fit(PAIR),
    "data-and-log-density": lambda: fit(PAIR, rows(), log_density=lambda x: -x.sum(1)),
    # --- arrays
    "array-of-wrong-width": lambda: fit(PAIR, rows(width=3)),
    "array-of-one-axis": lambda: fit(PAIR, rows().ravel()),
    "array-of-three-axes": lambda: fit(PAIR, rows()[None]),
    "array-of-text": lambda: fit(PAIR, [["1", "long"], ["2", "wide"]]),
    "array-ragged": lambda: fit(PAIR, [[1, 2], [3]]),
    "array-of-complex-numbers": lambda: fit(PAIR, rows() + 0j),
    "array-of-no-rows": lambda: fit(PAIR, rows(0)),
    "array-outside": lambda: fit(PAIR, rows() - 3),
    "array-with-nan": lambda: fit(PAIR, np.where(rows() == 4, np.nan, rows())),
    "array-too-large-for-float32": lambda: fit(PAIR, rows() * 1e38),
    "tensor-sparse": lambda: fit(PAIR, torch.ones(3, 2).to_sparse()),
    "columns-in-a-dict": lambda: fit(PAIR, {"length": [1, 2], "width": [1, 3]}),
    "context-not-given": lambda: fit(GIVEN, rows(width=1)),
    "context-of-other-rows": lambda: fit(GIVEN, rows(width=1), rows(3, 1)),
    "context-of-text": lambda: fit(GIVEN, rows(width=1), ["a", "b", "c", "d"]),
    "context-without-need": lambda: fit(PAIR, rows(), rows(width=1)),
    "weights-of-other-rows": lambda: fit(PAIR, rows(), weights=[1, 2]),
    "weights-by-name-for-an-array": lambda: fit(PAIR, rows(), weights="w"),
    "held-out-of-wrong-width": lambda: fit(PAIR, rows(), held_out=rows(width=3)),
    # --- datasets
    "dataset-of-dicts": lambda: fit(PAIR, Items({"x": torch.ones(2)}, {"x": torch.ones(2)})),
    "dataset-of-three-things": lambda: fit(GIVEN, TensorDataset(*torch.ones(3, 4, 1))),
    "dataset-with-labels": lambda: fit(PAIR, TensorDataset(torch.ones(4, 2), torch.ones(4))),
    "dataset-without-context": lambda: fit(GIVEN, TensorDataset(torch.ones(4, 1))),
    "dataset-of-text": lambda: fit(PAIR, Items("one", "two")),
    "dataset-of-objects": lambda: fit(PAIR, Items(object(), object())),
    "dataset-of-unequal-items": lambda: fit(PAIR, Items(torch.ones(2), torch.ones(3))),
    "dataset-of-wrong-width": lambda: fit(PAIR, Items(torch.ones(3), torch.ones(3))),
    "dataset-without-length": lambda: fit(PAIR, Endless()),
    "dataset-without-rows": lambda: fit(PAIR, Items()),
    "dataset-outside": lambda: fit(PAIR, TensorDataset(torch.from_numpy(3 - rows()))),
    # --- loaders
    "iterator": lambda: fit(PAIR, iter([rows()])),
    "generator": lambda: fit(PAIR, (rows() for _ in range(3))),
    "loader-that-ends-in-epoch-2": lambda: fit(
        PAIR, Ending(2)
    ),  # the first time starts are measured
    "loader-that-can-be-read-once": lambda: fit(PAIR, Ending(1)),
    "loader-without-batches": lambda: fit(PAIR, DataLoader(Items())),
    "loader-and-dequantize": lambda: fit(PAIR, loader(torch.ones(4, 2)), dequantize=("width",)),
    "loader-and-context": lambda: fit(GIVEN, loader(torch.ones(4, 1)), rows(width=1)),
    "loader-and-weights": lambda: fit(PAIR, loader(torch.ones(4, 2)), weights=[1, 1, 1, 1]),
    "loader-with-nan-in-batch-2": lambda: fit(
        PAIR, loader(torch.ones(2, 2), torch.tensor([[1, 2], [1, torch.nan]]))
    ),
    "loader-with-labels": lambda: fit(
        PAIR, DataLoader(TensorDataset(torch.ones(4, 2), torch.ones(4)))
    ),
    "loader-of-wrong-width": lambda: fit(PAIR, loader(torch.ones(4, 3))),
    "stream-outside": lambda: fit(PAIR, Stream()),
    "loader-held-out": lambda: fit(PAIR, rows(), held_out=loader(torch.ones(4, 2))),
    # --- tables
    "path-and-context": lambda: fit(GIVEN, written("data.csv", "y,z\n1,1\n2,2\n"), [[1.0], [2.0]]),
    "dataset-and-weights": lambda: fit(
        PAIR, Items(torch.ones(2), torch.zeros(2)), weights=[1.0, 2.0]
    ),
    "array-of-times": lambda: fit(ONE, np.array(["2020-01-01", "2021-01-01"], "datetime64[D]")),
    "path-of-nothing": lambda: fit(PAIR, "none.parquet"),
    "path-and-weights-as-numbers": lambda: fit(
        ONE, written("data.csv", "x\n1\n2\n"), weights=[1.0, 2.0]
    ),
}


def written(name: str, text: str) -> Path:
    path = Path(name)
    path.write_text(text)
    return path


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def golden(update_golden):
    """Compares a message with the golden one of a name."""

    def compare(name: str, message: str) -> None:
        path = FOLDER / f"{name}.err"
        if update_golden:
            path.write_text(message)
        assert message == path.read_text()
        _assert_in_words_of_users(message)

    return compare


def _assert_in_words_of_users(message: str) -> None:
    """Each mistake is told whole, with what to do, and nothing of how the program works shows."""
    assert re.match(r"(dropped \d+ of \d+ rows .*\n)?error\[[a-z-]+\]: .", message)
    assert message.count("error[") == message.count(" = help: ")
    assert not re.search(
        r"Traceback|array\(|np\.|torch\.|<class|object at 0x|\{\w|errno|codec|datetime|None\b",
        message,
    )
    assert not re.search(r"\b(please|invalid|node|codomain)\b", message, re.IGNORECASE)


def _put(data) -> str:
    """Write the data of a table: the name of its file."""
    if isinstance(data, str):
        return str(written("data.csv", data))
    if isinstance(data, np.ndarray):
        np.save("data.npy", data, allow_pickle=data.dtype == object)
        return "data.npy"
    data()
    return ""


@pytest.mark.parametrize("name", TABLES)
def test_the_command_says_what_is_wrong_with_a_table(here, monkeypatch, capsys, golden, name):
    spoiled = TABLES[name]
    found = _put(spoiled.data) or spoiled.name
    written("it.flow", spoiled.flow)
    words = [
        "fit",
        "it.flow",
        "--data",
        spoiled.name or found,
        "-o",
        "made",
        "--epochs",
        "1",
        *spoiled.options.split(),
    ]
    monkeypatch.setattr(sys, "argv", ["flowspec", *words])
    with pytest.raises(SystemExit) as stop:
        main()
    answer = capsys.readouterr()
    golden(name, answer.err)
    assert (stop.value.code, answer.out) == (1, "")
    assert not (here / "made").exists()


@pytest.mark.parametrize("name", CALLS)
def test_fit_says_what_is_wrong_with_data(golden, name):
    with pytest.raises(flowspec.FlowError) as caught:
        CALLS[name]()
    golden(name, str(caught.value) + "\n")


def test_no_golden_file_without_its_case():
    assert not {*TABLES} & {*CALLS}
    assert {path.stem for path in FOLDER.glob("*.err")} == {*TABLES, *CALLS}


def test_every_kind_of_mistake_has_a_golden_file():
    kinds = [
        kind
        for module in (data_files, pieces, row_mistakes, tables)
        for kind in vars(module).values()
        if isinstance(kind, type)
    ]
    codes = {
        kind.family or re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()
        for kind in kinds
        if issubclass(kind, Diagnostic) and kind.message
    }
    told = set(
        re.findall(
            r"^error\[(.+?)\]",
            "\n".join(path.read_text() for path in FOLDER.glob("*.err")),
            re.MULTILINE,
        )
    )
    assert codes - told == {"unwritable-path"}  # of tables that are written
