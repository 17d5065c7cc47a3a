"""A training from its start to the bundle it leaves.

`flowspec.fit` and `flowspec fit` share this door. While it runs, the training is kept beside the
bundle's place, in `OUTPUT.training`: a checkpoint to go on from, and a log of the epochs. Both go
once the bundle is written. A training that diverged leaves its bundle in `OUTPUT.failed`; what was
in OUTPUT stays.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from flowspec.data.files import write_file
from flowspec.data.locks import held
from flowspec.diagnostics.diagnostic import FlowError
from flowspec.export.bundle import check_place
from flowspec.export.bundle import compile as compile_flow
from flowspec.ir.flow import Flow
from flowspec.ir.from_json import from_json
from flowspec.model.model import Model
from flowspec.model.weights import as_weights
from flowspec.runtime.bundle import Bundle
from flowspec.runtime.formats import read
from flowspec.train.checkpoint import Keeper
from flowspec.train.course import Epoch
from flowspec.train.ensemble import Ensemble
from flowspec.train.outcome import Diverged, FailedTraining
from flowspec.train.report import log, report
from flowspec.train.training import Training

LOG_INTERVAL = 1.0
"""Seconds between two versions of the log."""


class Place:
    """The directory of the bundle that a training leaves, and what is kept beside it until then."""

    def __init__(self, output: Path):
        """Errors:  FlowError, where a bundle would take the place of something else."""
        check_place(output)  # before the training, not after it
        self.output = output
        self.resolved = resolved = output.resolve()  # `.` has a name only when resolved
        self.kept = resolved.with_name(f"{resolved.name}.training")
        self.tuning = resolved.with_name(f"{resolved.name}.tuning")
        self.failed = (output if output.name else resolved).with_name(f"{resolved.name}.failed")
        self._lock = self.kept / "lock"
        self.checkpoint = self.kept / "checkpoint.pt"
        self.log = self.kept / "log.csv"

    @contextmanager
    def held(self, by_us: bool = True) -> Iterator[None]:
        """Keep other trainings away while the block runs.

        by_us   false in the further processes of a training, of which the first holds it

        Errors:  FlowError, where another training is at work there.
        """
        if not by_us:
            yield
            return
        with held(self._lock, str(self.output)):
            if self.is_finished:  # what a training left that was killed when it had written
                self.forget()
            yield

    @property
    def is_kept(self) -> bool:
        """True if there is a training to go on with."""
        return self.checkpoint.exists()

    @property
    def is_finished(self) -> bool:
        """True if the bundle is there, and no training beside it."""
        return not self.is_kept and (self.output / "flow.json").exists()

    def finished_model(self, flow: Flow | None) -> Model:
        """The model of the finished bundle.

        flow   of the training; None for the mixture of an ensemble, which the bundle has

        Errors:  FlowError, where it is one of another flow.
        """
        about, _ = read(self.output)
        flow = flow or from_json(about["flow"])
        weights = as_weights(flow, self.output / "weights.safetensors")
        return Model(flow, weights, dtype=about["dtype"])

    def forget(self) -> None:
        """Remove what is kept of a training, and what one that was killed had half written, but
        not the lock on it.
        """
        for kept in (self.checkpoint, *self.kept.glob("checkpoint_*.pt"), self.log):
            for path in (kept, *self.kept.glob(f".{kept.name}.*")):
                path.unlink(missing_ok=True)
        if not self._lock.exists():
            shutil.rmtree(self.kept, ignore_errors=True)

    def forget_search(self) -> None:
        """Remove what is kept of a search for better settings."""
        shutil.rmtree(self.tuning, ignore_errors=True)


class Run:
    """A training that is kept while it runs, and ends as a bundle."""

    def __init__(
        self,
        training: Training | Ensemble,
        place: Place,
        *,
        resume: bool = False,
        interval: float = 60.0,
        stop: Callable[[], bool] = lambda: False,
        dtype: str | None = None,
        judge: bool = True,
        files: Mapping[str, bytes] | None = None,
        longer: str = "",
    ):
        """The run of a training.

        resume     go on with what is kept
        interval   seconds between checkpoints
        stop       asked after every step: True ends the training, which is kept
        dtype      of the bundle; None: that of the training
        judge      whether the fit is judged at its end
        files      that the bundle holds beside those of the training
        longer     the option that would train on, in words; epochs, if not given
        """
        self.training = training
        self.place = place
        self._dtype = dtype
        self.longer = longer
        self._report = partial(report, training, judge, longer)
        self._files = files or {}
        self._keeper = Keeper(place.checkpoint, resume, interval, stop)
        self._logged = 0.0

    def train(
        self,
        on_epoch: Callable[[Epoch], None] | None = None,
        on_step: Callable[[], None] | None = None,
    ) -> Model:
        """The model with the best weights. Errors as `Training.run` has them."""

        def after_epoch(epoch: Epoch) -> None:
            if time.monotonic() - self._logged >= LOG_INTERVAL:
                self._log()
            if on_epoch:
                on_epoch(epoch)

        try:
            try:
                return self.training.run(self._keeper, after_epoch, on_step)
            finally:
                if self.training.course.history and self.training.is_rank_zero:
                    self._log()
        except FailedTraining as failed:
            raise self._set_aside(failed) from None

    def write(self, model: Model) -> None:
        """Write the bundle with weights, metrics and pictures, and forget what was kept."""
        if self.training.is_rank_zero:
            self._write(model, self.place.output)
            self.place.forget()

    def _write(self, model: Model, output: Path) -> None:
        compile_flow(model, output, dtype=self._dtype, extras=self._extras)

    def _extras(self, bundle: Bundle) -> dict[str, bytes]:
        return {**self._report(bundle), **self._files}

    def _set_aside(self, failed: FailedTraining) -> FailedTraining:
        """Write the bundle of a training that failed beside the place of a good one."""
        if not self.training.is_rank_zero:
            return failed
        stays = f"; {self.place.output} is as it was" if self.place.output.exists() else ""
        try:
            self._write(failed.model, self.place.failed)
        except FlowError:  # there is no room, or another thing in its place
            return failed.also(stays.removeprefix("; "))
        if isinstance(failed.mistake, Diverged):  # it is over; others can be gone on with
            self.place.forget()
        return failed.also(f"its best weights are in {self.place.failed}{stays}")

    def _log(self) -> None:
        write_file(self.place.log, log(self.training.course.history).encode())
        self._logged = time.monotonic()
