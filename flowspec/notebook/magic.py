"""The cell magic `%%flow`: a cell is a flow."""

from __future__ import annotations

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.display import display

from flowspec.diagnostics.diagnostic import FlowError
from flowspec.language.reading import parse


@magics_class
class FlowMagics(Magics):
    """Magics of FlowSpec."""

    @cell_magic
    def flow(self, line: str, cell: str) -> None:
        """Check the flow in the cell, show it, and call it NAME, by default `flow`:

            %%flow NAME
            Normal(0, 1) |> Tanh

        A mistake is shown where it is; nothing is defined then.
        """
        name = line.strip() or "flow"
        if not name.isidentifier():
            raise UsageError(f"`{name}` is no name in Python: write `%%flow my_flow`")
        try:
            found = parse(cell, "cell")
        except FlowError as error:
            raise UsageError(f"\n{error}") from None
        assert self.shell is not None
        self.shell.push({name: found})
        display(found)
