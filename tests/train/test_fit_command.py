"""`flowspec fit` as users call it: settings, whole numbers, folders, conditional flows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import flowspec
from flowspec.data.tables.read import read_table
from flowspec.data.tables.write import write_table
from flowspec.model.weights import as_weights

pytestmark = pytest.mark.slow

FLOW = "event x: real\ntrain {{ epochs = 3, batch_size = 16, {} }}\nNormal(learn(0), learn(1))"
COUNTS = """event k: nonnegative, x: real
train { dequantize = k, epochs = 30, learning_rate = 0.05, batch_size = 64 }
Normal(0, 1)[2] |> Standardize |> Onto(event)"""
GIVEN = """context size: positive, unused: real
event y: real
train { epochs = 3, validation = 0.5 }
MAF(1, hidden=[4], transforms=1)"""
RANDOM = np.random.default_rng(0)


@pytest.fixture
def table(here) -> Path:
    write_table("data.csv", ["x"], [RANDOM.normal(3, 2, 100)])
    return here / "data.csv"


def fitted(call, flow: str, data, *options) -> dict:
    """The metrics of a training that has to succeed."""
    Path("it.flow").write_text(flow)
    answer = call("fit", "it.flow", "--data", data, "-o", "made", *options)
    assert answer.code == 0, answer.err
    return json.loads(Path("made/metrics.json").read_text())


def test_settings_stand_in_the_file_and_a_flag_wins(call, table):
    settings = fitted(call, FLOW.format('schedule = "constant"'), table, "--batch-size", 20)[
        "settings"
    ]
    assert (settings["epochs"], settings["batch_size"], settings["schedule"]) == (3, 20, "constant")
    assert settings["learning_rate"] == 0.01
    trained = flowspec.load("made").about["flow"]["train"]
    assert trained == {"epochs": 3, "batch_size": 20, "schedule": "constant"}


def test_a_file_and_flags_that_say_the_same_give_the_same_weights(call, table):
    fitted(call, FLOW.format("seed = 5"), table)
    first = Path("made/weights.safetensors").read_bytes()
    fitted(
        call,
        "event x: real\nNormal(learn(0), learn(1))",
        table,
        "--epochs",
        3,
        "--batch-size",
        16,
        "--seed",
        5,
    )
    assert Path("made/weights.safetensors").read_bytes() == first


def test_fit_from_python_takes_the_settings_of_the_file_too(call, table):
    fitted(call, FLOW.format("seed = 5"), table)
    model = flowspec.fit(flowspec.read("it.flow"), table)
    held = flowspec.Model(
        flowspec.read("it.flow"),
        as_weights(model.flow, "made/weights.safetensors"),
    )
    assert model.log_prob([0.0]) == held.log_prob([0.0])


def test_whole_numbers_come_back_whole(call, here):
    counts = RANDOM.poisson(5, 400)
    write_table("data.csv", ["k", "x"], [counts, RANDOM.normal(size=400)])
    fitted(call, COUNTS, "data.csv")
    rows = call("sample", "made", "-n", "400", "-o", "samples.csv")
    assert rows.code == 0
    sampled = read_table("samples.csv").numbers(["k"])[:, 0]
    assert (sampled == np.round(sampled)).all() and sampled.min() >= 0
    assert sampled.mean() == pytest.approx(counts.mean(), abs=0.8)
    call("score", "made", "--data", "data.csv", "-o", "scored.csv")
    bundle, scored = flowspec.load("made"), read_table("scored.csv").numbers(["k", "x", "log_prob"])
    np.testing.assert_allclose(scored[:, 2], bundle.log_prob(scored[:, :2] + [0.5, 0.0]), rtol=1e-6)
    assert call("plot", "made", "--data", "data.csv").code == 0


def test_a_flag_names_columns_of_whole_numbers(call, here):
    write_table("data.csv", ["k", "x"], [RANDOM.poisson(5, 50), RANDOM.normal(size=50)])
    fitted(
        call, COUNTS.replace("dequantize = k, ", ""), "data.csv", "--dequantize", "k", "--epochs", 2
    )
    assert flowspec.load("made").dequantized == ("k",)


def test_rows_to_hold_out_can_be_a_table_of_their_own(call, table):
    write_table("own.csv", ["x"], [np.full(7, 3.0)])
    metrics = fitted(call, FLOW.format("seed = 0"), table, "--held-out", "own.csv")
    assert metrics["rows"] == {"training": 100, "validation": 7}
    constant = flowspec.load("made").log_prob([3.0])[0]
    assert metrics["validation"] == pytest.approx(-constant, rel=1e-5)


def test_a_folder_of_parquet_files_gives_what_its_rows_give(call, here):
    pytest.importorskip("pyarrow")
    values = RANDOM.normal(3, 2, 90)
    Path("folder").mkdir()
    for i, part in enumerate(np.split(values, 3)):
        write_table(f"folder/{i}.parquet", ["x"], [part])
    metrics = fitted(call, FLOW.format("seed = 0"), "folder")
    assert metrics["rows"] == {"training": 81, "validation": 9}


def test_columns_that_nobody_asked_for_are_named(call, here):
    write_table("data.csv", ["id", "x", "name"], [range(30), RANDOM.normal(size=30), ["a"] * 30])
    Path("it.flow").write_text(FLOW.format("seed = 0"))
    answer = call("fit", "it.flow", "--data", "data.csv", "-o", "made")
    assert "note: not used of data.csv: id, name\n" in answer.err


def test_a_conditional_flow_is_drawn_with_its_calibration(call, here):
    pytest.importorskip("matplotlib")
    size = RANDOM.uniform(1, 2, 80)
    write_table(
        "data.csv",
        ["size", "unused", "y"],
        [size, RANDOM.normal(size=80), size * RANDOM.normal(size=80)],
    )
    fitted(call, GIVEN, "data.csv")
    names = {path.name for path in Path("made").iterdir()}
    assert {"calibration.png", "conditional.png", "samples.png"} <= names
    card = Path("made/README.md").read_text()
    assert "](calibration.png)" in card and "](conditional.png)" in card
    assert call("verify", "made").code == 0
    assert "how often held-out rows lie below" in card
    # Opening and replacing it work as for any other bundle.
    fitted(call, GIVEN, "data.csv", "--epochs", 1, "--validation", 0)
    assert "how often rows that were trained on lie below" in Path("made/README.md").read_text()


@pytest.mark.parametrize(
    ("validation", "origin"), [(0.5, "held out"), (0.0, "that were trained on")]
)
def test_calibration_says_on_which_rows_it_was_drawn(monkeypatch, here, validation, origin):
    pytest.importorskip("matplotlib")
    from flowspec.plots import calibration

    titles = []
    finished = calibration.finished
    monkeypatch.setattr(
        calibration,
        "finished",
        lambda *arguments: titles.append(arguments[2]) or finished(*arguments),
    )
    z, y = RANDOM.uniform(1, 2, (40, 2)), RANDOM.normal(size=(40, 1))
    flow = flowspec.parse(GIVEN)
    flowspec.fit(flow, y, z, epochs=1, validation=validation, output=here / "made")
    assert titles[0][0].endswith(f"rows {origin}")


def test_seeds_below_zero_are_seeds_of_their_own(call, table):
    held = []
    for seed in (0, -1, -2):
        flow = "event x: real\nMAF(1, hidden=[4], transforms=1) |> Standardize"
        fitted(call, flow, table, "--epochs", 1, "--seed", seed)
        held.append(Path("made/weights.safetensors").read_bytes())
    assert len(set(held)) == 3


def test_without_rows_held_out_there_is_no_validation_loss(call, table):
    metrics = fitted(call, FLOW.format("validation = 0"), table)
    assert metrics["validation"] is None and metrics["rows"]["validation"] == 0
    assert metrics["best_epoch"] == 3
    assert (
        "held out" not in Path("made/README.md").read_text().split("| loss then")[1].splitlines()[0]
    )


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--devices", 500], 1, "500 devices are too many"),
        (["--accelerator", "cuda"], 1, "no accelerator `cuda` here"),
        (["--held-out", "data.csv", "--validation", "0.2"], 2, "exclude each other"),
    ],
)
def test_what_cannot_be_is_refused(call, table, options, code, told):
    import torch

    if "cuda" in options and torch.cuda.is_available():
        pytest.skip("there is one")
    Path("it.flow").write_text(FLOW.format("seed = 0"))
    answer = call("fit", "it.flow", "--data", "data.csv", "-o", "made", *options)
    assert answer.code == code and told in answer.err
    assert not Path("made").exists()


def test_resuming_what_is_finished_changes_nothing(call, table):
    fitted(call, FLOW.format("seed = 0"), table)
    before = Path("made/weights.safetensors").read_bytes()
    Path("made.training").mkdir()  # as of a training that was killed when it had written
    Path("made.training/log.csv").write_text("number,loss\n")
    answer = call("fit", "it.flow", "--data", "data.csv", "-o", "made", "--resume", "--seed", 7)
    assert answer.code == 0 and "made is finished" in answer.err
    assert not Path("made.training").exists()
    assert Path("made/weights.safetensors").read_bytes() == before


def test_a_training_whose_bundle_cannot_be_written_is_kept(call, table, monkeypatch):
    from flowspec.data.files import UnwritablePath
    from flowspec.diagnostics.diagnostic import FlowError
    from flowspec.train import run

    def full(*arguments, **options):
        raise FlowError(UnwritablePath(path="made", reason="no space left on device"))

    Path("it.flow").write_text(FLOW.format("seed = 0"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "compile_flow", full)
        answer = call("fit", "it.flow", "--data", "data.csv", "-o", "made")
    assert answer.code == 1 and "--resume finishes it" in answer.err
    assert call("fit", "it.flow", "--data", "data.csv", "-o", "made", "--resume").code == 0
    assert call("verify", "made").code == 0


def test_fit_from_python_leaves_what_the_command_leaves(call, table):
    fitted(call, FLOW.format("seed = 5"), table)
    model = flowspec.fit(flowspec.read("it.flow"), table, output="again")
    assert {path.name for path in Path("again").iterdir()} == {
        path.name for path in Path("made").iterdir()
    }
    assert not Path("again.training").exists()
    for name in ("weights.safetensors", "metrics.json", "log_prob.onnx"):
        assert Path("again", name).read_bytes() == Path("made", name).read_bytes()
    finished = flowspec.fit(flowspec.read("it.flow"), table, output="again", resume=True)
    np.testing.assert_array_equal(finished.log_prob([0.1, 1.0]), model.log_prob([0.1, 1.0]))


def test_fit_from_python_goes_on_from_what_is_kept(call, table):
    flow = flowspec.read("it.flow") if Path("it.flow").exists() else flowspec.parse(FLOW.format(""))
    whole = flowspec.fit(flow, table, epochs=4, output="whole")

    class Enough(Exception):
        pass

    def stop(epoch):
        if epoch.number == 2:
            raise Enough

    with pytest.raises(Enough):
        flowspec.fit(flow, table, epochs=4, output="made", checkpoint_every=0, on_epoch=stop)
    assert Path("made.training/log.csv").exists() and not Path("made").exists()
    numbers = []
    again = flowspec.fit(
        flow,
        table,
        epochs=4,
        output="made",
        resume=True,
        on_epoch=lambda epoch: numbers.append(epoch.number),
    )
    assert numbers == [2, 3, 4]  # the checkpoint is that of the last step, before the epoch's end
    for path, value in whole.complete_weights.items():
        np.testing.assert_array_equal(again.complete_weights[path], value)


def test_fit_keeps_checkpoints_in_one_place(table):
    flow = flowspec.parse(FLOW.format(""))
    with pytest.raises(TypeError, match="leave `checkpoint` out"):
        flowspec.fit(flow, table, output="made", checkpoint="kept.pt")


def test_resuming_what_was_never_begun_says_that_it_begins(call, here):
    write_table("data.csv", ["x"], [np.linspace(-1, 1, 40)])
    Path("it.flow").write_text("Normal(learn(0), learn(1))")
    answer = call("fit", "it.flow", "--data", "data.csv", "-o", "new", "--epochs", 1, "--resume")
    assert answer.code == 0
    assert "nothing to go on with in new.training: it begins anew\n" in answer.err
