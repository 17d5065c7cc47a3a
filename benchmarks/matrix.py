"""Every graph of many bundles in every engine, as docs/runtimes.md: `make matrix`.

    python benchmarks/matrix.py [--folder .matrix] [--engines openvino tract] [--bundles iris MAF]
                                [--page docs/runtimes.md]

The bundles are the examples, one of each architecture, and one of uniform numbers, whose samples
show whether the integers of the generator are right to the last bit. Each is compiled for the
target that is meant for an engine. Results are kept in FOLDER/results: with `--engines` or
`--bundles` only those are replayed anew.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from matrix_page import page
from set_up_engines import older, pins

import flowspec
from flowspec.export.profiles import PROFILES
from flowspec.runtime.engines.onnxruntime import Onnxruntime
from flowspec.runtime.replay.engine import WORKER, Engine, Missing
from flowspec.runtime.replay.process import answers
from flowspec.runtime.replay.registry import engine_named, engine_names
from flowspec.runtime.verification import cases, compared, jobs_of, merged, vectors_of

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
LIMIT = 180.0
"""Seconds that an engine may be silent."""

ARCHITECTURES = (
    "MAF", "IAF", "NICE", "RealNVP", "NSF", "NCSF", "SOSPF", "BPF", "GF", "CNF", "NAF", "UNAF",
    "BNAF", "GMM",
)  # fmt: skip

EXACT = "uniform numbers"
"""The bundle whose samples are the numbers of the generator."""

HALF_A_BIT = 2.0**-25
"""Two of its numbers, as vectors write them, differ by more."""


class Older(Onnxruntime):
    """An older onnxruntime, in an environment of its own."""

    def __init__(self, folder: Path, pin: str):
        self.name = pin.replace("==", " ")
        self.version_name = pin.partition("==")[2]
        self.advice = "`make matrix` installs it"
        if float(self.version_name.rpartition(".")[0]) < 1.17:
            self.target = "onnxruntime-2023"
        self.python = older(folder, pin) / "bin" / "python"

    def version(self) -> str:
        if not self.python.exists():
            raise Missing("it was not installed")
        return self.version_name

    def command(self, folder: Path) -> list[str]:
        return [str(self.python), "-m", WORKER, "onnxruntime", str(folder)]


def all_engines(folder: Path) -> list[Engine]:
    older_ones = [Older(folder, pin) for pin in pins("older")]
    return [*map(engine_named, engine_names()), *older_ones]


def flows() -> dict[str, tuple[flowspec.Flow, Path | None]]:
    """The flows of the matrix by name, with the files of their weights."""
    found: dict[str, tuple[flowspec.Flow, Path | None]] = {}
    for source in sorted(EXAMPLES.glob("*.flow")):
        weights = EXAMPLES / "weights" / f"{source.stem}.safetensors"
        found[source.stem] = flowspec.read(source), weights if weights.exists() else None
    for name in ARCHITECTURES:
        context = "context k: real\n" if name == "MAF" else ""
        found[name] = flowspec.parse(f"{context}{name}(3)"), None
    found[EXACT] = flowspec.parse("Uniform(0, 1)[3]"), None
    return found


def compiled(folder: Path, target: str, names: Iterable[str]) -> dict[str, Path | str]:
    """Bundles for a target by name; where it refuses one, its words."""
    found: dict[str, Path | str] = {}
    profile = PROFILES[target]
    rows = None if profile.any_batch or profile.rows else 24
    gradient = "log_prob_grad" in profile.graphs
    for name, (flow, weights) in flows().items():
        path = folder / "bundles" / target / name.replace(" ", "_")
        if name in names:
            try:
                if not path.exists():
                    flowspec.compile(
                        flow, path, weights, target=target, batch=rows, gradient=gradient,
                        native=target == "onnxruntime",
                    )  # fmt: skip
                found[name] = path
            except flowspec.FlowError as refusal:
                found[name] = str(refusal).splitlines()[0]
    return found


def replay(engine: Engine, bundles: dict[str, Path | str]) -> dict[str, Any]:
    """What an engine made of each graph of each bundle."""
    results: dict[str, Any] = {
        name: {"refused": words} for name, words in bundles.items() if isinstance(words, str)
    }
    replays = []
    for name, path in bundles.items():
        if isinstance(path, Path):
            bundle = flowspec.load(path)
            replays += [
                (name, bundle, case)
                for case in cases(bundle, vectors_of(bundle))
                if engine.graphs is None or case.graph in engine.graphs
            ]
    jobs = [jobs_of(bundle, case) for _, bundle, case in replays]
    found = iter(answers(engine, [job for group in jobs for job in group], LIMIT))
    for (name, _, case), group in zip(replays, jobs, strict=True):
        answer = merged([next(found) for _ in group])
        outputs = [c.to_json() for c in compared(case, answer)]
        if name == EXACT and case.graph == "sample":
            outputs = list(map(to_the_last_bit, outputs))
        for output in outputs:
            place = f"{case.graph}.{output['output']}"
            output["reason"] = engine.explained(place, output["reason"])
        results.setdefault(name, {})[case.graph] = outputs
    return results


def to_the_last_bit(output: dict[str, Any]) -> dict[str, Any]:
    """Numbers (k + 1/2) 2^-23 whose integers k are others are not right."""
    if output["output"] == "x" and output["passed"] and output["difference"] >= HALF_A_BIT:
        return output | {"passed": False, "reason": "the integers of the generator are others"}
    return output


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / ".matrix")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "runtimes.md")
    parser.add_argument("--engines", nargs="*", help="columns to replay; default: all")
    parser.add_argument("--bundles", nargs="*", default=list(flows()))
    options = parser.parse_args()
    kept = options.folder / "results"
    kept.mkdir(exist_ok=True)
    results = {}
    for engine in all_engines(options.folder):
        place = kept / f"{engine.name}.json"
        if options.engines is None or engine.name in options.engines:
            known = json.loads(place.read_text()) if place.exists() else {"bundles": {}}
            place.write_text(json.dumps(one_column(engine, known, options), indent=1))
        if place.exists():
            results[engine.name] = json.loads(place.read_text())
    options.page.parent.mkdir(exist_ok=True)
    options.page.write_text(page(results, list(flows())))
    print(f"wrote {options.page}")


def one_column(
    engine: Engine, known: dict[str, Any], options: argparse.Namespace
) -> dict[str, Any]:
    """What is known of an engine, with what is asked for replayed in it."""
    start = time.perf_counter()
    known |= {"target": engine.target, "informative": engine.informative}
    try:
        known |= {"version": engine.version(), "missing": ""}
    except Missing as missing:
        return known | {"version": "", "missing": f"{missing}; {engine.advice}"}
    bundles = compiled(options.folder, engine.target, options.bundles)
    known["bundles"] |= replay(engine, bundles)
    graphs = [
        all(output["passed"] for output in outputs)
        for bundle in known["bundles"].values()
        for graph, outputs in bundle.items()
        if graph != "refused"
    ]
    seconds = time.perf_counter() - start
    print(f"{engine.name}: {sum(graphs)} of {len(graphs)} graphs in {seconds:.0f} s", flush=True)
    return known


if __name__ == "__main__":
    main()
