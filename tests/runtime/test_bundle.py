"""A bundle, opened: what goes in, what comes out, and a clear error for everything else."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import flowspec
from flowspec import FlowError

TEXTS = {
    "scalar": "Normal(0,1) |> Affine(0,2) |> Tanh |> Affine(0.5,0.5)",
    "single": "Normal(0, 1)[1]",
    "pair": "event a: real, b: positive\nNormal([0, 1], 2) |> Onto(event)",
    "given": "context z: positive\nevent y: positive\nNormal(0, 1) |> Exp |> Scale(z)",
    "given pair": "context z: positive, w\nevent a: real, b: real\nNormal(0, 1)[2] |> Scale(z) |> Shift(w)",
}
FILES = ["README.md", "from_noise.onnx", "log_prob.onnx", "sample.onnx", "vectors.json"]


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with the bundles of `TEXTS`, and some with other options."""
    place = tmp_path_factory.mktemp("bundles")
    for name, text in TEXTS.items():
        flowspec.compile(flowspec.parse(text), place / name)
    flowspec.compile(flowspec.parse(TEXTS["scalar"]), place / "double", dtype="float64")
    flowspec.compile(flowspec.parse(TEXTS["pair"]), place / "fixed", batch=4)
    flowspec.compile(flowspec.parse(TEXTS["given"]), place / "fixed given", batch=4)
    return place


@pytest.fixture(scope="module")
def opened(place):
    """Bundles by name, each opened once."""
    found = {}

    def open_bundle(name: str) -> flowspec.Bundle:
        return found.setdefault(name, flowspec.load(place / name))

    for path in place.iterdir():
        open_bundle(path.name)
    return open_bundle


@pytest.fixture
def broken(place, tmp_path) -> Path:
    """A copy of a bundle that a test may break."""
    return Path(shutil.copytree(place / "pair", tmp_path / "broken"))


def refused(call, *arguments, **options) -> str:
    """The one message that the call is refused with."""
    with pytest.raises(FlowError) as caught:
        call(*arguments, **options)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.help
    return diagnostic.message


def edit(bundle: Path, **changes) -> None:
    """Change entries of `flow.json`; `...` takes one out."""
    about = json.loads((bundle / "flow.json").read_text()) | changes
    about = {name: value for name, value in about.items() if value is not ...}
    (bundle / "flow.json").write_text(json.dumps(about))


# --- load -----------------------------------------------------------------------------------------


def test_a_bundle_says_what_it_is(place, opened):
    bundle = opened("given pair")
    assert bundle.columns == ("a", "b")
    assert bundle.context == ("z", "w")
    assert bundle.noise == ("normal", "normal")
    assert bundle.dtype == np.float32
    assert bundle.path == place / "given pair"
    assert repr(bundle) == f"Bundle({str(place / 'given pair')!r}: a, b)"
    assert opened("scalar").columns == ("x",) and opened("scalar").context == ()
    assert opened("double").dtype == np.float64


def test_a_path_may_be_text(place):
    assert flowspec.load(str(place / "pair")).columns == ("a", "b")


