"""Flows in notebooks: `%load_ext flowspec.notebook` adds the cell magic `%%flow`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: InteractiveShell) -> None:
    """What IPython calls for `%load_ext`."""
    from flowspec.notebook.magic import FlowMagics

    shell.register_magics(FlowMagics)
