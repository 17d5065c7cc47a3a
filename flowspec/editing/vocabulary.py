"""The words of the language by what they mean, for all that colors a text or completes it."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType

from flowspec.ir import registry
from flowspec.ir.settings import ranges
from flowspec.language.declarations import JOINT
from flowspec.language.forms import forms
from flowspec.language.lexer import keywords
from flowspec.language.macros import Macros
from flowspec.language.values import CONSTANTS, FUNCTIONS
from flowspec.support.support import NAMED_INTERVALS

KEYWORD, BASE, STEP, FORM, MACRO = "keyword", "base", "step", "form", "macro"
CONSTANT, FUNCTION, SUPPORT, SETTING = "constant", "function", "support", "setting"


@cache
def vocabulary() -> MappingProxyType[str, tuple[str, ...]]:
    """The words of each kind, sorted."""
    words = {
        KEYWORD: keywords(),
        BASE: registry.named_bases(),
        STEP: registry.named_transforms(),
        FORM: forms(),
        MACRO: Macros(),
        CONSTANT: CONSTANTS,
        FUNCTION: (*FUNCTIONS, "learn"),
        SUPPORT: (*NAMED_INTERVALS, *JOINT, "circle"),
        SETTING: ranges(),
    }
    return MappingProxyType({kind: tuple(sorted(names)) for kind, names in words.items()})


@cache
def kinds_of_names() -> MappingProxyType[str, str]:
    """The kind of each word that means the same wherever a value or a step may stand."""
    kinds = (CONSTANT, FUNCTION, MACRO, FORM, STEP, BASE)
    return MappingProxyType({name: kind for kind in kinds for name in vocabulary()[kind]})
