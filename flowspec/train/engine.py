"""Where and how a training computes: devices, precision, processes. Lightning Fabric does the work."""

from __future__ import annotations

import gc
import logging
import os
import warnings
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from flowspec.diagnostics.diagnostic import Diagnostic, FlowError, mistake
from flowspec.train.feed.rows import Rows

PRECISIONS = {"32": "32-true", "64": "64-true", "bf16": "bf16-mixed"}
"""What users write, and what Fabric calls it. With bf16 only products of matrices are rounded so far."""


@mistake
class NoDevices(Diagnostic):
    message = "{what}"
    note = "{there}"
    help = "leave `accelerator` to `auto`, or ask for fewer devices"
    what: str
    there: str = ""


@dataclass(frozen=True)
class Engine:
    """What to compute on.

    accelerator   "auto", "cpu", "cuda" or "mps"
    devices       how many of them, each with a process of its own; the script is started anew in each. Under `torchrun`
                  its processes are used instead
    precision     "32", "64" or "bf16"
    compiled      does `torch.compile` make one graph of the loss?
    threads       of each process, on a CPU; None leaves them as torch has them. Small networks are fastest with one: to share
                  their short steps takes longer than to do them
    """

    accelerator: str = "auto"
    devices: int = 1
    precision: str = "32"
    compiled: bool = False
    threads: int | None = None

    @property
    def dtype(self) -> torch.dtype:
        """Of data and weights."""
        return torch.float64 if self.precision == "64" else torch.float32

    @property
    def is_rank_zero(self) -> bool:
        """True in rank 0, as far as that is known before the others are started."""
        return os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0")) == "0"

    def start(self) -> Processes:
        """Start the other processes, if there are any.

        Errors:  FlowError, where the accelerator is not there, or has not so many devices.
        """
        from lightning_fabric import Fabric
        from lightning_fabric.utilities.exceptions import MisconfigurationException

        if self.threads:
            torch.set_num_threads(self.threads)

        for name in ("lightning_fabric", "lightning.fabric"):
            logging.getLogger(name).setLevel(logging.WARNING)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*available but not used.*")
            devices, nodes = self._counts()
            try:
                fabric = Fabric(
                    accelerator=self.accelerator,
                    devices=devices,
                    num_nodes=nodes,
                    strategy="auto" if devices * nodes == 1 else "ddp",
                    precision=PRECISIONS[self.precision],  # type: ignore[arg-type]
                )
            except (RuntimeError, ValueError, MisconfigurationException):
                what = f"there is no accelerator `{self.accelerator}` here" + (
                    f" with {devices} devices" if devices > 1 else ""
                )
                raise FlowError(NoDevices(what=what)) from None
            cores = os.cpu_count() or 1
            if fabric.device.type == "cpu" and devices > cores:
                there = f"each has a process of its own, and there are {cores} cores"
                raise FlowError(NoDevices(what=f"{devices} devices are too many", there=there))
            fabric.launch()
        return Processes(fabric)

    def _counts(self) -> tuple[int, int]:
        """Devices of a node, and nodes: those of `torchrun`, if it has started this process."""
        if "TORCHELASTIC_RUN_ID" not in os.environ:
            return self.devices, 1
        here = int(os.environ["LOCAL_WORLD_SIZE"])
        return here, int(os.environ["WORLD_SIZE"]) // here


class Processes:
    """The processes of a training, seen from one of them."""

    def __init__(self, fabric):
        self._fabric = fabric
        self.count: int = fabric.world_size
        self.is_rank_zero: bool = fabric.is_global_zero

    def close(self) -> None:
        """Wait for every process, then close the group.

        A process that just ends may bring the others down.
        """
        if self.count > 1 and torch.distributed.is_initialized():
            self._fabric.barrier()
            gc.collect()
            torch.distributed.destroy_process_group()

    def set_up(
        self, module: nn.Module, optimizer: torch.optim.Optimizer
    ) -> tuple[nn.Module, torch.optim.Optimizer]:
        """Module and optimizer, ready to be trained here."""
        return self._fabric.setup(module, optimizer)

    def mine(self, rows: Rows) -> Rows:
        """The part of some rows that this process works on."""
        return rows if self.count == 1 else rows[self._fabric.global_rank :: self.count]

    def here(self, tensor: Tensor | None) -> Tensor | None:
        """A tensor on the device of this process."""
        return None if tensor is None else tensor.to(self._fabric.device)

    def backward(self, loss: Tensor) -> None:
        """Gradients: means over the processes."""
        self._fabric.backward(loss)

    def total(self, *values: float) -> list[float]:
        """Sums over the processes, the same in each."""
        if self.count == 1:
            return list(values)
        together = torch.tensor(values, dtype=torch.float64, device=self._fabric.device)
        return self._fabric.all_reduce(together, reduce_op="sum").tolist()
