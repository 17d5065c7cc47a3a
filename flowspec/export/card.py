"""The model card of a bundle: what it is, what goes in and out, how to run it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from flowspec.diagnostics.quantities import amount
from flowspec.export.how_to_run import how_to_run
from flowspec.export.profiles import ONNXRUNTIME, PROFILES, Profile
from flowspec.model.model import Model
from flowspec.runtime.external import SHARED
from flowspec.runtime.native import FOLDER, name_in
from flowspec.runtime.ranks import FILE as RANKS
from flowspec.runtime.targets import OF_ONE_VECTOR


def card(
    model: Model,
    about: dict[str, Any],
    profile: Profile,
    extras: Mapping[str, bytes],
    graphs: Collection[str],
) -> str:
    """The README.md of a bundle.

    profile  its target
    extras   the files that its training left
    graphs   the files that a runtime reads: graphs, their weights, C
    """
    flow = model.flow
    sections = [
        f"# A normalizing flow over {_listed(about['columns'])}",
        _what(about),
        "## Columns\n\n" + _columns(model, about),
        "## Steps, from the base to the data\n\n" + _steps(model),
        *(["## Training\n\n" + _training(extras)] if "metrics.json" in extras else []),
        "## Files\n\n" + _files(model, about, graphs),
        "## Measured when it was written\n\n" + _measured(about),
        "## Where it runs\n\n" + _engines(profile),
        "## How to run it\n\n" + how_to_run(model, about, graphs),
    ]
    assert flow is not None
    return "\n\n".join(sections) + "\n"


def _what(about: dict[str, Any]) -> str:
    condition = f" given {_listed(about['context'])}" if about["context"] else ""
    return (
        f"A density of {_listed(about['columns'])}{condition} that can be evaluated "
        f"and sampled. Written by FlowSpec "
        f"{about['flowspec']} as ONNX graphs (opset {about['opset']}, "
        f"{about['dtype']}); no Python is needed to run them."
    )


def _columns(model: Model, about: dict[str, Any]) -> str:
    rows = ["| column | support |", "|---|---|"]
    names = iter(map(_in_table, about["columns"]))
    for part in model.fixed.space.supports:
        rows += [f"| {next(names)} | {part} |" for _ in range(part.size)]
    if model.flow.context:
        pairs = zip(model.flow.context.names, model.flow.context.space.supports, strict=True)
        rows += [f"| {_in_table(name)} (context) | {part} |" for name, part in pairs]
    return "\n".join(rows)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(_in_table, names))


def _in_table(name: str) -> str:
    """A name in a table of Markdown, where a stroke would begin a new cell, a line break a new row,
    and what looks like HTML would be some.
    """
    plain = name.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
    return " ".join(plain.split()) if any(c in plain for c in "\n\r\v\f\u2028\u2029") else plain


def _steps(model: Model) -> str:
    fixed = model.fixed
    rows = ["| step | gives |", "|---|---|", f"| {fixed.base.title} | {fixed.base_space} |"]
    return "\n".join(rows + [f"| {step.transform.title} | {step.output} |" for step in fixed.steps])


def _training(extras: Mapping[str, bytes]) -> str:
    metrics = json.loads(extras["metrics.json"])
    rows = [
        "| | |",
        "|---|---|",
        f"| rows | {metrics['rows']['training']:,} for training, "
        f"{metrics['rows']['validation']:,} held out |",
        *(_members(metrics) if "members" in metrics else _losses(metrics)),
    ]
    rows += _verdict(metrics.get("judged", {}))
    rows.append(
        "| settings | "
        + ", ".join(f"{name} {value}" for name, value in metrics["settings"].items())
        + " |"
    )
    judged = "held-out rows" if metrics["rows"]["validation"] else "rows that were trained on"
    pictures = {
        "training.png": "the losses over the epochs",
        "samples.png": "data against samples",
        "calibration.png": f"how often {judged} lie below the quantiles that "
        "the flow gives for their contexts",
        "conditional.png": "data against the first variable of the context, with "
        "the flow's quantiles",
    }
    return "\n".join(rows) + "".join(
        f"\n\n![{text}]({name})" for name, text in pictures.items() if name in extras
    )


def _losses(metrics: Mapping[str, Any]) -> Iterator[str]:
    """The best epoch of a training and its losses, as rows of the table."""
    yield f"| epochs | {metrics['epochs']}, the best one was {metrics['best_epoch']} |"
    yield from _loss("loss then", metrics["loss"], metrics["validation"])


def _members(metrics: Mapping[str, Any]) -> Iterator[str]:
    """The losses of an ensemble and of its members, as rows of the table."""
    count = amount(len(metrics["members"]), "member")
    yield f"| epochs | {metrics['epochs']}, of {count} |"
    means = (metrics[f"mean_{name}_of_members"] for name in ("loss", "validation"))
    yield from _loss("mean loss of the members", *means)
    if metrics["validation"] is not None:
        yield f"| loss of the ensemble, nats per row | {metrics['validation']:.4f} held out |"


def _loss(name: str, loss: float | None, validation: float | None) -> Iterator[str]:
    if loss is not None:
        also = "" if validation is None else f", {validation:.4f} on those held out"
        yield f"| {name}, nats per row | {loss:.4f} on the training rows{also} |"


def _verdict(judged: Mapping[str, Any]) -> list[str]:
    """The verdict on the fit, and the sides of it that are not fine, as rows of the table."""
    if "verdict" not in judged:
        return []
    wanting = [item for item in judged["items"] if item["verdict"] != "fine"]
    lines = [f"{item['verdict']}: {_in_table(item['figure'])}" for item in wanting]
    words = "; ".join([judged["verdict"], *lines] if lines else [judged["verdict"]])
    return [f"| verdict by {amount(judged['rows'], 'row')} held out | {words} |"]


def _latent(about: dict[str, Any]) -> str:
    """The distribution of the points in the base."""
    kinds = [kind if kind in DRAWS else f"`{kind}`" for kind in dict.fromkeys(about["latent"])]
    return f"distributed as {' and '.join(DRAWS.get(kind, kind) for kind in kinds)}"


DRAWS = {"normal": "standard normal numbers", "uniform": "uniform ones in (0, 1)"}


def _gradients(x: str, context: str, noise: str, n: Any) -> dict[str, str]:
    """Rows of the table for the graphs of gradients, by the names of their files."""
    of_context = context.replace("`context`", "`context_grad`")
    of_noise = noise.partition("]")[0].replace("`noise`", "`noise_grad`") + "]"
    cotangents = f"`x_cotangent` {x}, `log_prob_cotangent` [{n}]"
    return {
        "log_prob_grad.onnx": f"| `log_prob_grad.onnx` | `x` {x}{context} | `log_prob` [{n}], "
        f"`x_grad` {x}{of_context} |",
        "from_noise_grad.onnx": f"| `from_noise_grad.onnx` | {noise}{context}, {cotangents} | "
        f"`x` {x}, `log_prob` [{n}], {of_noise}{of_context} |",
    }


SHARED_ROW = f"| `{SHARED}` | | constants of all graphs: it lies beside them |"


def _native(files: Collection[str]) -> list[str]:
    """The rows of the C of a bundle, and of its WebAssembly."""
    name = name_in(files)
    rows = []
    if name is not None:
        replay = f"`{FOLDER}/replay.c` replays the vectors"
        rows.append(f"| `{FOLDER}/{name}.c`, `{name}.h` | | the flow as plain C; {replay} |")
    if f"{FOLDER}/{name}.weights" in files:
        rows.append(f"| `{FOLDER}/{name}.weights` | | its weights, which `{name}.c` is given |")
    if f"{FOLDER}/{name}.wasm" in files:
        words = "that C as WebAssembly, and the module for Node and browsers"
        rows.append(f"| `{FOLDER}/{name}.wasm`, `{name}.mjs` | | {words} |")
    return rows


def _files(model: Model, about: dict[str, Any], graphs: Collection[str]) -> str:
    n = about["batch"] or "N"
    x = f"[{n}]" if about["scalar"] else f"[{n}, {len(about['columns'])}]"
    z = x if about["scalar"] else f"[{n}, {len(about['latent'])}]"
    context = f", `context` [{n}, {len(about['context'])}]" if about["context"] else ""
    count = "" if about["batch"] else context or ", `n` int64 []"
    if about["batch"] and about["context"]:
        count = context
    noise = (
        f"`noise` [{n}, {len(about['noise'])}], {' and '.join(sorted(set(about['noise'])))} draws"
    )
    inputs = f"`x` {x}{context}"
    if about["target"] in OF_ONE_VECTOR:
        names = _listed([*about["context"], *about["columns"]])
        inputs = f"`row` [{len(about['context']) + len(about['columns'])}]: {names}"
    of_graphs = {
        "log_prob.onnx": f"| `log_prob.onnx` | {inputs} | `log_prob` [{n}] |",
        "sample.onnx": f"| `sample.onnx` | `seed` int64 []{count}, `first_row` int64 [] | `x` "
        f"{x}, `log_prob` [{n}] |",
        "from_noise.onnx": f"| `from_noise.onnx` | {noise}{context} | `x` {x}, `log_prob` [{n}] |",
        "to_base.onnx": f"| `to_base.onnx` | `x` {x}{context} | `z` {z}, {_latent(about)}, "
        f"`log_prob` [{n}] |",
        **_gradients(x, context, noise, n),
    }
    rows = [
        "| file | inputs | outputs |",
        "|---|---|---|",
        *(row for name, row in of_graphs.items() if name in graphs),
        *([SHARED_ROW] if SHARED in graphs else []),
        *_native(graphs),
        "| `flow.json` | | the flow, its supports, the kinds of noise, hashes, what was measured |",
        "| `vectors.json` | | inputs and outputs that a runtime can be checked with |",
    ]
    if model.flow.learned():
        rows.append("| `weights.safetensors` | | what was learned |")
    if RANKS in graphs:
        rows.append(f"| `{RANKS}` | | densities of the rows that it was trained on, for ranks |")
    notes = (
        f"All floats are {about['dtype']}. `log_prob` is the natural logarithm; "
        "-inf outside the support, NaN for NaN."
    )
    if "sample.onnx" in graphs:
        notes += (
            " The same seed gives the same samples in every session, thread and runtime, and "
            "row i depends on `seed` and `first_row + i` only."
        )
    return "\n".join(rows) + "\n\n" + notes


def _measured(about: dict[str, Any]) -> str:
    words = {
        "round_trip": "density of a sample against the density that came with it",
        "parity": "against the same formulas in numpy, same float type",
        "accuracy": "against float64",
        "solver": "what twice as many steps of the solver change, in float64",
        "normalisation": "integral of the density minus 1, in float64",
    }
    rows = ["| figure | largest relative difference |", "|---|---|"]
    figures = about["certificate"].items()
    return "\n".join(rows + [f"| {words[name]} | {_figure(value)} |" for name, value in figures])


def _figure(value: float | None) -> str:
    if value is None:
        return "not finite"
    return f"{value:.0e}" if value else "none found"


def _engines(profile: Profile) -> str:
    """The target, and the engines that are known to be wrong on its graphs."""
    lines = [f"The graphs are for the target `{profile.name}`: {profile.title}."]
    if profile.wrong_on:
        lines.append("It is known to be wrong on:\n\n" + _list(profile.wrong_on))
    if profile is ONNXRUNTIME:
        others = [
            f"{each.title}: {each.wrong_on_default}. Compile with `--target {each.name}`"
            for each in PROFILES.values()
            if each.wrong_on_default
        ]
        lines.append(
            "Other engines are known to be wrong on them, some without a word:\n\n" + _list(others)
        )
    return "\n\n".join(lines)


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}." for line in lines)
