"""Tables in a store of objects: read and written by address, from any process."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from commands import refused
from flowspec.data.pieces import open_pieces
from flowspec.data.places import Address, names_in, place_of
from flowspec.data.tables.read import read_table
from flowspec.data.tables.write import write_table

SAMPLE = ("-n", 250, "--seed", 3, "--rows-per-file", 100)
NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def server():
    """A store like S3 that this process serves."""
    moto = pytest.importorskip("moto.server", reason="moto is not installed")
    server = moto.ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    yield f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    server.stop()


@pytest.fixture
def bucket(server, monkeypatch) -> Address:
    """A new bucket."""
    import boto3

    for name, value in {
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": server,
    }.items():
        monkeypatch.setenv(name, value)
    name = f"bucket{next(NUMBERS)}"
    boto3.client("s3").create_bucket(Bucket=name)
    return Address(f"s3://{name}")


def content(folder: Address | Path) -> dict[str, bytes]:
    """The bytes of each file of a folder."""
    answer = {}
    for name in names_in(folder):
        file = folder / name.as_posix()
        if isinstance(file, Address):
            store, path = file.source()
            answer[str(name)] = store.open_input_stream(path).read()
        else:
            answer[str(name)] = file.read_bytes()
    return answer


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_samples_and_scores_are_those_of_paths(call, here, bundles, bucket, workers):
    many = ("--workers", workers)
    call("sample", bundles / "pair", *SAMPLE, "-o", "many")
    call("score", bundles / "pair", "--data", "many", "-o", "scored")
    assert call("sample", bundles / "pair", *SAMPLE, *many, "-o", bucket / "many").code == 0
    answer = call("score", bundles / "pair", "--data", bucket / "many", *many, "-o", bucket / "b/c")
    assert answer.code == 0
    assert content(bucket / "many") == content(here / "many")
    scored = content(here / "scored")
    assert {**content(bucket / "b/c"), "_job.json": b""} == {**scored, "_job.json": b""}


@pytest.mark.slow
def test_what_is_missing_is_written(call, here, bundles, bucket):
    arguments = ("sample", bundles / "pair", *SAMPLE, "-o", bucket / "many")
    call(*arguments)
    before = content(bucket / "many")
    refused(call(*arguments), "--resume")
    store, path = (bucket / "many/rows-100.parquet").source()
    store.delete_file(path)
    assert call(*arguments, "--resume").code == 0
    assert content(bucket / "many") == before
    refused(call(*arguments[:-1], bucket / ""), "is new or empty")


@pytest.mark.slow
def test_tables_are_read_and_written(call, bundles, bucket):
    x = np.arange(6.0).reshape(3, 2)
    write_table(bucket / "one.parquet", ["a", "b"], [*x.T])
    assert read_table(str(bucket / "one.parquet")).columns == ("a", "b")
    pieces = open_pieces(bucket / "")
    np.testing.assert_array_equal(pieces.numbers(0, ["b", "a"]), x[:, ::-1])
    answer = call("score", bundles / "pair", "--data", bucket / "one.parquet")
    assert (answer.code, len(answer.rows)) == (0, 4)


@pytest.mark.slow
def test_what_is_not_there_is_told(call, bundles, bucket):
    def told(words: str, address) -> None:
        refused(call("score", bundles / "pair", "--data", address), words)

    told("no such file or directory", bucket / "none.parquet")
    told("no such file or directory", "s3://none/none")
    write_table(bucket / "folder/a.csv.parquet", ["a"], [np.ones(1)])
    with (bucket / "a.csv").new_file() as stream:
        stream.write(b"a,b\n1,2\n")
    told("copy it to this machine", bucket / "a.csv")
    with (bucket / "damaged.parquet").new_file() as stream:
        stream.write(b"no table")
    told("or damaged", bucket / "damaged.parquet")


@pytest.mark.parametrize("address", ["foo://bucket/table", "https://host/table.csv"])
def test_other_stores_are_told(call, bundles, address):
    answer = call("score", bundles / "pair", "--data", address)
    refused(
        answer, "error[no-store]", f"cannot reach {address}: no such store is known", "write s3://"
    )


@pytest.mark.slow
def test_an_error_leaves_no_file(bucket):
    with pytest.raises(ZeroDivisionError), (bucket / "half").new_file() as stream:
        stream.write(b"half")
        1 / 0  # noqa: B018
    assert bucket.files() == []


@pytest.mark.parametrize(
    ("command", "output"),
    [
        (["compile", "one.flow"], "s3://bucket/it"),
        (["fit", "it.flow", "--data", "it.csv"], "s3://bucket/it"),
        (["plot", "pair"], "s3://bucket/it.png"),
    ],
)
def test_what_is_no_table_has_no_address(call, here, bundles, command, output):
    (here / "pair").symlink_to(bundles / "pair")
    (here / "one.flow").write_text("Normal(0, 1)")
    (here / "it.flow").write_text("event x\nNormal(0, 1) |> Standardize")
    (here / "it.csv").write_text("x\n1\n2\n3\n")
    answer = call(*command, "-o", output)
    refused(answer, "an address is of tables only", "write it here, and copy it there")
    assert not (here / "s3:").exists()


def test_options_of_an_address_stay_with_its_files():
    address = place_of("s3://bucket/many/?region=eu-central-1")
    file = address / "rows-0.parquet"
    assert str(file) == "s3://bucket/many/rows-0.parquet?region=eu-central-1"
    assert (file.name, file.stem, file.suffix) == ("rows-0.parquet", "rows-0", ".parquet")


@pytest.mark.parametrize("text", ["table.csv", "/a/b", "c:/table.csv", "a:b", "file:///a/b"])
def test_paths_are_paths(text):
    assert place_of(text) == Path(text.removeprefix("file://"))


def test_a_path_of_a_table_in_pieces(here):
    parquet.write_table(pyarrow.table({"a": [1.0]}), here / "a.parquet")
    assert open_pieces(f"file://{here / 'a.parquet'}").rows == 1
