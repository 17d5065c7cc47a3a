"""The command line: every command as a user calls it, rightly and wrongly.

Commands run inside the test's own process, through the function that the installed script
calls. An exception that would be a traceback for the user is an error of the test.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import flowspec
from flowspec.data.files import new_directory, write_file

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
ONE_LINER = EXAMPLES / "one_liner.flow"
SCRIPT = Path(sys.executable).with_name("flowspec")
COMMANDS = [
    "check",
    "compile",
    "explain",
    "fit",
    "import",
    "list",
    "plot",
    "sample",
    "score",
    "show",
    "verify",
]

PAIR = "event a: real, b: positive\nNormal([0, 1], 2) |> Onto(event)"
GIVEN = "context z: positive\nevent y: positive\nNormal(0, 1) |> Exp |> Scale(z)"
LEARNS = "Normal(learn(0), learn(1))"


@pytest.fixture(scope="module")
def bundles(tmp_path_factory) -> Path:
    """A folder with the bundles `one`, `pair` and `given`."""
    place = tmp_path_factory.mktemp("bundles")
    texts = {"one": ONE_LINER.read_text(), "pair": PAIR, "given": GIVEN}
    for name, text in texts.items():
        flowspec.compile(flowspec.parse(text), place / name)
    return place


def written(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refused(answer, *words: str, code: int = 1) -> None:
    """The command failed with this exit code, and said why on standard error alone."""
    assert (answer.code, answer.out) == (code, "")
    assert answer.err.startswith("error[" if code == 1 else "Usage: ")
    for word in words:
        assert word in answer.err


# --- what all commands have in common -------------------------------------------------------------


def test_the_commands_are_these(call):
    answer = call("--help")
    assert answer.code == 0
    listed = answer.out.split("Commands:")[1].split("\n")
    assert [line.split()[0] for line in listed if line.strip()] == COMMANDS


def test_without_a_command_the_help_is_shown(call):
    answer = call()
    assert answer.code == 2
    assert "Commands:" in answer.err + answer.out


def test_the_version_is_told(call):
    assert call("--version") == (0, f"flowspec {flowspec.__version__}\n", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_has_an_example(call, command):
    answer = call(command, "--help")
    assert (answer.code, answer.err) == (0, "")
    assert f"Example: flowspec {command}" in answer.out
    assert call(command, "-h") == answer


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_flag_is_wrong_usage(call, command):
    refused(call(command, "--sharpness"), "No such option", "--sharpness", code=2)


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["show"],
        ["compile"],
        ["compile", "x.flow"],
        ["sample"],
        ["score"],
        ["score", "x"],
        ["verify"],
        ["explain"],
        ["fit"],
        ["fit", "x.flow"],
        ["fit", "x.flow", "--data", "x.csv"],
        ["list", "Tanh"],
        ["explain", "Tanh", "Exp"],
        ["show", "a.flow", "b.flow"],
        ["check", "x.flow", "--format", "xml"],
        ["list", "--format", "xml"],
        ["verify", "x", "--runtime", "tract"],
        ["compile", "x.flow", "-o", "x", "--dtype", "float16"],
        ["compile", "x.flow", "-o", "x", "--batch", "many"],
        ["sample", "x", "-n", "-1"],
        ["sample", "x", "-n", "1.5"],
        ["sample", "x", "--seed", "one"],
        ["fit", "x.flow", "--data", "x.csv", "-o", "x", "--epochs", "0"],
        ["fit", "x.flow", "--data", "x.csv", "-o", "x", "--learning-rate", "-1"],
        ["fit", "x.flow", "--data", "x.csv", "-o", "x", "--validation", "1"],
    ],
    ids=" ".join,
)
def test_a_command_called_wrongly_is_wrong_usage(call, here, arguments):
    refused(call(*arguments), "Try 'flowspec", "Error: ", code=2)


def test_a_misspelt_command_is_suggested(call):
    refused(call("sampel"), "did you mean 'sample'?", code=2)
    refused(call("zzzz"), "No such command 'zzzz'", code=2)


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "none.flow"],
        ["show", "none.flow"],
        ["show", "none.json"],
        ["compile", "none.flow", "-o", "made"],
        ["fit", "none.flow", "--data", "none.csv", "-o", "made"],
        ["sample", "none"],
        ["verify", "none"],
        ["score", "none", "--data", "none.csv"],
    ],
    ids=" ".join,
)
def test_a_missing_file_is_told(call, here, arguments):
    refused(call(*arguments), "no such file or directory")
    assert not list(here.iterdir())


@pytest.mark.parametrize(
    "arguments", [["check"], ["show"], ["compile", "-o", "made"]], ids=lambda a: a[0]
)
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (bytes(range(256)), "it holds binary data"),
        (b"Normal(0, 1) \xff", "byte 14 is not UTF-8"),
        (b"", "there is no flow here"),
        (b"Normal(0, 1) |> Tnah", "did you mean `Tanh`?"),
    ],
    ids=["binary", "not UTF-8", "empty", "mistake"],
)
def test_a_file_that_is_no_flow_is_told(call, here, arguments, content, told):
    command, *rest = arguments
    refused(call(command, written(here / "it.flow", content), *rest), told, "it.flow")
    assert [path.name for path in here.iterdir()] == ["it.flow"]


def test_a_folder_is_no_flow(call, here):
    (here / "folder.flow").mkdir()
    refused(call("check", "folder.flow"), "cannot read folder.flow: is a directory")
    refused(call("compile", "folder.flow", "-o", "made"), "cannot read folder.flow: is a directory")


def test_standard_input_is_no_file(call, here):
    refused(call("check", "-"), "cannot read -")


def test_the_installed_script_answers_the_same(here, call):
    written(here / "wrong.flow", "Normal(0, 1) |> Logit")
    done = subprocess.run([SCRIPT, "check", "wrong.flow"], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == call("check", "wrong.flow")


def test_a_reader_that_stops_early_is_no_error(bundles):
    """`flowspec sample ... | head -1`: the rest of the output has nowhere to go."""
    command = [SCRIPT, "sample", bundles / "one", "-n", "200000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"x\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode in (0, 1)  # it changed with click's versions


# --- check ----------------------------------------------------------------------------------------


def test_check_says_nothing_of_the_examples(call):
    assert call("check", *sorted(EXAMPLES.glob("*.flow"))) == (0, "", "")


def test_check_tells_the_mistakes_of_every_file(call, here):
    one = written(here / "one.flow", "Normal(0, 1) |> Tnah")
    two = written(here / "two.flow", "Normal(0, -1) |> Exp(1)")
    answer = call("check", one, ONE_LINER, two)
    refused(answer, "one.flow:1:17", "two.flow:1:11", "two.flow:1:22", "\n3 mistakes\n")


def test_check_answers_programs(call, here):
    wrong = written(here / "wrong.flow", "Normal(0, 1) |>\n  Tnah")
    answer = call("check", ONE_LINER, wrong, "--format", "json")
    assert (answer.code, answer.err) == (1, "")
    (told,) = json.loads(answer.out)
    assert told == {
        "code": "unknown-name",
        "level": "error",
        "file": "wrong.flow",
        "line": 2,
        "column": 3,
        "end_line": 2,
        "end_column": 7,
        "message": "there is no step called `Tnah`",
        "note": None,
        "help": "did you mean `Tanh`?",
        "related": [],
    }
    assert call("check", ONE_LINER, "--format", "json") == (0, "[]\n", "")


# --- show -----------------------------------------------------------------------------------------


def test_show_tells_every_step(call):
    answer = call("show", EXAMPLES / "iris.flow")
    assert (answer.code, answer.err) == (0, "")
    assert "event    sepal_length, sepal_width, petal_length, petal_width" in answer.out
    shown = [line.split()[1] for line in answer.out.splitlines() if line[:1].isdigit()]
    assert shown == ["LULinear", "SinhArcsinh", "Standardize", "Exp"]


def test_show_tells_the_context(call):
    assert "context  energy: positive\n" in call("show", EXAMPLES / "detector.flow").out


def test_show_is_the_same_for_a_file_its_json_and_its_bundle(call, here, bundles):
    shown, data = call("show", ONE_LINER), call("show", ONE_LINER, "--format", "json")
    assert json.loads(data.out) == flowspec.read(ONE_LINER).to_json()
    written(here / "it.json", data.out)
    for path in ("it.json", bundles / "one"):
        assert call("show", path) == shown
        assert call("show", path, "--format", "json") == data


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"flowspec": 1}', "[" * 100_000, '{"a": NaN}'],
    ids=lambda t: t[:15],
)
def test_show_refuses_what_is_no_flow(call, here, text):
    refused(call("show", written(here / "it.json", text)), "the flow does not follow the schema")


def test_show_refuses_a_folder_that_is_no_bundle(call, here):
    refused(call("show", here), "is not a complete bundle: flow.json: no such file or directory")


# --- compile --------------------------------------------------------------------------------------

LEFT_BY_TRAINING = ["metrics.json", "samples.png", "training.csv", "training.png"]
BUNDLE = [
    "README.md",
    "flow.json",
    "from_noise.onnx",
    "log_prob.onnx",
    "sample.onnx",
    "vectors.json",
]


def names(path: Path) -> list[str]:
    return sorted(each.name for each in path.iterdir())


def test_compile_writes_a_bundle_that_can_be_used(call, here):
    assert call("compile", ONE_LINER, "-o", "deep/made") == (0, "", "wrote deep/made\n")
    assert names(here) == ["deep"]
    assert names(here / "deep") == ["made"]
    assert names(here / "deep" / "made") == BUNDLE
    assert flowspec.load("deep/made").sample(2).shape == (2,)


def test_compile_notes_that_nothing_was_trained(call, here):
    flow = written(here / "it.flow", LEARNS)
    answer = call("compile", flow, "-o", "made")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err.startswith("note: it.flow has parameters to learn")
    weights = here / "made" / "weights.safetensors"
    assert call("compile", flow, "-o", "again", "--weights", weights).err == "wrote again\n"
    assert (here / "again" / "flow.json").read_bytes() == (here / "made" / "flow.json").read_bytes()


def test_compile_heeds_its_options(call, here):
    options = ["--dtype", "float64", "--batch", "3", "--opset", "20"]
    assert call("compile", ONE_LINER, "-o", "made", *options).code == 0
    about = flowspec.load("made").about
    assert [about[name] for name in ("dtype", "batch", "opset")] == ["float64", 3, 20]


def test_compile_replaces_a_bundle_by_the_new_one(call, here):
    call("compile", written(here / "it.flow", LEARNS), "-o", "made")
    assert "weights.safetensors" in names(here / "made")
    assert call("compile", ONE_LINER, "-o", "made").code == 0
    assert names(here / "made") == BUNDLE
    assert names(here) == ["it.flow", "made"]


@pytest.mark.parametrize("damage", ["flow.json", "sample.onnx"])
def test_compile_mends_a_broken_bundle(call, here, damage):
    call("compile", ONE_LINER, "-o", "made")
    written(here / "made" / damage, "{")
    refused(call("verify", "made"), "write it again with `flowspec compile`")
    assert call("compile", ONE_LINER, "-o", "made").code == 0
    assert call("verify", "made").code == 0


def test_compile_follows_a_link(call, here):
    (here / "there").mkdir()
    (here / "link").symlink_to("there")
    for _ in range(2):
        assert call("compile", ONE_LINER, "-o", "link").code == 0
        assert (here / "link").is_symlink()
        assert names(here / "there") == BUNDLE


@pytest.mark.parametrize("foreign", ["notes.txt", "data.csv", ".git"])
def test_compile_does_not_take_the_place_of_other_files(call, here, foreign):
    place = here / "place"
    place.mkdir()
    written(place / foreign, "mine")
    refused(call("compile", ONE_LINER, "-o", place), "is no bundle, so it is not overwritten")
    call("compile", ONE_LINER, "-o", "made")
    written(here / "made" / foreign, "mine")
    refused(
        call("compile", ONE_LINER, "-o", "made"),
        "is no bundle, so it is not overwritten",
        f"{foreign} is no file of a bundle",
    )
    assert (place / foreign).read_text() == (here / "made" / foreign).read_text() == "mine"


def test_compile_does_not_take_the_place_of_a_file(call, here):
    taken = written(here / "taken", "mine")
    refused(call("compile", ONE_LINER, "-o", taken), "is no bundle, so it is not overwritten")
    refused(
        call("compile", ONE_LINER, "-o", taken / "made"),
        "cannot write",
        "is a file, not a directory",
    )
    assert taken.read_text() == "mine"
    assert names(here) == ["taken"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--batch", "0"], "a batch of 0 rows cannot be"),
        (["--batch", str(2**40)], f"a batch of {2**40} rows cannot be"),
        (["--opset", "17"], "opset 17 is not supported"),
        (["--opset", "99"], "opset 99 is not supported"),
        (["--weights", "none.safetensors"], "cannot read the weights: no such file"),
        (["--weights", ONE_LINER], "cannot read the weights: it is no safetensors file"),
        (["--weights", EXAMPLES], "cannot read the weights: is a directory"),
        (
            ["--weights", EXAMPLES / "weights" / "iris.safetensors"],
            "the flow learns nothing called `base.bases.0.loc`",
        ),
    ],
    ids=lambda value: " ".join(map(str, value))[:24] if isinstance(value, list) else "",
)
def test_compile_refuses_before_anything_is_written(call, here, options, told):
    refused(call("compile", ONE_LINER, "-o", "made", *options), told)
    assert not names(here)


# --- sample ---------------------------------------------------------------------------------------


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
        "`context` has 2 rows, and 5 are needed",
    )


def test_sample_tells_a_context_that_is_missing_or_too_much(call, here, bundles):
    table = written(here / "context.csv", "zz\n1\n")
    refused(call("sample", bundles / "given"), "this flow is conditional: it needs z")
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
        (["-o", "samples"], "cannot write samples"),
        (
            ["-o", "taken/samples.csv"],
            "cannot write taken/samples.csv: a part of this path is a file",
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


# --- score ----------------------------------------------------------------------------------------


def test_score_gives_the_table_back_with_a_density(call, here, bundles):
    data = written(
        here / "data.csv", "\ufeffname,b,a\nfirst,1,0.5\nsecond,-1,0\n,,0\nlast, 2 ,nan\n"
    )
    answer = call("score", bundles / "pair", "--data", data)
    assert (answer.code, answer.err) == (0, "")
    expected = flowspec.load(bundles / "pair").log_prob([[0.5, 1]])[0]
    assert answer.rows == [
        ["name", "b", "a", "log_prob"],
        ["first", "1", "0.5", str(expected)],
        ["second", "-1", "0", "-inf"],
        ["", "", "0", "nan"],
        ["last", " 2 ", "nan", "nan"],
    ]


def test_score_needs_no_names_in_a_numpy_file(call, here, bundles):
    np.save("data.npy", np.array([[0.5, 1], [0, 2]]))
    answer = call("score", bundles / "one", "--data", "data.npy")
    refused(answer, "2 columns have no names; wanted: x", "give these columns in this order")
    np.save("data.npy", np.array([0.5, 0.1]))
    assert call("score", bundles / "one", "--data", "data.npy").rows[1] == ["0.5", "-0.9189385"]


def test_score_uses_the_context_of_each_row(call, here, bundles):
    data = written(here / "data.csv", "z,y\n1,2\n5,2\n")
    bundle = flowspec.load(bundles / "given")
    expected = [str(value) for value in bundle.log_prob([2, 2], context=[[1], [5]])]
    assert [row[2] for row in call("score", bundles / "given", "--data", data).rows[1:]] == expected
    refused(
        call("score", bundles / "given", "--data", written(here / "y.csv", "y\n1\n")),
        "the table has no column `z`",
    )


def test_score_puts_a_new_density_in_the_place_of_an_old_one(call, here, bundles):
    data = written(here / "data.csv", "log_prob,x\nold,0.5\n")
    assert call("score", bundles / "one", "--data", data).rows == [
        ["x", "log_prob"],
        ["0.5", "-0.9189385"],
    ]


@pytest.mark.parametrize("suffix", [".csv", ".npy", ".parquet"])
def test_score_writes_a_file(call, here, bundles, suffix):
    data = written(here / "data.csv", "x\n0.5\n0.5\n")
    name = f"scored{suffix}"
    answer = call("score", bundles / "one", "--data", data, "-o", name)
    assert answer == (0, "", f"wrote 2 rows to {name}; mean log_prob -0.9189\n")
    assert names(here) == ["data.csv", name]
    if suffix == ".npy":
        np.testing.assert_allclose(np.load(name), [[0.5, -0.9189385]] * 2, rtol=1e-6)


def test_text_does_not_go_into_a_numpy_file(call, here, bundles):
    data = written(here / "data.csv", "name,x\nfirst,0.5\n")
    answer = call("score", bundles / "one", "--data", data, "-o", "scored.npy")
    refused(
        answer,
        "cannot write scored.npy: a .npy file holds numbers only, and column `name` holds 'first'",
    )
    assert names(here) == ["data.csv"]


TABLES = {
    "nothing.csv": (b"", "nothing.csv has no rows"),
    "header.csv": (b"x\n", "header.csv has no rows"),
    "blank.csv": (b"\n\n\n", "blank.csv has no rows"),
    "other.csv": (b"y\n1\n", "the table has no column `x`"),
    "text.csv": (b"x\n0.5\nhalf\n", "column `x` holds 'half' in row 2, which is no number"),
    "comma.csv": (b'x\n"0,5"\n', "column `x` holds '0,5' in row 1"),
    "nul.csv": (b"x\n\0\n", "which is no number"),
    "ragged.csv": (b"x,y\n1\n", "line 2 has 1 cells, the header 2"),
    "twice.csv": (b"x,x\n0.1,0.2\n", "the table has 2 columns `x`"),
    "binary.csv": (bytes(range(256)), "cannot read binary.csv"),
    "wide.csv": ("x\n0.5\n".encode("utf-16"), "cannot read wide.csv"),
    "endless.csv": (b'x\n"' + b"1" * 200_000 + b'"\n', "cannot read endless.csv"),
    "text.npy": (b"x\n0.5\n", "cannot read text.npy"),
    "nothing.npy": (b"", "cannot read nothing.npy"),
    "text.parquet": (b"x\n0.5\n", "cannot read text.parquet"),
    "nothing.parquet": (b"", "cannot read nothing.parquet"),
    "table.xlsx": (b"x\n0.5\n", "`.xlsx` files are not known"),
}


@pytest.mark.parametrize("name", TABLES)
def test_score_tells_a_table_that_cannot_be_read(call, here, bundles, name):
    content, told = TABLES[name]
    answer = call(
        "score", bundles / "one", "--data", written(here / name, content), "-o", "scored.csv"
    )
    refused(answer, told, name)
    assert names(here) == [name]


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 2, 2)),
        np.array(1.0),
        np.array(["a"]),
        np.array([1j]),
        np.zeros((0, 1)),
        np.zeros((3, 0)),
    ],
    ids=["three axes", "no axis", "text", "complex", "no rows", "no columns"],
)
def test_score_tells_an_array_that_is_no_table(call, here, bundles, array):
    np.save("data.npy", array)
    refused(call("score", bundles / "one", "--data", "data.npy"), "data.npy")


def test_arrays_of_objects_are_not_unpickled(call, here, bundles):
    np.save("data.npy", np.array([{"a": 1}], object), allow_pickle=True)
    refused(call("score", bundles / "one", "--data", "data.npy"), "cannot read data.npy")


def test_score_tells_a_folder(call, here, bundles):
    (here / "data.csv").mkdir()
    refused(
        call("score", bundles / "one", "--data", "data.csv"),
        "cannot read data.csv: it is a folder without .parquet files",
    )


# --- verify ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["one", "pair", "given"])
def test_verify_replays_every_graph(call, bundles, name):
    answer = call("verify", bundles / name)
    assert (answer.code, answer.err) == (0, "")
    assert [line.split()[:2] for line in answer.out.splitlines()[2:]] == [
        ["log_prob", "log_prob"],
        ["from_noise", "x"],
        ["from_noise", "log_prob"],
        ["sample", "x"],
        ["sample", "log_prob"],
    ]
    assert all(line.endswith("ok") for line in answer.out.splitlines()[2:])


def test_verify_answers_programs(call, bundles):
    answer = call("verify", bundles / "one", "--format", "json")
    report = json.loads(answer.out)
    assert answer.code == 0
    assert {tuple(each) for each in report} == {
        ("graph", "output", "difference", "allowed", "passed")
    }
    assert all(each["passed"] and each["difference"] <= each["allowed"] for each in report)


@pytest.mark.slow
def test_verify_replays_in_the_reference_evaluator(call, bundles):
    answer = call("verify", bundles / "given", "--runtime", "reference")
    assert (answer.code, answer.err, answer.out.count("ok\n")) == (0, "", 5)


def test_verify_fails_where_a_graph_is_not_the_flow(call, here, bundles):
    """Another flow's graph, with a hash that matches: only replaying the vectors can tell."""
    import hashlib
    import shutil

    shutil.copytree(bundles / "one", here / "forged")
    other = (
        flowspec.compile(flowspec.parse("Normal(0, 1) |> Sigmoid"), here / "other")
        / "log_prob.onnx"
    )
    shutil.copy(other, here / "forged" / "log_prob.onnx")
    about = json.loads((here / "forged" / "flow.json").read_text())
    about["files"]["log_prob.onnx"] = hashlib.sha256(other.read_bytes()).hexdigest()
    written(here / "forged" / "flow.json", json.dumps(about))
    answer = call("verify", "forged")
    assert answer.code == 1
    assert [line.split()[0] for line in answer.out.splitlines() if line.endswith("WRONG")] == [
        "log_prob"
    ]
    told = json.loads(call("verify", "forged", "--format", "json").out)
    assert [each["passed"] for each in told] == [False, True, True, True, True]


