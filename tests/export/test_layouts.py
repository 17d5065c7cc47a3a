"""`flowspec package`: what is written, and what is refused. The tools that read it: see
test_layouts_in_tools.py.
"""

from __future__ import annotations

import json

import numpy as np
import pytest

import flowspec
from commands import ROOT, refused
from flowspec.cli.package import command
from flowspec.export.layouts.mlflow import input_example
from flowspec.export.layouts.writing import LAYOUTS
from flowspec.runtime.verification import verify

WINE = ROOT / "exported" / "wine"


def test_the_command_offers_the_layouts():
    (layout,) = (option for option in command.params if option.name == "layout")
    assert list(layout.type.choices) == list(LAYOUTS)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_is_written_and_the_same_again(layout, call, here):
    for name in ("one", "two"):
        assert call("package", str(WINE), "--for", layout, "-o", name) == (0, "", f"wrote {name}\n")
    files = [
        {str(p.relative_to(name)): p.read_bytes() for p in (here / name).rglob("*") if p.is_file()}
        for name in (here / "one", here / "two")
    ]
    assert files[0] == files[1] != {}


def test_what_is_there_stays(call, here):
    (here / "out").mkdir()
    (here / "out" / "mine").write_text("mine")
    refused(call("package", str(WINE), "--for", "triton", "-o", "out"), "out exists")
    assert (here / "out" / "mine").read_text() == "mine"


def test_an_empty_folder_is_filled(call, here):
    (here / "out").mkdir()
    assert call("package", str(WINE), "--for", "huggingface", "-o", "out").code == 0
    assert (here / "out" / "flow.json").exists()


@pytest.mark.parametrize("name", ["wine", "prognosis", "one_liner"])
def test_the_repository_of_the_hub_is_a_bundle(name, tmp_path):
    bundle = flowspec.load(ROOT / "exported" / name)
    for file, data in LAYOUTS["huggingface"](bundle).items():
        (tmp_path / file).write_bytes(data)
    assert all(each.passed for each in verify(tmp_path))
    again = flowspec.load(tmp_path)
    assert again.about["flow"] == bundle.about["flow"]


def test_a_license_stands_in_the_card(call, here):
    made = ("package", str(WINE), "--license", "mit", "-o", "hub", "--for")
    refused(call(*made, "mlflow"), "--license goes with --for huggingface", code=2)
    assert call(*made, "huggingface").code == 0
    assert '\nlicense: "mit"\n---\n' in (here / "hub" / "README.md").read_text()
    assert flowspec.load("hub").columns == flowspec.load(WINE).columns


def test_shared_weights_lie_beside_every_model(tmp_path):
    flow = flowspec.parse("RealNVP(2, transforms=1, hidden=[16, 16])")
    bundle = flowspec.load(flowspec.compile(flow, tmp_path / "b", share_weights=True))
    for layout, model in (("triton", "b_log_prob/1"), ("mlflow", "b_log_prob")):
        made = LAYOUTS[layout](bundle)
        assert made[f"{model}/weights.bin"] == bundle.files["weights.bin"]


def test_the_example_of_a_signature_has_finite_rows_that_the_graph_takes(tmp_path):
    for path in sorted((ROOT / "exported").iterdir()):
        bundle = flowspec.load(path)
        example = input_example(bundle, "log_prob")
        assert json.loads(json.dumps(example, allow_nan=False)) == example
        densities = bundle.log_prob(example["x"], example.get("context"))
        assert len(densities) == len(example["x"]) > 0
        assert np.isfinite(densities).all()
