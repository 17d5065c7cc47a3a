"""Every file with transforms has a test file of its name."""

from pathlib import Path

import pytest

from flowspec.ir import registry

MODULES = sorted({part.__module__.rpartition(".")[2] for part in registry.transforms().values()})


@pytest.mark.parametrize("module", MODULES)
def test_module_has_a_test_file(module):
    assert (Path(__file__).parent / f"test_{module}.py").exists()


@pytest.mark.parametrize("part", registry.transforms().values(), ids=registry.transforms())
def test_docstring_has_formula_slope_and_source(part):
    text = part.__doc__
    assert "y" in text.split("\n")[0] or "otation" in text or "spline" in text
    assert "Source:" in text