# --- list and explain -----------------------------------------------------------------------------


def test_list_is_the_same_for_people_programs_and_pages(call):
    told = json.loads(call("list", "--format", "json").out)
    text, page = call("list").out, call("list", "--format", "markdown").out
    assert {"Normal", "Tanh", "RQS", "repeat"} <= {each["name"] for each in told}
    first_words = {line.split()[0] for line in text.splitlines() if line}
    for each in told:
        assert each["name"] in first_words
        if each["kind"] in ("base", "step"):
            assert f"| `{each['name']}` |" in page


@pytest.mark.slow
def test_every_part_that_is_listed_can_be_explained(call):
    for each in json.loads(call("list", "--format", "json").out):
        answer = call("explain", each["name"])
        assert (answer.code, answer.err) == (0, "")
        assert answer.out.startswith(each["name"])
        assert len(answer.out.splitlines()) >= 3


def test_explain_suggests_the_nearest_name(call):
    refused(
        call("explain", "Tnah"), "there is no base or step called `Tnah`", "did you mean `Tanh`?"
    )
    refused(call("explain", "rqs"), "did you mean `RQS`?")
    refused(call("explain", "qqqqq"), "`flowspec list` shows all names")


# --- fit ------------------------------------------------------------------------------------------


@pytest.fixture
def table(here) -> Path:
    """Forty rows of a column `x`, in steps of a tenth."""
    return written(here / "data.csv", "x\n" + "".join(f"{i / 10}\n" for i in range(40)))


