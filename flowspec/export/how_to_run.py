"""The last section of a bundle's README: programs of a few lines that run it, and other ways."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from flowspec.model.model import Model
from flowspec.runtime.targets import OF_ONE_VECTOR
from flowspec.support.space import Space

ROWS = 1000
"""Rows that the examples draw, where the graphs have no fixed number of them."""

HEAD = ["import numpy as np", "import onnxruntime", ""]


def how_to_run(model: Model, about: dict[str, Any], graphs: Collection[str]) -> str:
    """The examples for a bundle, in Markdown.

    graphs   the names of its files that are graphs
    """
    samples = "sample.onnx" in graphs
    parts = [
        "Python, with numpy and onnxruntime alone:",
        _fenced("python", HEAD + _numpy(model, about, graphs)),
        "Python, with FlowSpec, which checks what goes in:",
        _fenced("python", _flowspec(about, samples)),
    ]
    if samples:
        parts += ["JavaScript, with onnxruntime-node or onnxruntime-web:", _js(about)]
    return "\n\n".join([*parts, _others(samples)])


def _fenced(language: str, lines: Sequence[str]) -> str:
    return "\n".join([f"```{language}", *lines, "```"])


def _others(samples: bool) -> str:
    clients = (
        "FlowSpec's `clients/js` and `clients/cpp` are packages for JavaScript and C++, with the "
        "checks and the messages of Python."
    )
    programs = (
        "`flowspec embed . --lang LANGUAGE` writes a program for this bundle in js, python, cpp, "
        "c, csharp, java, rust, go or r."
    )
    return f"{clients} {programs}" if samples else clients


# --- Python ---------------------------------------------------------------------------------------


def _numpy(model: Model, about: dict[str, Any], graphs: Collection[str]) -> list[str]:
    if about["target"] in OF_ONE_VECTOR:
        return _one_vector(model, about)
    rows = about["batch"] or ROWS
    context = _context(model, about, rows)
    feeds = ', "context": context' if context else ""
    drawn = _sampled(about, rows, feeds) if "sample.onnx" in graphs else _moved(about, rows, feeds)
    return [
        *context,
        *drawn,
        _opened("density", "log_prob"),
        f'(log_prob,) = density.run(["log_prob"], {{"x": x{feeds}}})',
    ]


def _opened(name: str, graph: str) -> str:
    return f'{name} = onnxruntime.InferenceSession("{graph}.onnx")'


def _sampled(about: dict[str, Any], rows: int, feeds: str) -> list[str]:
    counted = not about["context"] and about["batch"] is None
    numbers = {"seed": 1, "first_row": 0, **({"n": rows} if counted else {})}
    values, named = ", ".join(map(str, numbers.values())), ", ".join(f'"{n}": {n}' for n in numbers)
    return [
        f"{', '.join(numbers)} = (np.array(value, np.int64) for value in ({values}))",
        _opened("sampler", "sample"),
        f"feeds = {{{named}{feeds}}}",
        'x, log_prob = sampler.run(["x", "log_prob"], feeds)',
    ]


def _moved(about: dict[str, Any], rows: int, feeds: str) -> list[str]:
    """Points from noise that numpy draws, where the bundle has no samples of its own."""
    kinds, size = about["noise"], f"({rows}, {len(about['noise'])})"
    draws = {
        "normal": f"generator.standard_normal({size})",
        "uniform": f"generator.uniform(size={size})",
    }
    noise = draws[kinds[0]]
    if len({*kinds}) > 1:
        is_normal = [kind == "normal" for kind in kinds]
        noise = f"np.where({is_normal}, {draws['normal']}, {draws['uniform']})"
    return [
        "generator = np.random.default_rng(1)",
        f"noise = {noise}.astype(np.{about['dtype']})",
        _opened("from_noise", "from_noise"),
        f'x, log_prob = from_noise.run(["x", "log_prob"], {{"noise": noise{feeds}}})',
    ]


def _context(model: Model, about: dict[str, Any], rows: int) -> list[str]:
    """The line that makes a context of values that the flow takes, the same in every row."""
    if not model.flow.context:
        return []
    values = _inside(model.flow.context.space)
    if len({*values}) == 1:
        made = f"np.full(({rows}, {len(values)}), {values[0]}, np.{about['dtype']})"
    else:
        made = f"np.tile(np.array({values}, np.{about['dtype']}), ({rows}, 1))"
    return [f"context = {made}"]


def _one_vector(model: Model, about: dict[str, Any]) -> list[str]:
    """The context and the point of one row, joined."""
    spaces = {"x": model.fixed.space}
    if model.flow.context:
        spaces = {"context": model.flow.context.space, **spaces}
    parts = ", ".join(spaces)
    return [
        *(
            f"{name} = np.array({_inside(space)}, np.{about['dtype']})"
            for name, space in spaces.items()
        ),
        _opened("density", "log_prob"),
        f'(log_prob,) = density.run(["log_prob"], {{"row": np.concatenate([{parts}])}})',
    ]


def _inside(space: Space) -> list[float]:
    """A point of a space."""
    return list(np.concatenate([support.safe_point for support in space.supports]).tolist())


def _flowspec(about: dict[str, Any], samples: bool) -> list[str]:
    if samples:
        given = "context=context" if about["context"] else str(about["batch"] or ROWS)
        call = f"x, log_prob = bundle.sample({given}, seed=1, with_log_prob=True)"
    else:
        call = f"log_prob = bundle.log_prob({'x, context' if about['context'] else 'x'})"
    return ["import flowspec", "", 'bundle = flowspec.load(".")', call]


# --- JavaScript -----------------------------------------------------------------------------------


def _js(about: dict[str, Any]) -> str:
    counted = not about["context"] and about["batch"] is None
    context = f'new ort.Tensor("{about["dtype"]}", contextValues, [n, C])'
    lines = [
        'const session = await ort.InferenceSession.create("sample.onnx");',
        "const feeds = {",
        '  seed: new ort.Tensor("int64", [1n], []),',
        *(['  n: new ort.Tensor("int64", [1000n], []),'] if counted else []),
        '  first_row: new ort.Tensor("int64", [0n], []),',
        "};",
        *([f"feeds.context = {context};"] if about["context"] else []),
        "const { x, log_prob } = await session.run(feeds);",
    ]
    return _fenced("js", lines)