def test_opening_needs_no_compiler_and_no_torch(place):
    program = (
        "import sys, flowspec\n"
        "flowspec.load(sys.argv[1]).sample(3)\n"
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
    assert "not a directory" in refused(flowspec.load, broken / "flow.json")
    assert "no such file or directory" in refused(flowspec.load, broken / "none")
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
    assert (
        refused(flowspec.load, broken) == f"{broken} is not a complete bundle: flow.json is damaged"
    )


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
    assert (
        refused(flowspec.load, broken) == f"{broken} is not a complete bundle: flow.json is damaged"
    )


@pytest.mark.parametrize("name", [name for name in FILES if name != "README.md"])
def test_a_flow_json_without_one_of_the_files_is_told(broken, name):
    hashes = json.loads((broken / "flow.json").read_text())["files"]
    del hashes[name]
    edit(broken, files=hashes)
    assert "flow.json is damaged" in refused(flowspec.load, broken)


def test_a_file_outside_of_the_bundle_is_not_read(broken, tmp_path):
    (tmp_path / "secret").write_bytes(b"secret")
    hashes = json.loads((broken / "flow.json").read_text())["files"]
    edit(broken, files=hashes | {"../secret": hashlib.sha256(b"secret").hexdigest()})
    assert "flow.json is damaged" in refused(flowspec.load, broken)


def test_a_bundle_of_another_format_is_told(broken):
    edit(broken, format=2)
    assert (
        refused(flowspec.load, broken)
        == f"{broken} was written by a newer FlowSpec: its format is 2, and this one reads up to 1"
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


# --- log_prob -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "x", [0.5, [0.5], [[0.5]], np.float16([0.5]), np.array(0.5), (0.5,)], ids=repr
)
def test_a_scalar_flow_takes_numbers_and_columns(opened, x):
    found = opened("scalar").log_prob(x)
    assert (found.dtype, found.shape) == (np.float32, (1,))
    np.testing.assert_allclose(found, [-0.9189385], rtol=1e-6)


def test_a_row_may_stand_for_a_table_of_one(opened):
    np.testing.assert_array_equal(
        opened("pair").log_prob([0.5, 1]), opened("pair").log_prob([[0.5, 1]])
    )


@pytest.mark.parametrize(
    "kind", [np.int8, np.uint64, np.float16, np.float32, np.float64, np.longdouble, bool]
)
def test_every_kind_of_number_is_taken(opened, kind):
    found = opened("pair").log_prob(np.array([[0, 1], [1, 1]], kind))
    np.testing.assert_array_equal(found, opened("pair").log_prob([[0.0, 1.0], [1.0, 1.0]]))


def test_the_layout_of_an_array_does_not_matter(opened):
    table = np.random.default_rng(0).random((6, 2), np.float32)
    expected = opened("pair").log_prob(table)
    for same in (
        np.asfortranarray(table),
        np.repeat(table, 2, axis=0)[::2],
        table[::-1][::-1],
        table.tolist(),
    ):
        np.testing.assert_array_equal(opened("pair").log_prob(same), expected)


@pytest.mark.parametrize("name", ["scalar", "pair", "double", "fixed"])
def test_what_is_given_is_not_changed(opened, name):
    shape = (9,) if opened(name).about["scalar"] else (9, 2)
    x = np.full(shape, -1, opened(name).dtype)
    opened(name).log_prob(x)
    assert (x == -1).all()


def test_outside_it_is_minus_infinity_and_nan_only_for_nan(opened):
    for name in ("scalar", "double"):
        found = opened(name).log_prob([-1, 0, 1, 2, math.inf, -math.inf, 1e300, math.nan])
        assert np.isneginf(found[:7]).all() and np.isnan(found[7])
    for name in ("pair", "fixed"):
        rows = [[0, -1], [0, 0], [math.nan, 1], [0, math.nan], [math.inf, 1], [0, math.inf], [0, 1]]
        found = opened(name).log_prob(rows)
        assert np.isneginf(found[[0, 1, 4, 5]]).all()
        assert np.isnan(found[[2, 3]]).all() and np.isfinite(found[6])


@pytest.mark.parametrize("name", ["scalar", "single", "pair", "double", "fixed"])
def test_no_rows_have_no_density(opened, name):
    bundle = opened(name)
    x = np.zeros((0,) if bundle.about["scalar"] else (0, len(bundle.columns)))
    found = bundle.log_prob(x)
    assert (found.dtype, found.shape) == (bundle.dtype, (0,))
    points, log_prob = bundle.from_noise(np.zeros((0, len(bundle.noise))))
    assert (points.dtype, points.shape, log_prob.shape) == (bundle.dtype, x.shape, (0,))
    points, log_prob = bundle.sample(0, with_log_prob=True)
    assert (points.dtype, points.shape, log_prob.shape) == (bundle.dtype, x.shape, (0,))


SHAPES = {
    "scalar": [(1, 2), (2, 2, 2), (0, 2), (3, 0), (1, 1, 1)],
    "single": [(0,), (2,), (2, 2), (3, 0), (1, 1, 1)],
    "pair": [(), (0,), (1,), (3,), (1, 1), (0, 1), (0, 3), (2, 3), (3, 0), (2, 2, 2)],
    "fixed": [(), (4,), (4, 1), (2, 2, 2)],
}


@pytest.mark.parametrize(
    ("name", "shape"),
    [(name, shape) for name, shapes in SHAPES.items() for shape in shapes],
    ids=str,
)
def test_a_wrong_shape_is_told(opened, name, shape):
    told = refused(opened(name).log_prob, np.zeros(shape))
    assert told.startswith(
        f"`x` has shape {str(shape).replace(' ', '').replace(',', ', ').replace(', )', ',)')}, but "
    )
    assert ("a scalar" in told) if name == "scalar" else ("needed" in told)


NO_NUMBERS = [
    "a",
    ["a"],
    None,
    [None],
    [[1, 2], [3]],
    [1j],
    [{}],
    {"a": 1},
    np.array([1], object),
    [np.datetime64("2020-01-01")],
    b"1",
]


@pytest.mark.parametrize("name", ["scalar", "pair"])
@pytest.mark.parametrize("value", NO_NUMBERS, ids=repr)
def test_what_is_no_number_is_told(opened, name, value):
    assert refused(opened(name).log_prob, value) == "`x` does not hold real numbers only"
    assert refused(opened(name).from_noise, value) == "`noise` does not hold real numbers only"


# --- sample ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["scalar", "single", "pair", "double", "fixed"])
def test_samples_have_the_shape_of_the_flow(opened, name):
    bundle = opened(name)
    row = () if bundle.about["scalar"] else (len(bundle.columns),)
    x, log_prob = bundle.sample(7, seed=1, with_log_prob=True)
    assert (x.shape, x.dtype) == ((7, *row), bundle.dtype)
    assert (log_prob.shape, log_prob.dtype) == ((7,), bundle.dtype)
    np.testing.assert_array_equal(bundle.sample(7, seed=1), x)
    assert bundle.sample().shape == (1, *row)


@pytest.mark.parametrize("name", ["scalar", "pair", "fixed"])
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"n": -1}, "`n` is -1, which is out of range"),
        ({"n": 1.5}, "`n` is 1.5, which is not a whole number"),
        ({"n": math.nan}, "`n` is nan, which is not a whole number"),
        ({"n": math.inf}, "`n` is inf, which is not a whole number"),
        ({"n": "3"}, "`n` is '3', which is not a whole number"),
        ({"n": [3]}, "`n` is [3], which is not a whole number"),
        ({"n": 2, "seed": 2**63}, f"`seed` is {2**63}, which is out of range"),
        ({"n": 2, "seed": -(2**63) - 1}, "out of range"),
        ({"n": 2, "seed": 0.5}, "`seed` is 0.5, which is not a whole number"),
        ({"n": 2, "seed": None}, "`seed` is None, which is not a whole number"),
        ({"n": 2, "seed": "1"}, "`seed` is '1', which is not a whole number"),
        ({"n": 2, "first_row": 2**63 - 1}, "`first_row` is"),
        ({"n": 2, "first_row": -(2**63) - 1}, "`first_row` is"),
        ({"n": 2, "first_row": 0.5}, "`first_row` is 0.5, which is not a whole number"),
        ({"n": 2, "context": [1.0]}, "this flow has no context"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_samples_that_cannot_be_drawn_are_told(opened, name, options, told):
    assert told in refused(opened(name).sample, **options)


def test_whole_numbers_of_every_kind_are_taken(opened):
    expected = opened("pair").sample(3, seed=2, first_row=1)
    for kind in (float, np.int8, np.uint64, np.float32, np.array):
        np.testing.assert_array_equal(
            opened("pair").sample(kind(3), seed=kind(2), first_row=kind(1)), expected
        )


def test_the_last_rows_of_the_stream_can_be_drawn(opened):
    assert np.isfinite(opened("pair").sample(2, first_row=2**63 - 2)).all()
    assert np.isfinite(opened("pair").sample(2, first_row=-(2**63))).all()


@pytest.mark.parametrize("rows_at_once", [1, 3, 10, 11])
@pytest.mark.parametrize("name", ["scalar", "pair", "given", "fixed", "fixed given"])
def test_where_inputs_are_cut_does_not_matter(place, opened, name, rows_at_once):
    whole, cut = opened(name), flowspec.load(place / name, rows_at_once=rows_at_once)
    context = np.linspace(0.5, 2, 10)[:, None] if whole.context else None
    count = None if whole.context else 10
    x, log_prob = whole.sample(count, seed=1, context=context, with_log_prob=True)
    for one, other in zip(
        cut.sample(count, seed=1, context=context, with_log_prob=True), (x, log_prob), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=2e-6, atol=2e-6)
    np.testing.assert_allclose(
        cut.log_prob(x, context), whole.log_prob(x, context), rtol=2e-6, atol=2e-6
    )
    standard = np.linspace(-1, 1, 10 * len(whole.noise)).reshape(10, -1)
    for one, other in zip(
        cut.from_noise(standard, context), whole.from_noise(standard, context), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=2e-6, atol=2e-6)


def test_many_threads_may_use_one_bundle(place):
    bundle = flowspec.load(place / "pair", rows_at_once=50)
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(lambda seed: bundle.sample(200, seed=seed % 4), range(32)))
    for seed, x in enumerate(drawn):
        np.testing.assert_array_equal(x, drawn[seed % 4])
    assert len({x.tobytes() for x in drawn}) == 4