@pytest.fixture
def learns(here) -> Path:
    """A flow that learns two numbers."""
    return written(here / "learns.flow", LEARNS)


def test_fit_leaves_a_bundle_that_learned(call, here, table, learns):
    answer = call(
        "fit", learns, "--data", table, "-o", "made", "--epochs", 5, "--learning-rate", 0.1
    )
    assert (answer.code, answer.out) == (0, "")
    assert [line.split()[:2] for line in answer.err.splitlines()[:5]] == [
        ["epoch", str(i)] for i in range(1, 6)
    ]
    assert "wrote made" in answer.err.splitlines()[-1]
    assert names(here / "made") == sorted([*BUNDLE, *LEFT_BY_TRAINING, "weights.safetensors"])
    assert not (here / "made.training").exists()
    assert call("verify", "made").code == 0
    values = np.arange(40) / 10
    start = flowspec.Model(flowspec.read(learns)).log_prob(values).mean()
    assert flowspec.load("made").log_prob(values).mean() > start + 0.1


def test_fit_with_the_same_seed_gives_the_same_files(call, here, table, learns):
    for name, seed in [("one", 3), ("two", 3), ("three", 4)]:
        assert (
            call(
                "fit",
                learns,
                "--data",
                table,
                "-o",
                name,
                "--epochs",
                2,
                "--batch-size",
                8,
                "--seed",
                seed,
            ).code
            == 0
        )
    one, two, three = (
        {p.name: p.read_bytes() for p in (here / name).iterdir()}
        for name in ("one", "two", "three")
    )
    assert one == two
    assert one["weights.safetensors"] != three["weights.safetensors"]


