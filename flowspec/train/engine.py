"""Devices, precision and processes of a training. Where there are many, Lightning starts them."""

from __future__ import annotations

import gc
import logging
import os
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.train.feed.rows import Rows

if TYPE_CHECKING:
    from lightning_fabric import Fabric

PRECISIONS = {"32": "32-true", "64": "64-true", "bf16": "bf16-mixed"}
"""The names that users write, and Fabric's.

With bf16, only products of matrices are rounded so far.
"""


@mistake
class NoDevices(Diagnostic):
    """A kind of mistakes, where the machine has not the devices that are asked for."""

    family = "no-devices"
    help = "leave `accelerator` to `auto`, or ask for fewer devices"


@mistake
class NoAccelerator(NoDevices):
    message = "there is no accelerator `{accelerator}` here"
    accelerator: str


@mistake
class TooFewAccelerators(NoDevices):
    message = "there is no accelerator `{accelerator}` here with {devices} devices"
    accelerator: str
    devices: int


@mistake
class TooManyDevices(NoDevices):
    message = "{devices} devices are too many"
    note = "each has a process of its own, and there are {cores} cores"
    devices: int
    cores: int


@mistake
class UnknownPrecision(Diagnostic):
    message = "there is no precision `{precision}`"
    help = "choose 32, 64 or bf16"
    precision: str


@dataclass(frozen=True)
class Engine:
    """The machinery to compute with.

    accelerator   "auto", "cpu", "cuda" or "mps"
    devices       how many of them, each with a process of its own; the script is started anew in
                  each. Under `torchrun` its processes are used instead
    precision     "32", "64" or "bf16"
    compiled      true if `torch.compile` is to make one graph of the loss
    threads       of each process, on a CPU; None leaves them as torch has them. Small networks are
                  fastest with one: to share their short steps takes longer than to do them
    """

    accelerator: str = "auto"
    devices: int = 1
    precision: str = "32"
    compiled: bool = False
    threads: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "precision", str(self.precision))
        if self.precision not in PRECISIONS:
            raise FlowError(UnknownPrecision(precision=self.precision))

    @property
    def dtype(self) -> torch.dtype:
        """Of data and weights."""
        return torch.float64 if self.precision == "64" else torch.float32

    @property
    def is_rank_zero(self) -> bool:
        """True in rank 0, as far as that is known before the others are started."""
        return os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0")) == "0"

    def start(self) -> Alone | Processes:
        """Start the other processes, if there are any.

        Errors:  FlowError, where the accelerator is not there, or has not so many devices.
        """
        if self.threads:
            torch.set_num_threads(self.threads)
        if self._is_alone:
            return Alone(self._own_device())
        for name in ("lightning_fabric", "lightning.fabric"):
            logging.getLogger(name).setLevel(logging.WARNING)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*available but not used.*")
            devices, nodes = self._counts()
            cores = os.cpu_count() or 1
            if devices > cores and self._own_device().type == "cpu":
                raise FlowError(TooManyDevices(devices=devices, cores=cores))
            fabric = self._fabric(devices, nodes)
            fabric.launch()
        return Processes(fabric)

    @property
    def _is_alone(self) -> bool:
        """True for one device in full precision: all that Lightning is not needed for."""
        return self.devices == 1 and self.precision != "bf16" and not self._by_torchrun

    @property
    def _by_torchrun(self) -> bool:
        return "TORCHELASTIC_RUN_ID" in os.environ

    def _own_device(self) -> torch.device:
        """The device that is asked for; a GPU, if there is one and it is left open.

        Errors:  FlowError, where it is not there.
        """
        there = {
            "cuda": torch.cuda.is_available(),
            "mps": torch.backends.mps.is_available(),
            "cpu": True,
        }
        if self.accelerator == "auto":
            return torch.device(next(name for name, is_there in there.items() if is_there))
        if not there.get(self.accelerator):
            raise FlowError(self._missing(1))
        return torch.device(self.accelerator)

    def _fabric(self, devices: int, nodes: int) -> Fabric:
        from lightning_fabric import Fabric  # it takes a second to load
        from lightning_fabric.utilities.exceptions import MisconfigurationException

        try:
            return Fabric(
                accelerator=self.accelerator,
                devices=devices,
                num_nodes=nodes,
                strategy="auto" if devices * nodes == 1 else "ddp",
                precision=PRECISIONS[self.precision],  # type: ignore[arg-type]  # a Literal
            )
        except (RuntimeError, ValueError, MisconfigurationException):
            raise FlowError(self._missing(devices)) from None

    def _missing(self, devices: int) -> NoDevices:
        if devices > 1:
            return TooFewAccelerators(accelerator=self.accelerator, devices=devices)
        return NoAccelerator(accelerator=self.accelerator)

    def _counts(self) -> tuple[int, int]:
        """Devices of a node, and nodes: those of `torchrun`, if it has started this process."""
        if not self._by_torchrun:
            return self.devices, 1
        devices = int(os.environ["LOCAL_WORLD_SIZE"])
        return devices, int(os.environ["WORLD_SIZE"]) // devices


class Alone:
    """The one process of a training on one device.

    It does what `Processes` does without Lightning, which loads torch's compiler with it.
    """

    count = 1
    rank = 0
    is_rank_zero = True

    def __init__(self, device: torch.device):
        self._device = device

    def close(self) -> None:
        """Nobody is waited for."""

    def set_up(self, module: nn.Module) -> nn.Module:
        """The module on the device."""
        return module.to(self._device)

    def share(self, rows: Rows) -> Rows:
        """All rows."""
        return rows

    def to_device(self, tensor: Tensor | None) -> Tensor | None:
        """A tensor on the device."""
        return None if tensor is None else tensor.to(self._device)

    def backward(self, loss: Tensor) -> None:
        """Gradients."""
        loss.backward()

    def total(self, *values: float) -> list[float]:
        """The values themselves."""
        return list(values)


class Processes:
    """The processes of a training, seen from one of them."""

    def __init__(self, fabric: Fabric):
        self._fabric = fabric
        self.count: int = fabric.world_size
        self.rank: int = fabric.global_rank
        self.is_rank_zero: bool = fabric.is_global_zero

    def close(self) -> None:
        """Wait for every process, then close the group.

        A process that just ends may bring the others down.
        """
        if self.count > 1 and torch.distributed.is_initialized():
            self._fabric.barrier()
            gc.collect()
            torch.distributed.destroy_process_group()

    def set_up(self, module: nn.Module) -> nn.Module:
        """The module, ready to be trained on the device of this process."""
        ready: nn.Module = self._fabric.setup(module)
        return ready

    def share(self, rows: Rows) -> Rows:
        """The share of some rows that this process works on."""
        return rows if self.count == 1 else rows[self._fabric.global_rank :: self.count]

    def to_device(self, tensor: Tensor | None) -> Tensor | None:
        """A tensor on the device of this process."""
        return None if tensor is None else tensor.to(self._fabric.device)

    def backward(self, loss: Tensor) -> None:
        """Gradients: means over the processes."""
        self._fabric.backward(loss)

    def total(self, *values: float) -> list[float]:
        """Sums over the processes, the same in each."""
        if self.count == 1:
            return list(values)
        own = torch.tensor(values, dtype=torch.float64, device=self._fabric.device)
        total: Tensor = self._fabric.all_reduce(own, reduce_op="sum")  # type: ignore[assignment]
        return list(map(float, total.tolist()))
