"""docs/runtimes.md: whatever is not right has its reason."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from flowspec.runtime.replay.registry import engine_names

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "runtimes.md"


@pytest.fixture(scope="module")
def page_of():
    """`page` of benchmarks/matrix_page.py."""
    place = ROOT / "benchmarks" / "matrix_page.py"
    spec = importlib.util.spec_from_file_location("matrix_page", place)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.page


def output(difference: float | None = 0.0, reason: str = "") -> dict:
    return {"passed": not reason, "difference": difference, "reason": reason}


def column(bundles: dict, **more) -> dict:
    known = {"version": "1", "missing": "", "target": "web", "informative": False}
    return known | {"bundles": bundles} | more


def test_what_is_not_right_has_a_reason(page_of):
    results = {
        "good": column({"a": {"log_prob": [output()], "sample": [output(), output()]}}),
        "poor": column(
            {
                "a": {
                    "log_prob": [output(None, "no Loop 3 | 4")],
                    "sample": [output(2e-5, "2 of 24 rows differ"), output()],
                    "to_base": [output(None, "no Loop 71 | 2")],
                },
                "b": {"refused": "error: no sample"},
            }
        ),
        "absent": column({}, version="", missing="it is not installed; install it"),
    }
    text = page_of(results, ["a", "b"])
    assert "| a | 2 | 0 of 3: a b | - |" in text
    assert "| b | - | refused: c | - |" in text
    assert "| poor | 1 | web | 0 of 1 | - | 0 of 1 | 0 of 1 | - | - |" in text
    assert "- a: no Loop 71 \\| 2 (1 `log_prob`, 1 `to_base`: a)" in text
    assert "- b: rounding, off by up to 2e-05 (1 `sample`: a)" in text
    assert "- c: error: no sample (1 `compile`: b)" in text
    assert "**absent** was not run: it is not installed; install it." in text
    assert "**good**" not in text


def test_every_cell_that_is_not_right_has_a_letter_with_a_reason():
    """`5 of 6` alone says nothing: it is `5 of 6: a`."""
    text = PAGE.read_text().split("## Bundle by bundle")[1]
    cells = re.findall(r"\| (\d+ of \d+|refused)(: [a-z ]+)? (?=\|)", text)
    assert all(letters for _, letters in cells)


def test_the_page_has_every_engine_and_every_example():
    text = PAGE.read_text()
    for name in engine_names():
        assert re.search(rf"^\| {name}[ ,|]", text, re.M), name
    for source in (ROOT / "examples").glob("*.flow"):
        assert f"\n| {source.stem} |" in text
