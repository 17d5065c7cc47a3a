"""A table that is read in pieces is the table that is read whole."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow
import pytest
from pyarrow import feather, parquet

import flowspec
from flowspec.data import pieces
from flowspec.data.pieces import Pieces, open_pieces
from flowspec.data.tables.read import READERS, read_table

VALUES = np.random.default_rng(0).normal(size=(23, 3))
NAMES = ("a", "b", "c")


def joined(table: Pieces, wanted=NAMES) -> np.ndarray:
    return np.concatenate([table.numbers(piece, wanted) for piece in range(len(table.sizes))])


def write(path: Path, values: np.ndarray, names=NAMES, row_group_size: int = 4) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(
        pyarrow.table(dict(zip(names, values.T, strict=True))), path, row_group_size=row_group_size
    )
    return path


@pytest.fixture
def folder(tmp_path) -> Path:
    """23 rows in four files, two in folders of their own, each with another order of columns."""
    write(tmp_path / "data" / "2020" / "one.parquet", VALUES[:9])
    write(tmp_path / "data" / "2020" / "two.parquet", VALUES[9:12][:, ::-1], NAMES[::-1])
    write(tmp_path / "data" / "2021" / "more" / "one.parquet", VALUES[12:13])
    write(tmp_path / "data" / "three.parquet", VALUES[13:][:, [1, 2, 0]], ("b", "c", "a"))
    return tmp_path / "data"


# --- Parquet --------------------------------------------------------------------------------------


def test_row_groups_are_pieces_which_make_the_whole(tmp_path):
    path = write(tmp_path / "it.parquet", VALUES)
    table = open_pieces(path)
    assert table.sizes == (4, 4, 4, 4, 4, 3)
    assert (table.rows, table.columns, table.named) == (23, NAMES, True)
    np.testing.assert_array_equal(joined(table), VALUES)
    np.testing.assert_array_equal(joined(table), read_table(path).numbers(NAMES))


def test_files_of_nested_folders_are_pieces_which_make_the_whole(folder):
    table = open_pieces(folder)
    assert table.sizes == (4, 4, 1, 3, 1, 4, 4, 2)
    np.testing.assert_array_equal(joined(table), VALUES)
    np.testing.assert_array_equal(joined(table), read_table(folder).numbers(NAMES))


@pytest.mark.parametrize("wanted", [("c", "a"), ("b",), ("a", "a", "c")])
def test_columns_come_in_the_order_in_which_they_are_wanted(folder, wanted):
    expected = VALUES[:, [NAMES.index(name) for name in wanted]]
    np.testing.assert_array_equal(joined(open_pieces(folder), wanted), expected)


def test_files_come_in_the_order_in_which_they_are_read_whole(tmp_path):
    for i, name in enumerate(("a/x", "a-b/x", "a/B", "z", "B/x", "a.c/x")):
        write(tmp_path / "data" / f"{name}.parquet", np.full((1, 3), float(i)))
    np.testing.assert_array_equal(
        joined(open_pieces(tmp_path / "data")), read_table(tmp_path / "data").numbers(NAMES)
    )


@pytest.mark.parametrize(
    "name", ["_temporary/x.parquet", ".hidden/x.parquet", "._x.parquet", "deep/_x.parquet"]
)
def test_what_programs_leave_for_themselves_is_not_read(folder, name):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"not for you")
    np.testing.assert_array_equal(joined(open_pieces(folder)), VALUES)


def test_row_groups_and_files_without_rows_do_not_matter(tmp_path):
    (tmp_path / "data").mkdir()
    schema = pyarrow.schema([(name, pyarrow.float64()) for name in NAMES])
    some, none = (
        pyarrow.table(dict(zip(NAMES, part.T, strict=True)), schema)
        for part in (VALUES[:2], VALUES[:0])
    )
    with parquet.ParquetWriter(tmp_path / "data" / "a.parquet", schema) as writer:
        for part in (none, some, none, some):
            writer.write_table(part)
    parquet.write_table(none, tmp_path / "data" / "b.parquet")
    write(tmp_path / "data" / "c.parquet", VALUES[2:])
    table = open_pieces(tmp_path / "data")
    assert 0 in table.sizes
    np.testing.assert_array_equal(joined(table), np.concatenate([VALUES[:2], VALUES]))


KINDS = {
    "int8": pyarrow.array([1, -2, 3], pyarrow.int8()),
    "uint64": pyarrow.array([1, 2, 2**63], pyarrow.uint64()),
    "bool": pyarrow.array([True, False, True]),
    "float16": pyarrow.array(np.array([0.5, -2.0, 3.25], np.float16)),
    "float32": pyarrow.array([0.1, -2.0, 3e38], pyarrow.float32()),
    "float64": pyarrow.array([0.1, -2.0, 1e300]),
    "decimal128": pyarrow.array([Decimal("1.25"), Decimal("-3.10"), Decimal("0.00")]),
    "decimal256": pyarrow.array(
        [Decimal("1.25"), Decimal("-3.10"), Decimal("0.00")], pyarrow.decimal256(50, 2)
    ),
    "dictionary": pyarrow.array([1.5, 2.5, 1.5]).dictionary_encode(),
    "text": pyarrow.array(["1.5", " 2 ", "1e3"]),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("nulls", [False, True], ids=["full", "nulls"])
def test_columns_of_every_kind_come_as_numbers(tmp_path, kind, nulls):
    column = KINDS[kind]
    column = pyarrow.concat_arrays([column, pyarrow.nulls(1, column.type)]) if nulls else column
    parquet.write_table(pyarrow.table({"x": column}), tmp_path / "it.parquet", row_group_size=2)
    expected = [np.nan if value is None else float(value) for value in column.to_pylist()]
    found = joined(open_pieces(tmp_path / "it.parquet"), ("x",))
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found[:, 0], expected)


def test_only_the_wanted_columns_are_read(tmp_path, monkeypatch):
    asked = []
    read = parquet.ParquetFile.read_row_group

    def spy(file, group, columns=None):
        asked.append(columns)
        return read(file, group, columns)

    monkeypatch.setattr(parquet.ParquetFile, "read_row_group", spy)
    open_pieces(write(tmp_path / "it.parquet", VALUES)).numbers(1, ("c", "a"))
    assert asked == [["c", "a"]]


# --- NumPy and CSV --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 5, 23, 100])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", ["float64", "float32", "float16", "int16", "bool", ">f8"])
def test_slices_of_a_numpy_file_make_the_whole(tmp_path, monkeypatch, size, order, kind):
    monkeypatch.setattr(pieces, "SLICE", size)
    values = np.asarray(10 * VALUES, kind, order=order)
    np.save(tmp_path / "it.npy", values)
    table = open_pieces(tmp_path / "it.npy")
    assert len(table.sizes) == -(-23 // size)
    assert (table.rows, table.named) == (23, False)
    np.testing.assert_array_equal(joined(table), values.astype(float))
    np.testing.assert_array_equal(joined(table), read_table(tmp_path / "it.npy").numbers(NAMES))


def test_a_numpy_file_of_one_axis_is_one_column(tmp_path, monkeypatch):
    monkeypatch.setattr(pieces, "SLICE", 10)
    np.save(tmp_path / "it.npy", VALUES[:, 0])
    np.testing.assert_array_equal(joined(open_pieces(tmp_path / "it.npy"), ("x",)), VALUES[:, :1])


def test_a_numpy_file_stays_on_disk(tmp_path, monkeypatch):
    np.save(tmp_path / "it.npy", VALUES)
    load, modes = np.load, []
    monkeypatch.setattr(
        np,
        "load",
        lambda *given, mmap_mode=None, **more: (
            modes.append(mmap_mode) or load(*given, mmap_mode, **more)
        ),
    )
    joined(open_pieces(tmp_path / "it.npy"))
    assert {*modes} == {"r"}


def test_a_csv_file_is_one_piece(tmp_path):
    text = (
        "c,note,a,b\n"
        + "\n".join(f"{c!r},x,{a!r},{b!r}" for a, b, c in VALUES.tolist())
        + "\n,,1,\n"
    )
    (tmp_path / "it.csv").write_text(text)
    table = open_pieces(tmp_path / "it.csv")
    assert table.sizes == (24,)
    np.testing.assert_array_equal(joined(table), np.concatenate([VALUES, [[1, np.nan, np.nan]]]))


# --- what cannot be read --------------------------------------------------------------------------


@pytest.mark.parametrize(("rows", "place"), [([4], 5), ([8], 9), ([2], 3)])
def test_rows_are_counted_through_all_pieces(tmp_path, rows, place):
    cells = [str(i) for i in range(10)]
    cells[rows[0]] = "x"
    for name, part in (("a/one", cells[:3]), ("a/two", cells[3:5]), ("b", cells[5:])):
        path = tmp_path / "data" / f"{name}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(pyarrow.table({"x": part}), path, row_group_size=2)
    with pytest.raises(flowspec.FlowError, match=rf"column `x` holds 'x' in row {place},"):
        joined(open_pieces(tmp_path / "data"), ("x",))


def test_a_missing_column_is_told_with_those_that_are_there(folder):
    with pytest.raises(flowspec.FlowError, match=r"no column `d`(.|\n)*it has `a`, `b`, `c`"):
        open_pieces(folder).numbers(0, ("a", "d"))


# --- some rows ------------------------------------------------------------------------------------


def test_rows_that_are_drawn_are_those_of_their_numbers(folder):
    table = open_pieces(folder)
    some = table.drawn(NAMES, 7, 3)
    whole = joined(table)
    places = [int(np.flatnonzero((whole == row).all(axis=1))[0]) for row in some]
    assert len(set(places)) == 7 and places == sorted(places)
    np.testing.assert_array_equal(table.drawn(("b",), 7, 3), some[:, [1]])
    assert not np.array_equal(table.drawn(NAMES, 7, 4), some)
    np.testing.assert_array_equal(table.drawn(NAMES, 23, 3), whole)


# --- other kinds ----------------------------------------------------------------------------------


def test_every_kind_of_table_can_be_read_in_pieces(tmp_path):
    table = pyarrow.table(dict(zip(NAMES, VALUES.T, strict=True)))
    lines = [",".join(NAMES), *(",".join(map(repr, row)) for row in VALUES.tolist())]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    (tmp_path / "t.tsv").write_text("\n".join(lines).replace(",", "\t"))
    feather.write_feather(table, str(tmp_path / "t.feather"))
    feather.write_feather(table, str(tmp_path / "t.arrow"))
    objects = "\n".join(map(json.dumps, table.to_pylist()))
    (tmp_path / "t.jsonl").write_text(objects)
    (tmp_path / "t.ndjson").write_text(objects)
    parquet.write_table(table, tmp_path / "t.parquet")
    kinds = {path.suffix for path in tmp_path.iterdir()}
    assert kinds - {".gz"} == {*READERS} - {".npy"}
    for path in tmp_path.iterdir():
        np.testing.assert_array_equal(joined(open_pieces(path)), VALUES, err_msg=path.name)