# --- from_noise -----------------------------------------------------------------------------------


def test_noise_becomes_points_with_their_density(opened):
    standard = np.random.default_rng(1).normal(size=(50, 2))
    x, log_prob = opened("pair").from_noise(standard)
    np.testing.assert_allclose(
        x,
        np.column_stack([2 * standard[:, 0], np.exp(1 + 2 * standard[:, 1])]),
        rtol=1e-5,
        atol=1e-6,
    )
    np.testing.assert_allclose(opened("pair").log_prob(x), log_prob, rtol=1e-5, atol=1e-5)


def test_noise_that_is_nan_gives_nan(opened):
    x, log_prob = opened("pair").from_noise([[math.nan, 0], [0, 0]])
    assert np.isnan(x[0, 0]) and np.isnan(log_prob[0])
    assert np.isfinite(x[1]).all() and np.isfinite(log_prob[1])


@pytest.mark.parametrize("shape", [(), (0,), (1,), (3,), (2, 1), (4, 3), (2, 2, 2)], ids=str)
@pytest.mark.parametrize("name", ["pair", "fixed"])
def test_noise_of_a_wrong_shape_is_told(opened, name, shape):
    told = refused(opened(name).from_noise, np.zeros(shape))
    assert told.startswith("`noise` has shape (") and told.endswith("columns are needed")


