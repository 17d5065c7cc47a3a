"""`plot` draws beside the bundle, or where it is told."""

from __future__ import annotations

import flowspec
from commands import (
    refused,
    written,
)


def test_plot_draws_beside_the_bundle_or_where_it_is_told(call, here):
    flowspec.compile(flowspec.parse("Normal(0, 1)[2]"), here / "it")
    assert call("plot", "it").err == "wrote it.png\n"
    written(here / "data.csv", "x0,x1\n1,2\n3,4\n")
    assert call("plot", "it", "--data", "data.csv", "-n", 100, "-o", "other.png").code == 0
    assert (here / "it.png").read_bytes() != (here / "other.png").read_bytes()


def test_plot_needs_contexts_of_a_conditional_bundle(call, here):
    flowspec.compile(flowspec.parse("context c\nevent y\nNormal(c, 1)"), here / "it")
    refused(call("plot", "it"), "add --data and a table with columns c")
    written(here / "contexts.csv", "c\n1\n2\n")
    assert call("plot", "it", "--data", "contexts.csv").code == 0
    written(here / "both.csv", "c,y\n1,2\n2,3\n")
    assert call("plot", "it", "--data", "both.csv").code == 0
