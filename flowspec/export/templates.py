"""Templates of texts: words between signs, which are replaced."""

from __future__ import annotations

import re
from collections.abc import Mapping


def filled(template: str, words: Mapping[str, str]) -> str:
    """A template with every `@NAME@` replaced, at the indentation of its line."""

    def text(match: re.Match[str]) -> str:
        indent = re.match(r"\s*", match.string[match.string.rfind("\n", 0, match.start()) + 1 :])
        start = "\n" + (indent[0] if indent else "")
        return re.sub(r"\n(?!\n)", lambda _: start, words[match[1]])

    return re.sub(r"@([A-Z_]+)@", text, template)
