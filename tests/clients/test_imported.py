"""The imported bundles are such as clients are to be tried with."""

from __future__ import annotations

import pytest

import flowspec

pytestmark = pytest.mark.slow


def test_imported_bundles_have_one_seven_and_forty_columns_and_one_is_conditional(imported):
    bundles = {name: flowspec.load(path) for name, path in imported.items()}
    assert [len(bundle.columns) for bundle in bundles.values()] == [1, 7, 40]
    assert [name for name, bundle in bundles.items() if bundle.context] == ["conditional"]
    assert "log_prob_grad" not in bundles["wide"].graphs
