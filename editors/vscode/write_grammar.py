"""Write `syntaxes/flow.tmLanguage.json`: the colors follow the language.

python editors/vscode/write_grammar.py
"""

from __future__ import annotations

from pathlib import Path

from flowspec.editing.textmate import grammar

(Path(__file__).parent / "syntaxes" / "flow.tmLanguage.json").write_text(grammar(), "utf-8")
