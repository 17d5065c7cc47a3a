"""`flowspec doctor`: what is there is named with its version, what is missing with what adds it."""

from __future__ import annotations

import json
import re
from importlib import metadata

import pytest

from flowspec.cli import doctor


def test_packages_extras_programs_and_a_self_test_are_reported(call):
    answer = call("doctor")
    assert (answer.code, answer.err) == (0, "")
    assert f"onnxruntime  {metadata.version('onnxruntime')}" in answer.out
    assert "compiled, sampled, replayed in" in answer.out
    for name in (*doctor.EXTRAS, *doctor.PROGRAMS):
        assert f"\n{name} " in answer.out


def test_the_report_is_data_too(call):
    report = json.loads(call("doctor", "--format", "json").out)
    assert list(report) == ["packages", "extras", "programs", "self-test"]
    assert report["self-test"][0]["version"] == "works"
    assert {each["name"] for each in report["packages"]} >= {"numpy", "onnx", "onnxruntime"}


def test_every_extra_for_users_is_explained():
    text = metadata.metadata("flowspec")
    extras = set(text.get_all("Provides-Extra") or [])
    assert extras - {"test", "docs"} == set(doctor.EXTRAS)


def test_a_missing_extra_comes_with_the_line_that_adds_it(call, monkeypatch):
    without(monkeypatch, "pyarrow", "zuko")
    answer = call("doctor")
    assert answer.code == 0
    added = re.search(r'pip install "flowspec\[(.*)\]"', answer.out)[1].split(",")
    assert {"parquet", "zuko"} <= set(added)


def test_a_missing_package_ends_it_with_1(call, monkeypatch):
    without(monkeypatch, "jsonschema")
    answer = call("doctor")
    assert answer.code == 1
    assert "jsonschema   MISSING" in answer.out


def test_a_self_test_that_fails_says_why(call, monkeypatch):
    monkeypatch.setattr(doctor, "SELF_TEST", "Normal(0, 1) |> Log")
    answer = call("doctor")
    assert answer.code == 1
    assert "MISSING" in answer.out
    assert "domain-mismatch" in answer.out


@pytest.mark.parametrize(
    "text, version",
    [
        ("#!/bin/sh\necho 'odd 4.5.6 (x86)'\n", "4.5.6"),
        ("#!/bin/sh\nexit 3\n", "?"),
    ],
)
def test_a_program_is_asked_for_its_version(tmp_path, monkeypatch, text, version):
    program = tmp_path / "odd"
    program.write_text(text)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert doctor.program("odd", "it is odd").version == version


def without(monkeypatch, *packages: str) -> None:
    """Let packages be missing."""
    there = doctor.version_of
    monkeypatch.setattr(doctor, "version_of", lambda name: "" if name in packages else there(name))
