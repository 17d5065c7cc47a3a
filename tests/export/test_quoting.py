"""Names of columns in programs: each language reads back what was written."""

from __future__ import annotations

import ast
import re

import pytest

from flowspec.export import quoting

NAMES = [
    'a"b', "back\\slash\\n", "end\\", "??/ ??= ???", "tab\tx", "line\nbreak", "cr\rx", "nul\x001",
    "\x7f\x85\ufeff\u202e", "para\u2029 line\u2028", "\U000e0001", "\b\f", "数 😀 naïve",
    "*/ /* //", "</script>",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_python_reads_a_name_back(name):
    assert ast.literal_eval(quoting.python(name)) == name


@pytest.mark.parametrize("name", NAMES)
def test_c_reads_a_name_back(name):
    literal = quoting.c(name)
    assert "??" not in literal
    escapes = re.compile(rb"\\([0-7]{3}|.)")
    assert escapes.sub(_byte, literal[1:-1].encode()).decode() == name


def _byte(escape: re.Match[bytes]) -> bytes:
    return bytes([int(escape[1], 8)]) if len(escape[1]) == 3 else escape[1]


@pytest.mark.parametrize("quote", [quoting.js, quoting.rust])
@pytest.mark.parametrize("name", NAMES)
def test_braces_hold_the_number_of_a_character(quote, name):
    def character(escape: re.Match[str]) -> str:
        return chr(int(escape[1], 16)) if escape[1] else escape[2]

    assert re.sub(r"\\(?:u\{(\w+)\}|(.))", character, quote(name)[1:-1]) == name


@pytest.mark.parametrize("name", NAMES)
def test_java_gets_no_line_break_from_hexadecimal_digits(name):
    assert not re.search(r"\\u00", quoting.java(name))


def test_r_gets_no_nul():
    assert quoting.r("nul\0x") == '"nul\N{REPLACEMENT CHARACTER}x"'


@pytest.mark.parametrize("quote", [quoting.c, quoting.java, quoting.js, quoting.python])
@pytest.mark.parametrize("name", NAMES)
def test_a_literal_shows_all_its_characters_on_one_line(quote, name):
    assert quote(name).isprintable()


@pytest.mark.parametrize("name", NAMES)
def test_a_comment_goes_on_behind_a_name(name):
    said = quoting.in_comment(name)
    assert said.isprintable()
    assert not {"*/", "/*", "??/"} & {said[i : i + n] for i in range(len(said)) for n in (2, 3)}
