"""`compile` writes a bundle that can be used, or refuses before anything is written."""

from __future__ import annotations

import pytest

import flowspec
from commands import (
    BUNDLE,
    EXAMPLES,
    LEARNS,
    ONE_LINER,
    names,
    refused,
    written,
)


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
