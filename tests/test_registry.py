"""The registry: a component that is asked for by name is the one that a walk through all finds."""

from __future__ import annotations

import pytest

import flowspec.bases
import flowspec.transforms
from flowspec.bases.base import Base
from flowspec.ir.registry import Registry, bases, named_transforms, transforms
from flowspec.transforms.transform import Transform


def fresh(kind: type, **options: bool) -> Registry:
    package = flowspec.bases if kind is Base else flowspec.transforms
    return Registry(package, kind, **options)


@pytest.mark.parametrize(("kind", "all_of_them"), [(Base, bases()), (Transform, transforms())])
def test_a_name_finds_what_a_walk_finds(kind, all_of_them):
    assert len(all_of_them) == len(list(all_of_them)) > 15
    for name, component in all_of_them.items():
        assert fresh(kind)[name] is component


@pytest.mark.parametrize("name", ["Univariate", "Transform", "over_event", "Normal", "Nothing", ""])
def test_what_is_no_transform_is_none(name):
    assert name not in fresh(Transform)
    assert name not in list(transforms())


def test_what_only_a_form_makes_has_no_name_in_the_language():
    made_by_forms = transforms().keys() - named_transforms().keys()
    assert made_by_forms
    for name in made_by_forms:
        assert name in fresh(Transform) and name not in fresh(Transform, named=True)