def test_fit_leaves_out_bad_rows_if_told_to(call, here, learns):
    bad = written(here / "bad.csv", "x,w\n1,1\nnan,1\n2,1\n-inf,1\n3,-1\n4,2\n")
    answer = call(
        "fit",
        learns,
        "--data",
        bad,
        "-o",
        "made",
        "--epochs",
        2,
        "--weights",
        "w",
        "--drop-bad-rows",
    )
    assert answer.code == 0
    assert (
        answer.err.splitlines()[0]
        == "dropped 3 of 6 rows that are not finite or outside the support"
    )
    metrics = json.loads((here / "made" / "metrics.json").read_text())
    assert metrics["rows"] == {"training": 3, "validation": 0}
    refused(call("fit", learns, "--data", bad, "-o", "other", "--epochs", 2), "first in row 2")


@pytest.mark.parametrize(
    ("column", "told"), [("v", "no column `v`"), ("w", "the weight is -1 in row 2")]
)
def test_fit_tells_weights_that_cannot_be(call, here, learns, column, told):
    data = written(here / "data.csv", "x,w\n1,1\n2,-1\n")
    refused(call("fit", learns, "--data", data, "-o", "made", "--weights", column), told)


FITS = {
    "missing.csv": ("a,y\n1,2\n", LEARNS, "the table has no column `x`"),
    "nan.csv": (
        "x\n1\nnan\n2\ninf\n",
        LEARNS,
        "missing or not finite in 2 of 4 rows, first in row 2",
    ),
    "empty.csv": ("x\n", LEARNS, "empty.csv has no rows"),
    "outside.csv": (
        "x\n1\n-1\n",
        f"event x: positive\n{LEARNS} |> Exp",
        "1 of 2 rows lie outside the support of `x` (positive)",
    ),
    "fixed.csv": ("x\n1\n2\n", "Normal(0, 1)", "the flow has nothing to learn"),
    "given.csv": (
        "y\n1\n",
        f"context z: positive\nevent y\n{LEARNS} |> Scale(z)",
        "the table has no column `z`",
    ),
    "far.csv": ("x\n1e30\n-1e30\n1\n", LEARNS, "the loss became inf"),
}


