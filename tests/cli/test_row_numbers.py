"""The second row of a table is row 2 in every message."""

from __future__ import annotations

import re

import numpy as np
import pytest

import flowspec
from commands import written
from flowspec.model import Model

pytest.importorskip("torch")

TEXT = "event x\ncontext z: positive\nNormal(0, learn(1)) |> Scale(z)"
ROWS = np.array([[1.0, 1.0], [1.0, -1.0], [1.0, 2.0], [2.0, -3.0]])


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return flowspec.load(
        flowspec.compile(flowspec.parse(TEXT), tmp_path_factory.mktemp("rows") / "it")
    )


def rows_told(text: str) -> list[str]:
    return re.findall(r"row (\d+)", text)


def test_commands_count_rows_alike(call, here, bundle):
    flow = written(here / "c.flow", TEXT)
    data = written(here / "t.csv", "x,z\n" + "".join(f"{x},{z}\n" for x, z in ROWS))
    commands = {
        "fit": ("fit", flow, "--data", data, "-o", "m"),
        "score": ("score", bundle.path, "--data", data),
        "sample": ("sample", bundle.path, "--context", data),
        "per row": ("sample", bundle.path, "--context", data, "--per-row", 3),
        "plot": ("plot", bundle.path, "--data", data, "--kind", "calibration", "-o", "p.png"),
    }
    told = {name: rows_told(call(*command).err) for name, command in commands.items()}
    assert told == {name: ["2"] for name in commands}


def test_cells_that_are_no_numbers_are_counted_alike(call, here, bundle):
    flow = written(here / "c.flow", TEXT)
    data = written(here / "t.csv", "x,z\n1,1\nodd,1\n1,2\n")
    for command in (
        ("fit", flow, "--data", data, "-o", "m"),
        ("score", bundle.path, "--data", data),
    ):
        assert rows_told(call(*command).err)[0] == "2"


@pytest.mark.parametrize("context", [ROWS[:, 1], ROWS[:, 1:], {"z": ROWS[:, 1]}], ids="abc")
def test_arrays_are_counted_alike(bundle, context):
    model = Model(flowspec.parse(TEXT))
    calls = [
        lambda: bundle.log_prob(ROWS[:, 0], context),
        lambda: bundle.sample(context=context),
        lambda: bundle.from_noise(ROWS[:, 0], context),
        lambda: model.log_prob(ROWS[:, 0], context),
        lambda: model.from_noise(ROWS[:, 0], context),
        lambda: flowspec.fit(model.flow, ROWS[:, 0], context, epochs=1),
    ]
    for call in calls:
        with pytest.raises(flowspec.FlowError) as caught:
            call()
        assert rows_told(str(caught.value)) == ["2"]
