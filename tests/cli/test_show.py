"""`flowspec show --plot`: a picture of a flow, whether trained or not."""

from __future__ import annotations

import pytest

from commands import GIVEN, LEARNS, PAIR, refused, written

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("text", [PAIR, LEARNS, GIVEN], ids=["fixed", "untrained", "conditional"])
def test_a_picture_is_drawn_beside_the_table(call, here, text):
    pytest.importorskip("matplotlib")
    path = written(here / "my.flow", text)
    answer = call("show", path, "--plot", "my.png")
    assert (answer.code, answer.err) == (0, "wrote my.png\n")
    assert answer.out == call("show", path).out
    assert (here / "my.png").read_bytes().startswith(PNG)


def test_a_name_that_says_another_kind_is_refused(call, here):
    path = written(here / "my.flow", LEARNS)
    refused(call("show", path, "--plot", "my.svg"), "ends in .png", code=2)


def test_a_bundle_is_drawn_as_it_is(call, bundles, here):
    pytest.importorskip("matplotlib")
    assert call("show", bundles / "pair", "--plot", "pair.png").code == 0
    assert call("plot", bundles / "pair", "-o", "plot.png").code == 0
    assert (here / "pair.png").read_bytes() == (here / "plot.png").read_bytes()