@pytest.mark.parametrize("name", FITS)
def test_fit_tells_a_table_that_it_cannot_train_on(call, here, name):
    data, text, told = FITS[name]
    flow = written(here / "it.flow", text)
    refused(
        call("fit", flow, "--data", written(here / name, data), "-o", "made", "--epochs", 1), told
    )
    assert names(here) == sorted(["it.flow", name])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--seed", 2**63], f"the seed is {2**63}"),
        (["--learning-rate", "nan"], "the learning rate is nan"),
        (["--learning-rate", "inf"], "the learning rate is inf"),
        (["--validation", "nan"], "the share held out is nan"),
        (["-o", "data.csv"], "data.csv exists and is no bundle"),
        (["-o", "data.csv/made"], "data.csv is a file, not a directory"),
        (["-o", "."], "is no file of a bundle"),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "",
)
def test_fit_refuses_before_it_trains(call, here, table, learns, options, told):
    answer = call("fit", learns, "--data", table, "-o", "made", "--epochs", 1, *options)
    refused(answer, told)
    assert "epoch" not in answer.err
    assert names(here) == ["data.csv", "learns.flow"]


# --- files whole or not at all --------------------------------------------------------------------

SLOW_WRITE = """
import signal, sys, time
from pathlib import Path
from flowspec.data.files import new_directory, write_file
# A shell's background job would inherit it as ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
target = Path(sys.argv[2])
def stop(*arguments):
    print("half way", flush=True)
    time.sleep(60)
if sys.argv[1] == "file":
    import os
    os.fsync = stop
    write_file(target, b"new" * 1000)
else:
    with new_directory(target) as scratch:
        (scratch / "flow.json").write_bytes(b"new")
        stop()
"""


