"""Values and components as the language writes them, and in short for tables and
messages.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np

from flowspec.parts.fields import ComponentSpec, SettingSpec, specs
from flowspec.parts.trees import children, values
from flowspec.parts.values import FromContext, Learn, Predicted
from flowspec.support.support import number

LONGEST_LIST = 8
"""Entries of a vector that a message shows."""

# --- as the language writes them ---------------------------------------------------------------


def written(value: Any) -> str:
    """A value: a number, a word, a vector, `learn(...)`, a context variable, a component."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return number(float(value))
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple | list | np.ndarray):
        return f"[{_listed(value)}]" if np.ndim(value) else number(float(np.asarray(value)))
    if isinstance(value, Learn):
        return f"learn({', '.join(_learn_arguments(value))})"
    if isinstance(value, Predicted):
        return written(value.start)
    if isinstance(value, FromContext):
        return name_written(value.name)
    return "none" if value is None else component(value)


def name_written(name: str) -> str:
    """A name, in quotes where it is none of the language."""
    return name if name.isidentifier() and name.isascii() else f'"{name}"'


def declared(value: FromContext) -> str:
    """A context variable as it is declared: `t[3]`."""
    return name_written(value.name) + ("" if value.size is None else f"[{value.size}]")


def component(made: Any, *, defaults: bool = False, predicted: bool = False) -> str:
    """A base or a transform, its arguments as far as they are no defaults.

    defaults    write these too
    predicted   a network gives what is learned in it, so that it is not written
    """
    if getattr(made, "form", ""):
        return (_pipeline if made.form == "|>" else _form)(made, defaults)
    arguments = ", ".join(_arguments(made, defaults, predicted))
    size = getattr(made, "size", None)
    copies = f"[{size}]" if size is not None and not _has_vectors(made) else ""
    return type(made).__name__ + (f"({arguments})" if arguments else "") + copies


def signature(kind: type) -> str:
    """The call of a component, with its defaults: `Affine(shift=0, scale=1)`."""
    usual = {field.name: field.default for field in dataclasses.fields(kind)}
    arguments = [_parameter(name, spec, usual[name]) for name, spec in specs(kind).items()]
    return f"{kind.__name__}({', '.join(arguments)})" if arguments else kind.__name__


def default(value: Any) -> str:
    """The default of a field, in a signature."""
    if isinstance(value, Learn):
        return f"learn({_first(value.init):g})" if value.trained else "measured"
    if isinstance(value, tuple):
        return f"[{', '.join(map(default, value))}]"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:g}" if is_number else written(value)


def _parameter(name: str, spec: Any, value: Any) -> str:
    if isinstance(spec, ComponentSpec):
        return "base, base, ..." if spec.many else name
    return name if value is dataclasses.MISSING else f"{name}={default(value)}"


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(map(written, values))


def _first(value: Any) -> float:
    return float(np.asarray(value, float).flat[0])


def _is_uniform(value: Any) -> bool:
    """True if one number says all entries."""
    return bool(np.all(np.asarray(value) == _first(value)))


def _learn_arguments(value: Learn) -> list[str]:
    ends = {"low": value.low, "high": value.high}
    bounds = [f"{name}={number(end)}" for name, end in ends.items() if np.isfinite(end)]
    # One number fills the whole shape of a parameter that is learned.
    start = _first(value.init) if _is_uniform(value.init) else value.init
    return [written(start), *bounds]


def _pipeline(made: Any, defaults: bool) -> str:
    """A base with steps behind it."""
    return " |> ".join(component(each, defaults=defaults) for each in (made.base, *made.steps))


def _form(made: Any, defaults: bool) -> str:
    """A component that a form makes: its settings in parentheses, its inside in braces."""
    settings: list[str] = []
    inner: list[str] = []
    for name, spec in specs(made).items():
        value = getattr(made, name)
        if isinstance(spec, SettingSpec):
            settings += map(written, value if spec.kind is tuple else [value])
        else:
            inner.append(component(value, defaults=defaults))
    arguments = f"({', '.join(settings)})" if settings else ""
    return f"{made.form}{arguments} {{ {' |> '.join(inner)} }}"


