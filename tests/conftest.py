"""Options of the whole test suite."""

from __future__ import annotations

import pytest


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write golden files anew")


@pytest.fixture
def update_golden(request) -> bool:
    """Are golden files to be written anew?"""
    return request.config.getoption("--update-golden")