@pytest.mark.parametrize("before", [True, False], ids=["replaced", "new"])
@pytest.mark.parametrize("kind", ["file", "directory"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_a_process_that_is_stopped_leaves_the_old_or_nothing(tmp_path, kind, before, how):
    target = tmp_path / "target"
    if before:
        written(target, "old") if kind == "file" else target.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", SLOW_WRITE, kind, target],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout.readline() == b"half way\n"
        process.send_signal(how)
        process.wait(20)
    if not before:
        assert not target.exists()
    elif kind == "file":
        assert target.read_text() == "old"
    else:
        assert names(target) == []
    if how == signal.SIGINT:
        assert names(tmp_path) == (["target"] if before else []), "what was begun is cleared away"


@pytest.mark.slow
def test_a_compiler_that_is_killed_leaves_the_old_or_the_new_bundle(tmp_path):
    flowspec.compile(flowspec.read(ONE_LINER), tmp_path / "made")
    other = written(tmp_path / "other.flow", "Normal(0, 1) |> Sigmoid")
    took = time.monotonic()
    subprocess.run(
        [SCRIPT, "compile", other, "-o", tmp_path / "first"], check=True, capture_output=True
    )
    took = time.monotonic() - took
    for share in np.linspace(0.5, 1.02, 8):
        process = subprocess.Popen(
            [SCRIPT, "compile", other, "-o", tmp_path / "made"], stderr=subprocess.DEVNULL
        )
        time.sleep(took * share)
        process.kill()
        process.wait()
        flowspec.load(tmp_path / "made").sample(1)


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux can exchange two directories"
)
def test_a_directory_that_is_replaced_is_there_at_every_moment(tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    program = (
        "import sys; from pathlib import Path; from flowspec.data.files import new_directory\n"
        "for i in range(1500):\n"
        "    with new_directory(Path(sys.argv[1])): pass\n"
    )
    looks = 0
    with subprocess.Popen([sys.executable, "-c", program, target]) as process:
        while process.poll() is None:
            assert os.path.isdir(target)
            looks += 1
    assert process.returncode == 0
    assert looks > 1000
    assert names(tmp_path) == ["target"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_on_the_way_leaves_the_old_directory(tmp_path, error):
    target = tmp_path / "target"
    target.mkdir()
    written(target / "old", "old")
    with pytest.raises(error), new_directory(target) as scratch:
        written(scratch / "new", "new")
        raise error
    assert names(target) == ["old"]
    assert names(tmp_path) == ["target"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may write everywhere"
)
def test_a_folder_without_permission_is_told(call, here, bundles):
    closed = here / "closed"
    closed.mkdir(mode=0o500)
    refused(
        call("sample", bundles / "one", "-o", closed / "s.csv"), "cannot write", "permission denied"
    )
    refused(call("compile", ONE_LINER, "-o", closed / "made"), "cannot write", "permission denied")


@pytest.mark.skipif(
    not Path("/proc/self").is_dir(), reason="there is no /proc, where nobody may write"
)
def test_a_folder_that_takes_no_files_is_told(call, bundles):
    refused(
        call("sample", bundles / "one", "-o", "/proc/self/s.csv"), "cannot write /proc/self/s.csv"
    )
    refused(call("compile", ONE_LINER, "-o", "/proc/self/made"), "cannot write /proc/self/made")


def test_a_written_file_may_be_read_by_all(tmp_path):
    write_file(tmp_path / "file", b"new")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o644
    with new_directory(tmp_path / "folder"):
        pass
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o755


# --- plot -----------------------------------------------------------------------------------------


def test_plot_draws_beside_the_bundle_or_where_it_is_told(call, here):
    flowspec.compile(flowspec.parse("Normal(0, 1)[2]"), here / "it")
    assert call("plot", "it").err == "wrote it.png\n"
    written(here / "data.csv", "x0,x1\n1,2\n3,4\n")
    assert call("plot", "it", "--data", "data.csv", "-n", 100, "-o", "other.png").code == 0
    assert (here / "it.png").read_bytes() != (here / "other.png").read_bytes()


def test_plot_needs_contexts_of_a_conditional_bundle(call, here):
    flowspec.compile(flowspec.parse("context c\nevent y\nNormal(c, 1)"), here / "it")
    refused(call("plot", "it"), "add --data and a table with columns c")
    written(here / "contexts.csv", "c\n1\n2\n")
    assert call("plot", "it", "--data", "contexts.csv").code == 0
    written(here / "both.csv", "c,y\n1,2\n2,3\n")
    assert call("plot", "it", "--data", "both.csv").code == 0


def test_the_directory_may_be_the_present_one(call, here, table, learns, monkeypatch):
    (here / "made").mkdir()
    monkeypatch.chdir(here / "made")
    assert call("fit", learns, "--data", table, "-o", ".", "--epochs", 1).code == 0
    monkeypatch.chdir(here / "made")  # another one has taken its place
    assert call("plot", ".").code == 0
    assert names(here) == ["data.csv", "learns.flow", "made", "made.png"]
