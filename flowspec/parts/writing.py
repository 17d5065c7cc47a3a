"""Values and components as the language writes them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from flowspec.parts.fields import PartSpec, SettingSpec, specs
from flowspec.parts.values import FromContext, Learn
from flowspec.support.support import number


def written(value: Any) -> str:
    """A value: a number, a word, a vector, `learn(...)`, a context variable, a component."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float | np.number):
        return number(float(value))
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple | list | np.ndarray):
        if isinstance(value, np.ndarray) and not value.shape:
            return written(float(value))
        return f"[{_listed(value)}]"
    if isinstance(value, Learn):
        return f"learn({', '.join(_learn_arguments(value))})"
    if isinstance(value, FromContext):
        return value.name
    return "none" if value is None else component(value)


def component(made: Any, *, defaults: bool = False) -> str:
    """A base or a transform, its arguments as far as they are no defaults, or (`defaults`) all."""
    kind = type(made)
    if getattr(kind, "form", ""):
        return _form(made, defaults)
    size = getattr(made, "size", None)
    copies = f"[{size}]" if size is not None and not _has_vectors(made) else ""
    arguments = _arguments(made, defaults)
    return kind.__name__ + (f"({', '.join(arguments)})" if arguments else "") + copies


def signature(kind: type) -> str:
    """How a component is called, with its defaults: `Affine(shift=0, scale=1)`."""
    names = {field.name: field.default for field in dataclasses.fields(kind)}
    arguments = [_parameter(name, spec, names[name]) for name, spec in specs(kind).items()]
    return f"{kind.__name__}({', '.join(arguments)})" if arguments else kind.__name__


def default(value: Any) -> str:
    """The default of a field, in short."""
    if isinstance(value, Learn):
        start = np.asarray(value.init, float).flat[0]
        return f"learn({start:g})" if value.trained else "measured"
    if isinstance(value, tuple):
        return f"[{', '.join(map(default, value))}]"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:g}" if is_number else written(value)


def _parameter(name: str, spec: Any, value: Any) -> str:
    if isinstance(spec, PartSpec):
        return "base, base, ..." if spec.many else name
    return name if value is dataclasses.MISSING else f"{name}={default(value)}"


def _listed(values: Any) -> str:
    return ", ".join(written(value) for value in values)


def _learn_arguments(value: Learn) -> list[str]:
    ends = {"low": value.low, "high": value.high}
    bounds = [f"{name}={number(end)}" for name, end in ends.items() if np.isfinite(end)]
    init = np.asarray(value.init, float)
    # One number stands for the whole vector that it fills.
    start = init.flat[0] if init.size and np.all(init == init.flat[0]) else init
    return [written(start), *bounds]


def _form(made: Any, defaults: bool) -> str:
    """What a form makes: its settings in parentheses, the component inside it in braces."""
    kind = type(made)
    settings, inner = [], []
    for name, spec in specs(kind).items():
        value = getattr(made, name)
        if isinstance(spec, SettingSpec):
            settings += [written(each) for each in (value if spec.kind is tuple else [value])]
        else:
            inner.append(component(value, defaults=defaults))
    arguments = f"({', '.join(settings)})" if settings else ""
    return f"{kind.form}{arguments} {{ {' |> '.join(inner)} }}"


def _arguments(made: Any, defaults: bool) -> list[str]:
    usual = {field.name: field.default for field in dataclasses.fields(made)}
    arguments: list[str] = []
    skipped = False
    for name, spec in specs(made).items():
        value = getattr(made, name)
        if isinstance(spec, PartSpec) and spec.many:
            arguments += map(component, value)
        elif not defaults and _is_default(value, usual[name]):
            skipped = True
        else:
            text = written(value)
            arguments.append(f"{name}={text}" if skipped else text)
    return arguments


def _is_default(value: Any, default: Any) -> bool:
    """True for what need not be written; what is measured cannot be."""
    if isinstance(value, Learn) and isinstance(default, Learn):
        ends = (value.low, value.high, value.trained) == (
            default.low,
            default.high,
            default.trained,
        )
        return ends and bool(np.all(np.asarray(value.init) == np.asarray(default.init)))
    if isinstance(value, Learn) or isinstance(default, Learn) or default is dataclasses.MISSING:
        return False
    return np.shape(value) == np.shape(default) and bool(np.all(np.asarray(value == default)))


def _has_vectors(made: Any) -> bool:
    """True if the parameters of a base say its size already."""
    sizes = [np.shape(getattr(value, "init", value)) for value in _values(made)]
    return any(sizes)


def _values(made: Any) -> list[Any]:
    return [
        getattr(made, name) for name, spec in specs(made).items() if not isinstance(spec, PartSpec)
    ]
