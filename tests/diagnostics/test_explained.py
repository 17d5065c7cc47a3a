"""Explanations: a page for every code, with programs that are as it says for those of a flow."""

from __future__ import annotations

import contextlib
import importlib
import json
import pkgutil
import re

import pytest

import flowspec
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, code_of
from flowspec.diagnostics.explained import codes, explanation
from flowspec.train.feed.data_warnings import kinds as warnings_of_data

TOO_LONG = {
    "file-too-large", "nested-too-deeply", "not-text", "too-deep", "too-many-words",
    "unreadable-file",
}  # fmt: skip
"""Codes of files that are no text, and of texts that are too long for a page."""

ROOMS = ("flowspec.language", "flowspec.parts")
ELSEWHERE = {"only-gaussian", "too-costly", "too-large", "wrong-setting"}
"""Codes of other rooms that `flowspec check FILE` can tell."""


def kinds() -> list[type[Diagnostic]]:
    """All kinds of diagnostics that have a message."""
    for module in pkgutil.walk_packages(flowspec.__path__, "flowspec."):
        with contextlib.suppress(ModuleNotFoundError):  # torch, zuko and others may be missing
            importlib.import_module(module.name)
    waiting, told = [Diagnostic], []
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if vars(kind).get("message") and kind.__module__.startswith("flowspec."):
            told.append(kind)
    return told


def of_texts() -> set[str]:
    """The codes that the text of a flow can give."""
    language = {code_of(kind) for kind in kinds() if kind.__module__.startswith(ROOMS)}
    return language | ELSEWHERE


def test_every_code_is_explained():
    """Those of warnings of data by their docstrings, all others by a page."""
    pytest.importorskip("torch")
    pytest.importorskip("zuko")
    pytest.importorskip("optuna")
    assert set(codes()) | warnings_of_data().keys() == {code_of(kind) for kind in kinds()}
    assert not set(codes()) & warnings_of_data().keys()


def test_every_code_of_a_text_has_programs():
    assert {code for code in codes() if explanation(code).wrong} == of_texts() - TOO_LONG


@pytest.mark.parametrize("code", codes())
def test_a_page_says_what_and_shows_both_programs(code):
    page = explanation(code)
    assert page.code == code and page.what.endswith(".") and "```" not in str(page)
    assert not re.search(r"\b(please|invalid)\b", str(page), re.IGNORECASE)
    assert bool(page.wrong) == bool(page.right)
    assert max(map(len, str(page).splitlines())) <= 108


def test_the_programs_of_all_pages_are_wrong_and_right_as_they_say(call, here):
    """The wrong one has this mistake and no other, the right one none, and no warning."""
    pages = [page for page in map(explanation, codes()) if page.wrong]
    for page in pages:
        (here / f"{page.code}.flow").write_text(page.wrong)
    told = json.loads(call("check", ".", "--format", "json").out)
    assert {(each["path"], each["code"]) for each in told} == {
        (f"{page.code}.flow", page.code) for page in pages
    }
    for page in pages:
        (here / f"{page.code}.flow").write_text(page.right)
    assert call("check", ".") == (0, "", "")


@pytest.mark.parametrize("code", codes())
def test_programs_are_in_the_layout(code):
    page = explanation(code)
    assert flowspec.format(page.right) == page.right
    with contextlib.suppress(FlowError):  # some are against the grammar
        assert flowspec.format(page.wrong) == page.wrong


def test_explain_prints_a_page(call):
    answer = call("explain", "domain-mismatch")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("domain-mismatch\n\nA step cannot take every value")
    assert answer.out.endswith("Right:\n\n    Normal(0, 1) |> Sigmoid |> Logit\n")
    assert "did you mean `domain-mismatch`?" in call("explain", "domain-mismach").err


def test_what_has_no_page_is_none():
    assert explanation("../github") is None and explanation("") is None