def _arguments(made: Any, defaults: bool, predicted: bool) -> list[str]:
    usual = {field.name: field.default for field in dataclasses.fields(made)}
    arguments: list[str] = []
    named = False
    for name, spec in specs(made).items():
        value = getattr(made, name)
        if isinstance(spec, ComponentSpec):
            inner = value if spec.many else (value,)
            arguments += [component(each, predicted=spec.univariate) for each in inner]
            named = named or spec.many
        elif (predicted and isinstance(value, Learn | Predicted)) or (
            not defaults and _is_default(value, usual[name])
        ):
            named = True
        else:
            arguments.append(f"{name}={written(value)}" if named else written(value))
    return arguments


def _is_default(value: Any, usual: Any) -> bool:
    """True for a value that need not be written; one that is measured cannot be."""
    if isinstance(value, Predicted):
        value = value.start
    if isinstance(value, Learn) and isinstance(usual, Learn):
        bounds = (value.low, value.high, value.trained) == (usual.low, usual.high, usual.trained)
        return bounds and bool(np.all(np.asarray(value.init) == np.asarray(usual.init)))
    if isinstance(value, Learn | FromContext) or isinstance(usual, Learn):
        return False
    return np.shape(value) == np.shape(usual) and bool(np.all(np.asarray(value == usual)))


def _has_vectors(made: Any) -> bool:
    """True if the parameters of a base, as they are written, say its size."""
    values = [getattr(made, name) for name in specs(made)]
    fixed = [value for value in values if not isinstance(value, Learn | FromContext | Predicted)]
    learned = [value.init for value in values if isinstance(value, Learn)]
    if any(isinstance(value, FromContext) and value.size is not None for value in values):
        return True
    return any(map(np.ndim, fixed)) or not all(map(_is_uniform, learned))


# --- in short ----------------------------------------------------------------------------------


def in_short(value: Any) -> str:
    """A setting in a message."""
    if isinstance(value, tuple):
        rest = ", ..." if len(value) > LONGEST_LIST else ""
        return f"[{', '.join(map(in_short, value[:LONGEST_LIST]))}{rest}]"
    return written(value) if isinstance(value, bool | int | float | str) else "this"


def summary(value: Any) -> str:
    """A parameter in a table: what it is, if it is not fixed."""
    if isinstance(value, Learn):
        size = np.size(value.init)
        what = "learned" if value.trained else "measured"
        return what if size == 1 else f"{what} x {size}"
    if isinstance(value, Predicted):
        return "from the network"
    if isinstance(value, np.ndarray):
        text = np.array2string(value, separator=", ", threshold=6, edgeitems=2, precision=4)
        return " ".join(text.split())
    if isinstance(value, bool | int | float | FromContext):
        return written(value)
    return in_short(value) if isinstance(value, tuple) else str(value)


def summaries(made: Any) -> str:
    """The fields of a component, and the components inside it, in a table."""
    fields = [
        f"{name}={summary(getattr(made, name))}"
        for name, spec in specs(made).items()
        if not isinstance(spec, ComponentSpec)
    ]
    # The layers of a network follow from what is written: nobody has named them.
    named = (child for path, child in children(made) if path.partition(".")[0] in specs(made))
    inner = ", ".join(f"{child.title}({summaries(child)})".removesuffix("()") for child in named)
    return ", ".join([*fields, *([inner] if inner else [])])


def brief(made: Any) -> str:
    """What is not as usual in a component, and a network in a few words, in a table."""
    usual = {field.name: field.default for field in dataclasses.fields(made)}
    fields: list[str] = []
    for name, spec in specs(made).items():
        value = getattr(made, name)
        if isinstance(spec, ComponentSpec):
            inner = value if spec.many else (value,)
            fields += [component(each, predicted=spec.univariate) for each in inner]
        elif isinstance(value, Learn) or not _is_default(value, usual[name]):
            fields.append(f"{name}={summary(value)}")
        elif name in ALWAYS_SHOWN:
            fields.append(f"{name}={in_short(value)}")
    weights = _weights(made)
    return ", ".join([*fields, *([f"{weights:,} weights"] if weights else [])])


ALWAYS_SHOWN = ("loc", "scale", "low", "high", "shift", "hidden", "activation")
"""Fields that a table shows with their usual values, too: readers look for them."""


def _weights(made: Any) -> int:
    """Numbers of the layers that a component has grown."""
    grown = [child for path, child in children(made) if path.partition(".")[0] not in specs(made)]
    return sum(
        int(np.size(value.init))
        for child in grown
        for _, _, _, value in values(child, "")
        if isinstance(value, Learn)
    )
