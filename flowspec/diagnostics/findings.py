"""Diagnostics with the files that they were found in, as reports for other programs list them."""

from __future__ import annotations

from typing import Any, NamedTuple

from flowspec.diagnostics.diagnostic import Diagnostic


class Finding(NamedTuple):
    """A diagnostic, and the path of its file as it was called."""

    path: str
    diagnostic: Diagnostic

    @property
    def words(self) -> str:
        """All that a person is told: what is wrong, the note and the help, a line each."""
        told = self.diagnostic
        note = [f"note: {told.note}"] if told.note else []
        return "\n".join([told.message, *note, *([f"help: {told.help}"] if told.help else [])])

    def to_json(self) -> dict[str, Any]:
        """The finding as plain data."""
        return {**self.diagnostic.to_json(), "path": self.path}
