"""A bundle, opened: log_prob, sample and from_noise through onnxruntime.

No torch, no compiler.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeGuard, overload

import numpy as np
import onnxruntime
from numpy.typing import ArrayLike, NDArray

from flowspec.data.rows import context_beside, context_rows, refuse_outside, table_rows, vector_rows
from flowspec.diagnostics.inputs import whole
from flowspec.diagnostics.kinds import PATH, SWITCH, TEXT, Kind, require
from flowspec.diagnostics.notebooks import InNotebooks
from flowspec.diagnostics.prompt import headline
from flowspec.runtime.formats import describe, read
from flowspec.runtime.gradients import DensityGradient, NoiseGradient, cotangents
from flowspec.runtime.graphs import Graph, missing_graph, open_graph
from flowspec.runtime.limits import Limits
from flowspec.runtime.native import GRAPHS as NATIVE
from flowspec.runtime.native import NativeGraph, library_of
from flowspec.runtime.pieces import Pieces
from flowspec.runtime.ranks import Ranks, read_ranks
from flowspec.runtime.sessions import provider_named, session_options
from flowspec.runtime.signatures import GRAPHS
from flowspec.runtime.streams import ROWS_OF_A_PIECE, sample_pieces
from flowspec.runtime.summary import components

Rows = NDArray[Any]
"""Points, noise, context or log-densities, a row or a number each."""

ROWS_AT_ONCE = 4096
"""Larger inputs are cut: beyond some thousand rows the intermediate results fall out of
the caches.
"""

RUNTIME = Kind(
    '"onnxruntime" or "native"',
    lambda value: isinstance(value, str) and value in ("onnxruntime", "native"),
)

DENSITY = ["log_prob"]
"""The output of `log_prob.onnx`."""


def load(
    directory: str | Path,
    provider: str = "cpu",
    threads: int | None = None,
    rows_at_once: int = ROWS_AT_ONCE,
    runtime: str = "onnxruntime",
) -> Bundle:
    """Open a bundle. Its files are checked against the hashes in `flow.json`.

    provider       "cpu", "cuda", or another that this onnxruntime has
    threads        threads for one call; None leaves it to onnxruntime. The bundle may be used from
                   many threads
    rows_at_once   inputs with more rows are cut
    runtime        "onnxruntime", or "native" for the C of the bundle, which is built once with the
                   compiler that is there; where there is none, onnxruntime runs it, with a warning

    Errors:  FlowError, where the directory is not a complete bundle or one of a newer FlowSpec, or
             the provider is not there.
    Example:
        >>> import flowspec
        >>> bundle = flowspec.load("exported/one_liner")
        >>> bundle.log_prob([0.1, 0.5, 0.77]).round(4)
        array([-0.0482, -0.9189, -0.6198], dtype=float32)
    """
    require(
        "load", directory=(directory, PATH), provider=(provider, TEXT), runtime=(runtime, RUNTIME)
    )
    path = Path(directory)
    return opened(path, *read(path), provider, threads, rows_at_once, runtime)


def opened(
    path: Path,
    about: dict[str, Any],
    files: dict[str, bytes],
    provider: str = "cpu",
    threads: int | None = None,
    rows_at_once: int = ROWS_AT_ONCE,
    runtime: str = "onnxruntime",
) -> Bundle:
    """A bundle of files that are in memory: what `flow.json` says, and its graphs by name."""
    rows_at_once = whole("rows_at_once", rows_at_once, 1)
    threads = None if threads is None else whole("threads", threads, 0)
    return Bundle(path, about, files, provider, threads, rows_at_once, runtime)


class Bundle(InNotebooks):
    """A compiled flow. Points are (N, D), or (N,) for a scalar flow; context is (N, C). What has
    columns with names is read by name; one column may be given as (N,) or (N, 1).

    columns   names of the coordinates
    context   names of the conditioning variables, empty if there are none
    context_supports   the values that each of them takes
    noise     kinds of the standard draws, column by column
    dtype     numpy dtype of inputs and outputs
    about     everything that `flow.json` says
    files     the content of its other files, by name
    """

    def __init__(
        self,
        path: Path,
        about: dict[str, Any],
        files: dict[str, bytes],
        provider: str,
        threads: int | None,
        rows_at_once: int,
        runtime: str = "onnxruntime",
    ):
        self.path = path
        self.about = about
        self.description = said = describe(about)
        self.columns = said.columns
        self.context = said.context
        self.context_supports = said.supports
        self.noise = said.noise
        self.dequantized = said.dequantized
        self.dtype = said.dtype
        self._scalar = said.scalar
        self._row = () if said.scalar else (len(said.columns),)
        self._limits = Limits(said.supports, said.dtype)
        self.files = files
        self._provider = provider_named(provider)
        self._opening = provider, threads, rows_at_once, runtime
        self._graphs: dict[str, Graph | NativeGraph] = {}
        self._library = library_of(path, files, said) if runtime == "native" else None
        self._pieces = Pieces(rows_at_once, said.batch, said.dtype)
        self._rows_of_one_run = -1 if said.batch else rows_at_once

    def __repr__(self) -> str:
        head = headline(f"Bundle {str(self.path)!r}", self.columns, self.context, None)
        return f"{head}\n  {components(self.about['flow'])}"

    def __reduce__(self) -> tuple[Any, ...]:
        """A copy carries the files, and opens its sessions anew."""
        return opened, (self.path, self.about, self.files, *self._opening)

    def graph(self, name: str) -> Graph:
        """A graph of `GRAPHS`, opened anew.

        Errors:  FlowError, where the bundle has it not, onnxruntime cannot open it, or it is not
                 what `flow.json` says.
        """
        if f"{name}.onnx" not in self.files:
            raise missing_graph(self.path, name, self.description.target)
        return open_graph(
            self.path,
            f"{name}.onnx",
            self.files,
            session_options(self._opening[1]),
            self._provider,
            self.description,
            self.about["flow"],
        )

    def session(self, name: str) -> onnxruntime.InferenceSession:
        """The session of a graph, opened anew."""
        return self.graph(name).session

    @property
    def graphs(self) -> list[str]:
        """The names of its graphs."""
        return [name for name in GRAPHS if f"{name}.onnx" in self.files]

    def _opened(self, name: str) -> Graph | NativeGraph:
        """A graph, or its function of C, which is opened once."""
        if name not in self._graphs:
            library = self._library if name in NATIVE else None
            self._graphs[name] = library.function(name) if library else self.graph(name)
        return self._graphs[name]

    @cached_property
    def _log_prob(self) -> Graph | NativeGraph:
        return self._opened("log_prob")

    # --- the graphs -------------------------------------------------------------------------------

    def log_prob(self, x: ArrayLike, context: ArrayLike | None = None) -> Rows:
        """Density of the flow at `x`.

        Shapes:  x (N, D) or (N,), context (N, C) or (C,) for all rows  ->  (N,); or tables, and
                 that of `x` may hold the context
        Values:  natural log; -inf outside the support; NaN only where x is NaN.
        Errors:  FlowError, where a shape does not fit or the context is missing.
        """
        if self._is_ready(x, self._row):
            if context is None and not self.context:
                return self._log_prob.run(DENSITY, {"x": x}, len(x))[0]
            if self._is_ready(context, (len(self.context),)) and len(context) == len(x):
                feeds = {"x": x, "context": self._checked(context)}
                return self._log_prob.run(DENSITY, feeds, len(x))[0]
        return self._of_points("log_prob", x, context)[0]

    def rank(self, log_prob: ArrayLike) -> Rows:
        """The share of the rows of its training whose density is lower than these log-densities.

        Below 0.001: rarer than one in 1,000 of what it was trained on.

        Shapes:  (N,)  ->  (N,)
        Values:  from 0 to 1; NaN only where the log-density is NaN.
        Errors:  FlowError, where the bundle was not trained, or by an earlier FlowSpec.
        """
        return self._ranks.of(log_prob)

    @cached_property
    def _ranks(self) -> Ranks:
        return read_ranks(self.path, self.files)

    def to_base(self, x: ArrayLike, context: ArrayLike | None = None) -> tuple[Rows, Rows]:
        """The points of the base that give `x`, and the log-densities of `x`.

        They are standard noise where the base is a function of that which can be undone, and points
        of the base itself elsewhere: `latent` in `about` says which, and how they are distributed.

        Shapes:  as `log_prob`  ->  (N, D) or (N,), and (N,)
        Values:  NaN for rows outside the support.
        Errors:  FlowError, as `log_prob`, and where the bundle is of an earlier FlowSpec.
        """
        z, log_prob = self._of_points("to_base", x, context)
        return z, log_prob

    def log_prob_grad(self, x: ArrayLike, context: ArrayLike | None = None) -> DensityGradient:
        """The log-density at `x` and its derivatives with respect to `x` and the context.

        Shapes:  as `log_prob`  ->  (N,), that of `x`, and (N, C)
        Values:  0 for rows outside the support.
        Errors:  FlowError, as `log_prob`, and where the bundle has no gradients.
        """
        found: list[Any] = self._of_points("log_prob_grad", x, context)
        return DensityGradient(*(found if self.context else [*found, None]))

    def _of_points(self, graph: str, x: ArrayLike, context: ArrayLike | None) -> list[Rows]:
        """The outputs of a graph that takes points and the context."""
        points = self._points(x)
        context = context_beside(self.context, x, context)
        feeds = {"x": points} | self._context(context, len(points))
        return self._pieces.run(self._opened(graph), feeds, len(points))

    def _is_ready(self, array: Any, row: tuple[int, ...]) -> TypeGuard[Rows]:
        """True for an array that a graph takes as it is, with rows of this shape."""
        return (
            type(array) is np.ndarray
            and array.dtype == self.dtype
            and array.ndim > 0
            and array.shape[1:] == row
            and len(array) <= self._rows_of_one_run
        )

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

        Shapes:  (n, D) or (n,); with `with_log_prob` also the log-densities (n,). A conditional
                 flow draws one row for each row of `context`, or n rows for one.
        Errors:  FlowError, where n or the context does not fit.
        """
        require("sample", with_log_prob=(with_log_prob, SWITCH))
        if n is None and context is None:
            n = 1
        n = None if n is None else whole("n", n, 0)
        seed = whole("seed", seed, -(2**63))
        self._pieces.refuse_too_many(n or 0, "sample.onnx", len(self.columns))
        feeds = self._context(context, n)
        count = int(len(feeds["context"]) if feeds and n is None else n or 0)
        first_row = whole("first_row", first_row, -(2**63), 2**63 - max(count, 1))
        graph = self._opened("sample")
        drawn = []
        for start, rows in self._pieces.of(count):
            piece = {
                "seed": np.array(seed, np.int64),
                "first_row": np.array(first_row + start, np.int64),
            }
            if feeds:
                piece["context"] = self._pieces.padded(feeds["context"][start : start + rows])
            elif self._pieces.batch is None:
                piece["n"] = np.array(rows, np.int64)
            drawn.append(self._pieces.outputs(graph, piece, rows))
        x, log_prob = self._pieces.joined(graph, drawn)
        return (x, log_prob) if with_log_prob else x

    def sample_pieces(
        self,
        n: int | None = None,
        seed: int = 0,
        context: ArrayLike | None = None,
        first_row: int = 0,
        rows: int = ROWS_OF_A_PIECE,
    ) -> Iterator[tuple[Rows, Rows]]:
        """The rows of `sample` with their log-densities, `rows` at once: any n takes little memory.

        Errors:  FlowError, where n or the context does not fit, before anything is drawn.
        """
        return sample_pieces(self, n, seed, self.rows_of_context(context), first_row, rows)

    def from_noise(self, noise: ArrayLike, context: ArrayLike | None = None) -> tuple[Rows, Rows]:
        """Points and their log-densities from standard noise.

        Shapes:  noise (N, K), K columns of the kinds that `noise` lists  ->  x (N, D) or (N,),
                 log_prob (N,)
        Errors:  FlowError, where a shape does not fit or the context is missing.
        """
        standard = table_rows(noise, "noise", len(self.noise), self.dtype)
        feeds = {"noise": standard} | self._context(context, len(standard))
        x, log_prob = self._pieces.run(self._opened("from_noise"), feeds, len(standard))
        return x, log_prob

    def from_noise_grad(
        self,
        noise: ArrayLike,
        x_cotangent: ArrayLike,
        log_prob_cotangent: ArrayLike | None = None,
        context: ArrayLike | None = None,
    ) -> NoiseGradient:
        """Points and log-densities from noise, and the derivatives of
        sum(x_cotangent x) + sum(log_prob_cotangent log_prob) with respect to noise and context.

        Shapes:  noise (N, K), x_cotangent as `x`, log_prob_cotangent (N,), 0 by default
                 ->  as `from_noise`, then (N, K) and (N, C)
        Errors:  FlowError, where a shape does not fit, the context is missing, or the bundle has
                 no gradients.
        """
        graph = self._opened("from_noise_grad")
        standard = table_rows(noise, "noise", len(self.noise), self.dtype)
        rows = len(standard)
        points = self._points(x_cotangent, "x_cotangent")
        given = cotangents(points, log_prob_cotangent, rows)
        feeds = {"noise": standard, **given} | self._context(context, rows)
        found: list[Any] = self._pieces.run(graph, feeds, rows)
        return NoiseGradient(*(found if self.context else [*found, None]))

    # --- inputs and outputs -----------------------------------------------------------------------

    def _points(self, x: ArrayLike, name: str = "x") -> Rows:
        if self._scalar:
            return vector_rows(x, name, self.dtype, self.columns)
        return table_rows(x, name, len(self.columns), self.dtype, self.columns)

    def rows_of_context(self, context: ArrayLike | None) -> Rows | None:
        """A context as the rows (N, C) that graphs take; None for a flow that has none.

        Errors:  FlowError, where its shape or a value is not what the flow was declared for.
        """
        return self._context(context, None).get("context")

    def _context(self, context: ArrayLike | None, rows: int | None) -> dict[str, Rows]:
        rows_of_context = context_rows(self.context, context, rows, self.dtype)
        if rows_of_context is None:
            return {}
        return {"context": self._checked(rows_of_context)}

    def _checked(self, context: Rows) -> Rows:
        """The context, if all its values are such as the flow was declared for.

        NaN passes: its log-density is NaN.
        """
        if not self._limits.hold(context):
            refuse_outside(self.context, self.description.supports, context)
        return context
