"""Names as the string literals of languages: whatever a column is called, a program holds it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

Quote = Callable[[str], str]


def quoted_by(escape: Quote) -> Quote:
    """A function that writes a text in double quotes.

    Letters, digits and signs that can be seen stand for themselves; quotes and backslashes have a
    backslash before them; for all else `escape` has the words.
    """

    def quoted(text: str) -> str:
        return '"' + "".join(map(letter, text)) + '"'

    def letter(character: str) -> str:
        if character in '"\\':
            return "\\" + character
        return character if character.isprintable() else escape(character)

    return quoted


def _four_or_eight(character: str) -> str:
    r"""\u2028, or \U000e0001: C#, Go, Python, R."""
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _octal_bytes(character: str) -> str:
    """The bytes of UTF-8, in three octal digits each, which no digit behind can belong to."""
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogatepass"))


def _java(character: str) -> str:
    """Octal up to 255: there a line break in hexadecimal digits would break the line."""
    return f"\\{ord(character):03o}" if ord(character) < 0x100 else json.dumps(character)[1:-1]


def c(text: str) -> str:
    """In C and C++, without what C takes for a trigraph."""
    return re.sub(r"(?<=\?)\?", r"\\?", _c(text))


def r(text: str) -> str:
    """In R, whose texts hold no NUL: U+FFFD stands in its place."""
    return _plain(text.replace("\0", "\N{REPLACEMENT CHARACTER}"))


_c = quoted_by(_octal_bytes)
_plain = quoted_by(_four_or_eight)
csharp = go = python = _plain
java = quoted_by(_java)
js = rust = quoted_by(lambda character: f"\\u{{{ord(character):x}}}")


def in_comment(text: str) -> str:
    """A text that ends no comment of C, and stays on its line."""
    visible = "".join(letter if letter.isprintable() else "?" for letter in text)
    return visible.replace("*/", "*?").replace("/*", "/?").replace("??/", "???")
