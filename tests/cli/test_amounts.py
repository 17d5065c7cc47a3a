"""What there is one of is told in the singular."""

from __future__ import annotations

import re

import pytest

import flowspec
from commands import LEARNS, written
from flowspec.diagnostics.diagnostic import Diagnostic
from flowspec.diagnostics.quantities import amount

NOUNS = (
    "rows|columns|cells|trials|members|files|epochs|numbers|points|batches|parts|steps|coordinates"
)
WRONG = re.compile(rf"(?<![\d.,])1 ({NOUNS})\b")


@pytest.mark.parametrize(
    ("count", "noun", "words"),
    [
        (0, "row", "0 rows"),
        (1, "row", "1 row"),
        (1200, "batch", "1,200 batches"),
        (2, "epoch", "2 epochs"),
    ],
)
def test_an_amount_has_the_noun_that_goes_with_it(count, noun, words):
    assert amount(count, noun) == words


def test_no_command_tells_one_rows(call, here, bundles):
    learns = written(here / "learns.flow", LEARNS)
    forty = written(here / "forty.csv", "x\n" + "".join(f"{i / 10}\n" for i in range(40)))
    one = written(here / "one.csv", "x\n0.5\n")
    hole = written(here / "hole.csv", "a,b\n1,\n")
    context = written(here / "context.csv", "z,y\n1,\n")
    for arguments in (
        ["fit", learns, "--data", one, "-o", "m0"],
        ["fit", learns, "--data", forty, "--held-out", one, "--epochs", 1, "-o", "m"],
        ["fit", learns, "--data", forty, "--folds", 41, "-o", "m1"],
        ["fit", learns, "--data", forty, "--tune", 1, "--steps", 1, "--epochs", 1, "-o", "m2"],
        ["fit", learns, "--data", written(here / "w.csv", "x,w\n1,1\n2,\n"), "--weights", "w",
         "--drop-bad-rows", "-o", "m3"],
        ["init", one],
        ["init", forty],
        ["judge", bundles / "one", "--data", one],
        ["judge", bundles / "one", "--data", forty, "--rows", 30, "-o", "j.html"],
        ["score", bundles / "one", "--data", one, "-o", "s.csv"],
        ["score", bundles / "pair", "--data", hole, "-o", "p.csv"],
        ["score", bundles / "one", "--data", context],
        ["impute", bundles / "pair", "--data", hole, "-o", "h.csv"],
        ["sample", bundles / "one", "-n", 1, "-o", "n.csv"],
        ["sample", bundles / "one", "-n", 1, "-o", "folder", "--workers", 1],
        ["sample", bundles / "given", "--context", context, "--drop-bad-rows"],
        ["show", bundles / "one"],
        ["diff", bundles / "one", learns],
        ["verify", bundles / "one"],
    ):  # fmt: skip
        answer = call(*arguments)
        assert not WRONG.search(answer.out + answer.err), arguments


def test_mistakes_of_one_row_are_told_so():
    """Numbers in templates have their noun from `{rows:row}`, unless they are limits."""

    def kinds(kind: type[Diagnostic]):
        yield kind
        for each in kind.__subclasses__():
            yield from kinds(each)

    assert flowspec.__version__
    for kind in kinds(Diagnostic):
        counts = "|".join(
            n for n, of in vars(kind).get("__annotations__", {}).items() if of == "int"
        )
        for text in (kind.message, kind.note, kind.help):
            found = re.findall(rf"\{{({counts or 'none'})\}} (?:{NOUNS})\b", text)
            assert {*found} <= {"limit", "most"}, kind
