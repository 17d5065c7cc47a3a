"""A bundle opens as it was written; one that is damaged is refused."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import flowspec
from flowspec import FlowError
from flowspec.diagnostics.prompt import WIDTH
from flowspec.runtime.formats import OPEN_DIGEST, seal
from refusals import refused

FILES = [
    "README.md",
    "from_noise.onnx",
    "log_prob.onnx",
    "sample.onnx",
    "to_base.onnx",
    "vectors.json",
]


def edit(bundle: Path, **changes) -> None:
    """Change entries of `flow.json`, digest included; `...` takes one out."""
    about = json.loads((bundle / "flow.json").read_text()) | changes
    about = {name: value for name, value in about.items() if value is not ...}
    text = json.dumps(about | {"digest": OPEN_DIGEST})
    (bundle / "flow.json").write_bytes(seal(text.encode()))


def test_a_bundle_says_what_it_is(place, opened):
    bundle = opened("given pair")
    assert bundle.columns == ("a", "b")
    assert bundle.context == ("z", "w")
    assert bundle.noise == ("normal", "normal")
    assert bundle.dtype == np.float32
    assert bundle.path == place / "given pair"
    assert repr(bundle).splitlines() == [
        f"Bundle {str(place / 'given pair')!r} of a, b given z, w"[:WIDTH],
        "  Normal |> Scale |> Shift",
    ]
    assert opened("scalar").columns == ("x",) and opened("scalar").context == ()
    assert opened("double").dtype == np.float64


def test_a_path_may_be_text(place):
    assert flowspec.load(str(place / "pair")).columns == ("a", "b")


def test_opening_and_verifying_need_no_compiler_and_no_torch(place):
    program = (
        "import sys, flowspec\n"
        "flowspec.load(sys.argv[1]).sample(3)\n"
        "from flowspec.runtime.verification import verify\n"
        "assert all(each.passed for each in verify(sys.argv[1]))\n"
        "print(sorted({'torch', 'lark', 'onnx', 'onnx_ir', 'jsonschema'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, place / "pair"], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_told(broken, name):
    (broken / name).unlink()
    assert (
        refused(flowspec.load, broken)
        == f"{broken} is not a complete bundle: {name}: no such file or directory"
    )


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "longer"])
def test_a_damaged_file_is_told(broken, name, damage):
    data = (broken / name).read_bytes()
    middle = len(data) // 2
    flipped = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
    damaged = {"cut": data[:-1], "flipped": flipped, "empty": b"", "longer": data + b"\n"}[damage]
    (broken / name).write_bytes(damaged)
    assert (
        refused(flowspec.load, broken)
        == f"{broken} is not a complete bundle: {name} is not the file that was written"
    )


def test_a_file_in_the_place_of_a_folder_is_told(broken):
    assert "is a file, not the folder of a bundle" in refused(flowspec.load, broken / "flow.json")
    assert "there is no folder" in refused(flowspec.load, broken / "none")
    (broken / "sample.onnx").unlink()
    (broken / "sample.onnx").mkdir()
    assert "sample.onnx: is a directory" in refused(flowspec.load, broken)


DAMAGED = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"1",
    b'"files"',
    b"{}",
    b'{"format": 1}',
    b"\xff\xfe\0",
    b"[" * 100_000,
]


@pytest.mark.parametrize("content", DAMAGED, ids=lambda content: repr(content[:12]))
def test_a_damaged_flow_json_is_told(broken, content):
    (broken / "flow.json").write_bytes(content)
    told = f"{broken} is not a complete bundle: flow.json is damaged"
    assert refused(flowspec.load, broken).startswith(told)


ENTRIES = {
    "columns": [..., None, 5, "ab", [], [1, 2]],
    "context": [..., None, 5, "z", [None]],
    "noise": [..., None, "normal", [0]],
    "dtype": [..., None, "float16", "half", 32],
    "batch": [..., "4", 0, -1, 1.5, True],
    "scalar": [..., None, 0, "no", True],
    "flow": [..., None, [], "Normal(0, 1)"],
    "files": [..., None, [], 5, {}, {"sample.onnx": 1}, {"../pair/sample.onnx": "0"}],
}


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name, values in ENTRIES.items() for value in values],
    ids=str,
)
def test_a_flow_json_with_a_false_entry_is_told(broken, name, value):
    edit(broken, **{name: value})
    told = f"{broken} is not a complete bundle: flow.json is damaged: `{name}"
    assert refused(flowspec.load, broken).startswith(told)


@pytest.mark.parametrize("name", [name for name in FILES if name != "README.md"])
def test_a_flow_json_without_one_of_the_files_is_told(broken, name):
    hashes = json.loads((broken / "flow.json").read_text())["files"]
    del hashes[name]
    edit(broken, files=hashes)
    assert f"`files` lacks {name}" in refused(flowspec.load, broken)


def test_a_file_outside_of_the_bundle_is_not_read(broken, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    hashes = json.loads((broken / "flow.json").read_text())["files"]
    edit(broken, files=hashes | {"../secret": hashlib.sha256(b"secret").hexdigest()})
    assert "flow.json is damaged" in refused(flowspec.load, broken)


def test_a_bundle_of_another_format_is_told(broken):
    edit(broken, format=4)
    assert (
        refused(flowspec.load, broken)
        == f"{broken} was written by a newer FlowSpec: its format is 4, and this one reads up to 3"
    )


@pytest.mark.parametrize("found", [0, -1, "1", 1.0, True, None])
def test_a_format_that_was_never_written_is_damage(broken, found):
    edit(broken, format=found)
    assert "flow.json is damaged" in refused(flowspec.load, broken)


def test_a_graph_that_is_none_is_told_when_it_is_used(broken):
    (broken / "sample.onnx").write_bytes(b"no graph")
    hashes = json.loads((broken / "flow.json").read_text())["files"]
    edit(broken, files=hashes | {"sample.onnx": hashlib.sha256(b"no graph").hexdigest()})
    bundle = flowspec.load(broken)
    assert bundle.log_prob([0, 1]).shape == (1,)
    assert "cannot open sample.onnx" in refused(bundle.sample, 1)


def test_a_bundle_in_memory_outlives_its_folder(broken):
    bundle = flowspec.load(broken)
    shutil.rmtree(broken)
    assert bundle.sample(2).shape == (2, 2)


def test_a_provider_that_is_not_there_is_told(place):
    with pytest.raises(FlowError, match=r"no provider `abacus` here(.|\n)*there are .*`cpu`"):
        flowspec.load(place / "pair", provider="abacus")


@pytest.mark.parametrize("rows", [0, -1, 1.5, "many", None])
def test_pieces_have_at_least_one_row(place, rows):
    assert "`rows_at_once` is" in refused(flowspec.load, place / "pair", rows_at_once=rows)