# --- context --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["given", "fixed given"])
def test_each_row_has_its_own_context(opened, name):
    bundle, factors = opened(name), np.array([0.5, 1, 7, 100, 3])
    x, log_prob = bundle.sample(seed=3, context=factors[:, None], with_log_prob=True)
    alone = bundle.sample(5, seed=3, context=[1.0])
    np.testing.assert_allclose(x, alone * factors, rtol=1e-6)
    np.testing.assert_allclose(bundle.log_prob(x, factors[:, None]), log_prob, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        bundle.log_prob(alone, [[1.0]]), bundle.log_prob(alone, np.ones((5, 1))), rtol=1e-6
    )


def test_one_context_serves_all_rows(opened):
    bundle = opened("given pair")
    for one in ([2.0, 1.0], [[2.0, 1.0]], np.array([2, 1])):
        np.testing.assert_array_equal(
            bundle.sample(3, context=one), bundle.sample(context=[[2, 1]] * 3)
        )
        assert bundle.sample(context=one).shape == (1, 2)
        np.testing.assert_array_equal(
            bundle.log_prob([[0, 1], [2, 3]], one),
            bundle.log_prob([[0, 1], [2, 3]], [[2, 1], [2, 1]]),
        )
        np.testing.assert_array_equal(bundle.from_noise([[0, 1]], one)[0], [[1, 3]])
    assert bundle.sample(context=np.zeros((0, 2))).shape == (0, 2)
    assert bundle.sample(0, context=[2.0, 1.0]).shape == (0, 2)


@pytest.mark.parametrize("name", ["given", "fixed given", "given pair"])
def test_a_missing_context_is_told(opened, name):
    bundle = opened(name)
    told = f"this flow is conditional: it needs {', '.join(bundle.context)}"
    rows = np.ones((2, len(bundle.columns)))
    assert refused(bundle.log_prob, rows) == told
    assert refused(bundle.sample, 2) == told
    assert refused(bundle.sample) == told
    assert refused(bundle.from_noise, np.ones((2, len(bundle.noise)))) == told


@pytest.mark.parametrize("name", ["scalar", "pair", "fixed"])
def test_a_context_too_much_is_told(opened, name):
    bundle = opened(name)
    rows = np.ones((2, len(bundle.columns)))
    for call in (bundle.log_prob, bundle.sample, bundle.from_noise):
        assert (
            refused(call, *([] if call == bundle.sample else [rows]), context=[1.0])
            == "this flow has no context"
        )


@pytest.mark.parametrize("name", ["given", "fixed given"])
@pytest.mark.parametrize(
    ("context", "told"),
    [
        (1.0, "`context` has shape (), but 1 column is needed"),
        ([1.0, 2.0], "`context` has shape (2,), but 1 column is needed"),
        ([[1.0, 2.0]], "`context` has shape (1, 2), but 1 column is needed"),
        (np.ones((3, 1)), "`context` has 3 rows, and 2 are needed"),
        (np.ones((0, 1)), "`context` has 0 rows, and 2 are needed"),
        ("z", "`context` does not hold real numbers only"),
        ({"z": 1}, "`context` does not hold real numbers only"),
    ],
    ids=lambda value: "" if isinstance(value, str) and len(value) > 1 else repr(value),
)
def test_a_context_that_does_not_fit_is_told(opened, name, context, told):
    bundle = opened(name)
    assert refused(bundle.log_prob, [1.0, 2.0], context) == told
    assert refused(bundle.sample, 2, context=context) == told
    assert refused(bundle.from_noise, [[1.0], [2.0]], context) == told


def test_a_context_that_is_nan_gives_nan_in_its_row_only(opened):
    found = opened("given").log_prob([1.0, 1.0, 1.0], [[1.0], [math.nan], [2.0]])
    assert np.isnan(found).tolist() == [False, True, False]


def test_context_outside_its_support_is_told(opened):
    with pytest.raises(FlowError, match=r"context `z` is -1 in row 1, outside of \(0, inf\)"):
        opened("given").sample(context=[[1.0], [-1.0], [0.0]])
    assert np.isnan(opened("given").log_prob([1.0], context=[[np.nan]])).all()
