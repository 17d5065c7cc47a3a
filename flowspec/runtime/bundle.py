"""A bundle, opened: log_prob, sample and from_noise through onnxruntime.

No torch, no compiler.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
import onnxruntime
from numpy.typing import ArrayLike, NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph, InvalidProtobuf

from flowspec.data.rows import context_beside, context_rows, table_rows, vector_rows
from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.diagnostics.inputs import ContextOutside, whole
from flowspec.runtime.formats import BrokenBundle, describe, read

Rows = NDArray[Any]
"""Points, noise, context or log-densities, a row or a number each."""

ROWS_AT_ONCE = 4096
"""Larger inputs are cut: beyond some thousand rows the intermediate results fall out of
the caches.
"""

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
    "directml": "DmlExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
}


@mistake
class ProviderMissing(Diagnostic):
    message = "onnxruntime has no provider `{name}` here"
    help = "{advice}"
    name: str
    advice: str


def load(
    directory: str | Path,
    provider: str = "cpu",
    threads: int | None = None,
    rows_at_once: int = ROWS_AT_ONCE,
) -> Bundle:
    """Open a bundle. Its files are checked against the hashes in `flow.json`.

    provider       "cpu", "cuda", or another that this onnxruntime has
    threads        threads for one call; None leaves it to onnxruntime. The bundle may be
                   used from
                   many threads
    rows_at_once   inputs with more rows are cut

    Errors:  FlowError, where the directory is not a complete bundle or one of a newer
             FlowSpec, or
             the provider is not there.
    Example:
        >>> import flowspec
        >>> bundle = flowspec.load("exported/one_liner")
        >>> bundle.log_prob([0.1, 0.5, 0.77]).round(4)
        array([-0.0482, -0.9189, -0.6198], dtype=float32)
    """
    path = Path(directory)
    return opened(path, *read(path), provider, threads, rows_at_once)


def opened(
    path: Path,
    about: dict[str, Any],
    files: dict[str, bytes],
    provider: str = "cpu",
    threads: int | None = None,
    rows_at_once: int = ROWS_AT_ONCE,
) -> Bundle:
    """A bundle of files that are in memory: what its `flow.json` says, and its graphs by
    name.
    """
    whole("rows_at_once", rows_at_once, 1)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if threads is not None:
        options.intra_op_num_threads = threads
    return Bundle(path, about, files, options, _provider(provider), rows_at_once)


def _provider(name: str) -> str:
    wanted, available = PROVIDERS.get(name, name), onnxruntime.get_available_providers()
    if wanted in available:
        return wanted
    known = {full: short for short, full in PROVIDERS.items()}
    there = ", ".join(f"`{known.get(full, full)}`" for full in available)
    advice = f"there are {there}" + ("; for CUDA install onnxruntime-gpu" if name == "cuda" else "")
    raise FlowError(ProviderMissing(name=name, advice=advice))


class Bundle:
    """A compiled flow. Points are (N, D), or (N,) for a scalar flow; context is (N, C). What has
    columns with names is read by name; one column may be given as (N,) or (N, 1).

    columns   names of the coordinates
    context   names of the conditioning variables, empty if there are none
    noise     kinds of the standard draws, column by column
    dtype     numpy dtype of inputs and outputs
    about     everything that `flow.json` says
    """

    def __init__(
        self,
        path: Path,
        about: dict[str, Any],
        files: dict[str, bytes],
        options: onnxruntime.SessionOptions,
        provider: str,
        rows_at_once: int,
    ):
        self.path = path
        self.about = about
        said = describe(about)
        self.columns = said.columns
        self.context = said.context
        self.noise = said.noise
        self.dequantized = said.dequantized
        self.dtype = said.dtype
        self._scalar = said.scalar
        self._batch = said.batch
        self._context_supports = said.supports
        self._files = files
        self._options = options
        self._provider = provider
        self._rows = said.batch or rows_at_once

    def __repr__(self) -> str:
        return f"Bundle({str(self.path)!r}: {', '.join(self.columns)})"

    def session(self, name: str) -> onnxruntime.InferenceSession:
        """The graph `log_prob`, `sample` or `from_noise`, opened anew."""
        try:
            return onnxruntime.InferenceSession(
                self._files[f"{name}.onnx"], self._options, providers=[self._provider]
            )
        except (Fail, InvalidGraph, InvalidProtobuf):
            reason = f"onnxruntime {onnxruntime.__version__} cannot open {name}.onnx"
            raise FlowError(BrokenBundle(directory=str(self.path), reason=reason)) from None

    @cached_property
    def _log_prob(self) -> onnxruntime.InferenceSession:
        return self.session("log_prob")

    @cached_property
    def _sample(self) -> onnxruntime.InferenceSession:
        return self.session("sample")

    @cached_property
    def _from_noise(self) -> onnxruntime.InferenceSession:
        return self.session("from_noise")

    # --- the three graphs -------------------------------------------------------------------------

    def log_prob(self, x: ArrayLike, context: ArrayLike | None = None) -> Rows:
        """Density of the flow at `x`.

        Shapes:  x (N, D) or (N,), context (N, C) or (C,) for all rows  ->  (N,); or tables, and
                 that of `x` may hold the context
        Values:  natural log; -inf outside the support; NaN only where x is NaN.
        Errors:  FlowError, where a shape does not fit or the context is missing.
        """
        points = self._points(x)
        context = context_beside(self.context, x, context)
        feeds = {"x": points} | self._context(context, len(points))
        return self._cut(self._log_prob, feeds, len(points), ["log_prob"])[0]

    @overload
    def sample(
        self,
        n: int | None = None,
        seed: int = 0,
        context: ArrayLike | None = None,
        first_row: int = 0,
        with_log_prob: Literal[False] = False,
    ) -> Rows: ...

    @overload
    def sample(
        self,
        n: int | None = None,
        seed: int = 0,
        context: ArrayLike | None = None,
        first_row: int = 0,
        *,
        with_log_prob: Literal[True],
    ) -> tuple[Rows, Rows]: ...

    def sample(
        self,
        n: int | None = None,
        seed: int = 0,
        context: ArrayLike | None = None,
        first_row: int = 0,
        with_log_prob: bool = False,
    ) -> Rows | tuple[Rows, Rows]:
        """Draw from the flow. Row i depends on `seed` and `first_row + i` only.

        Shapes:  (n, D) or (n,); with `with_log_prob` also the log-densities (n,). A
                 conditional
                 flow draws one row for each row of `context`, or n rows for one.
        Errors:  FlowError, where n or the context does not fit.
        """
        if n is None and context is None:
            n = 1
        n = None if n is None else whole("n", n, 0)
        seed = whole("seed", seed, -(2**63))
        feeds = self._context(context, n)
        count = int(len(feeds["context"]) if feeds and n is None else n or 0)
        first_row = whole("first_row", first_row, -(2**63), 2**63 - max(count, 1))
        drawn = [
            self._draw(count, seed, first_row + start, start, feeds)
            for start in range(0, count, self._rows)
        ]
        x, log_prob = self._joined(drawn, count)
        return (x, log_prob) if with_log_prob else x

    def _draw(
        self, count: int, seed: int, row: int, start: int, context_feeds: dict[str, Rows]
    ) -> list[Rows]:
        rows = min(self._rows, count - start)
        feeds = {"seed": np.array(seed, np.int64), "first_row": np.array(row, np.int64)}
        if context_feeds:
            feeds["context"] = self._padded(context_feeds["context"][start : start + rows])
        elif self._batch is None:
            feeds["n"] = np.array(rows, np.int64)
        return [output[:rows] for output in self._sample.run(["x", "log_prob"], feeds)]

    def from_noise(self, noise: ArrayLike, context: ArrayLike | None = None) -> tuple[Rows, Rows]:
        """Points and their log-densities from standard noise.

        Shapes:  noise (N, K), K columns of the kinds that `noise` lists  ->  x (N, D) or
                 (N,),
                 log_prob (N,)
        Errors:  FlowError, where a shape does not fit or the context is missing.
        """
        standard = table_rows(noise, "noise", len(self.noise), self.dtype)
        feeds = {"noise": standard} | self._context(context, len(standard))
        x, log_prob = self._cut(self._from_noise, feeds, len(standard), ["x", "log_prob"])
        return x, log_prob

    # --- inputs and outputs -----------------------------------------------------------------------

    def _points(self, x: ArrayLike) -> Rows:
        if self._scalar:
            return vector_rows(x, "x", self.dtype, self.columns)
        return table_rows(x, "x", len(self.columns), self.dtype, self.columns)

    def _context(self, context: ArrayLike | None, rows: int | None) -> dict[str, Rows]:
        rows_of_context = context_rows(self.context, context, rows, self.dtype)
        if rows_of_context is None:
            return {}
        self._check_context(rows_of_context)
        return {"context": np.ascontiguousarray(rows_of_context)}

    def _check_context(self, context: Rows) -> None:
        """Refuse values that the flow was not declared for.

        NaN passes: its log-density is NaN.
        """
        for column, (name, support) in enumerate(
            zip(self.context, self._context_supports, strict=True)
        ):
            values = context[:, column]
            outside = np.flatnonzero(support.excludes(values))
            if outside.size:
                first = int(outside[0])
                raise FlowError(
                    ContextOutside(
                        name=name,
                        value=f"{values[first]:g}",
                        row=first,
                        support=support.brackets,
                        count=outside.size,
                        rows=len(context),
                    )
                )

    def _cut(
        self,
        session: onnxruntime.InferenceSession,
        feeds: dict[str, Rows],
        count: int,
        names: list[str],
    ) -> list[Rows]:
        """Run a graph on pieces that stay in the caches."""
        if count <= self._rows and self._batch is None:
            return list(session.run(names, feeds))
        pieces = []
        for start in range(0, count, self._rows):
            rows = min(self._rows, count - start)
            piece = {
                name: self._padded(value[start : start + rows]) for name, value in feeds.items()
            }
            pieces.append([output[:rows] for output in session.run(names, piece)])
        if not pieces:
            return [
                np.empty((0, *self._row)[: 1 if name == "log_prob" else None], self.dtype)
                for name in names
            ]
        return [np.concatenate(outputs) for outputs in zip(*pieces, strict=True)]

    @property
    def _row(self) -> tuple[int, ...]:
        return () if self._scalar else (len(self.columns),)

    def _padded(self, rows: Rows) -> Rows:
        """Rows for a graph of a fixed batch: the last one repeated."""
        missing = (self._batch or len(rows)) - len(rows)
        return np.concatenate([rows, np.repeat(rows[-1:], missing, axis=0)]) if missing else rows

    def _joined(self, drawn: list[list[Rows]], count: int) -> tuple[Rows, Rows]:
        if not drawn:
            return np.empty((0, *self._row), self.dtype), np.empty(0, self.dtype)
        x, log_prob = (
            np.concatenate(outputs) if len(outputs) > 1 else outputs[0]
            for outputs in zip(*drawn, strict=True)
        )
        return x, log_prob
