"""The languages of `flowspec embed`: one template each, and how it writes names and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flowspec.export import quoting
from flowspec.export.quoting import Quote


@dataclass(frozen=True)
class Language:
    """How a program is written.

    template  the file in `templates/`, without `.in`
    checked   what was done with such programs, as their first lines and the README say it
    types     of numbers, by "float32" and "float64"
    special   the words for NaN, Infinity and -Infinity, by type
    suffixes  behind a number, by "float32" and "float64"
    quoted    writes a text as a literal
    """

    template: str
    checked: str
    types: Mapping[str, str]
    special: Mapping[str, tuple[str, str, str]]
    suffixes: Mapping[str, str]
    quoted: Quote

    def number(self, value: float | str, dtype: str) -> str:
        """A number of `vectors.json`, where what is not finite is a word."""
        if isinstance(value, str):
            place = ("NaN", "Infinity", "-Infinity").index(value)
            return self.special[dtype][place]
        return repr(float(value)) + self.suffixes[dtype]


def _language(
    template: str,
    checked: str,
    types: tuple[str, str],
    special: tuple[tuple[str, str, str], tuple[str, str, str]],
    quoted: Quote,
    suffix: str = "",
) -> Language:
    dtypes = ("float32", "float64")
    return Language(
        template,
        checked,
        dict(zip(dtypes, types, strict=True)),
        dict(zip(dtypes, special, strict=True)),
        {"float32": suffix, "float64": ""},
        quoted,
    )


RUN = "Run in FlowSpec's tests"
_MATH_H = ("NAN", "INFINITY", "-INFINITY")
_NUMPY = ("np.nan", "np.inf", "-np.inf")
_JS = ("NaN", "Infinity", "-Infinity")
_R = ("NaN", "Inf", "-Inf")
_GO = ("nan", "inf", "-inf")


def _of_type(name: str, words: tuple[str, str, str]) -> tuple[str, str, str]:
    nan, high, low = (f"{name}{word}" for word in words)
    return nan, high, low


_SHARP = ("NaN", "PositiveInfinity", "NegativeInfinity")
_JAVA = ("NaN", "POSITIVE_INFINITY", "NEGATIVE_INFINITY")
_RUST = ("NAN", "INFINITY", "NEG_INFINITY")

LANGUAGES: Mapping[str, Language] = {
    "js": _language(
        "flow.mjs",
        f"{RUN}, in Node 20 over onnxruntime-node 1.30.",
        ("Float32Array", "Float64Array"),
        (_JS, _JS),
        quoting.js,
    ),
    "python": _language(
        "flow.py",
        f"{RUN}, over onnxruntime 1.32.",
        ("np.float32", "np.float64"),
        (_NUMPY, _NUMPY),
        quoting.python,
    ),
    "cpp": _language(
        "flow.cpp",
        f"{RUN}, with headers of onnxruntime 1.21 over its library of 1.32.",
        ("float", "double"),
        (_MATH_H, _MATH_H),
        quoting.c,
        "f",
    ),
    "c": _language(
        "flow.c",
        f"{RUN}, with headers of onnxruntime 1.21 over its library of 1.32.",
        ("float", "double"),
        (_MATH_H, _MATH_H),
        quoting.c,
        "f",
    ),
    "csharp": _language(
        "Flow.cs",
        "Written for Microsoft.ML.OnnxRuntime 1.23; compiled against stubs of it, and never run.",
        ("float", "double"),
        (_of_type("float.", _SHARP), _of_type("double.", _SHARP)),
        quoting.csharp,
        "f",
    ),
    "java": _language(
        "Flow.java",
        "Written for com.microsoft.onnxruntime:onnxruntime 1.23; compiled against stubs of it, "
        "and never run.",
        ("float", "double"),
        (_of_type("Float.", _JAVA), _of_type("Double.", _JAVA)),
        quoting.java,
        "f",
    ),
    "rust": _language(
        "flow.rs",
        "Written for the crate ort 2.0.0-rc.10; compiled against stubs of it, and never run.",
        ("f32", "f64"),
        (_of_type("f32::", _RUST), _of_type("f64::", _RUST)),
        quoting.rust,
    ),
    "go": _language(
        "flow.go",
        "Written for github.com/yalue/onnxruntime_go 1.21; compiled against stubs of it, and never "
        "run.",
        ("float32", "float64"),
        (_GO, _GO),
        quoting.go,
    ),
    "r": _language(
        "flow.R",
        f"{RUN}, in R 4.2 with reticulate 1.28, over Python's onnxruntime 1.32: R has no package "
        "of its own.",
        ("float32", "float64"),
        (_R, _R),
        quoting.r,
    ),
}
