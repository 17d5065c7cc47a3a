"""Every file with transforms has a test file of its name."""

from pathlib import Path

import pytest

from flowspec.ir import registry
from flowspec.transforms.elementwise.affine import ScaleAndShift
from flowspec.transforms.transform import Transform

MODULES = sorted({part.__module__.rpartition(".")[2] for part in registry.transforms().values()})


@pytest.mark.parametrize("module", MODULES)
def test_module_has_a_test_file(module):
    assert (Path(__file__).parent / f"test_{module}.py").exists()


@pytest.mark.parametrize(
    "part", registry.named_transforms().values(), ids=registry.named_transforms()
)
def test_docstring_has_formula_slope_and_source(part):
    text = part.__doc__
    assert "y" in text.split("\n")[0] or "otation" in text or "spline" in text
    assert "Source:" in text


class Forgetful(Transform):
    """A transform whose author forgot the examples."""


def test_a_class_without_examples_is_refused_aloud():
    with pytest.raises(
        TypeError, match=r"Forgetful in .*test_all_have_tests\.py has no `examples`"
    ):
        registry.has_examples(Forgetful)


def test_a_class_from_which_others_derive_needs_none():
    assert not registry.has_examples(ScaleAndShift)
