"""Calls that are refused, and their one message."""

from __future__ import annotations

import pytest

from flowspec import FlowError


def refused(call, *arguments, **options) -> str:
    """The one message that the call is refused with."""
    with pytest.raises(FlowError) as caught:
        call(*arguments, **options)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.help
    return diagnostic.message
