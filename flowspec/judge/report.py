"""A judgement as one page of HTML that needs no other file."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from flowspec.diagnostics.quantities import amount
from flowspec.judge.judging import Judgement
from flowspec.judge.verdict import Item

STYLE = """\
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 0.5rem 0; font-variant-numeric: tabular-nums; }
td, th { text-align: left; padding: 0.15rem 0.9rem 0.15rem 0; vertical-align: top; }
.wide { overflow-x: auto; }
.word { font-weight: 600; }
.fine { color: light-dark(#1a6b3a, #7fd6a0); }
.look { color: light-dark(#8a5a00, #e8bb62); }
.bad { color: light-dark(#a3211b, #ff938c); }
img { max-width: 100%; background: #fff; }
details { margin: 0.3rem 0; }
"""

MOST_ROWS = 60
"""Rows of a table of details: of more, those that matter least are left out."""


def html(title: str, judged: Judgement, pictures: Mapping[str, bytes]) -> str:
    """The page.

    pictures   PNG, by what is said above each
    """
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>",
            f"<h1>{escape(title)}</h1>",
            f"<p>Judged by {amount(judged.rows, 'row')}: {_word(judged.verdict)}.</p>",
            _summary(judged),
            *_drawn(pictures),
            "<h2>Figures</h2>",
            *map(_details, judged.items),
            "</main></body></html>\n",
        ]
    )


def _summary(judged: Judgement) -> str:
    rows = "\n".join(
        f"<tr><td>{escape(item.name)}</td><td>{_word(item.verdict)}</td>"
        f"<td>{escape(item.figure)}</td></tr>"
        for item in judged.items
    )
    return f'<div class="wide"><table><tbody>\n{rows}\n</tbody></table></div>'


def _word(word: str) -> str:
    return f'<span class="word {word}">{word}</span>'


def _drawn(pictures: Mapping[str, bytes]) -> Iterator[str]:
    for caption, data in pictures.items():
        image = base64.b64encode(data).decode()
        yield f"<h2>{escape(caption)}</h2>"
        yield f'<img alt="{escape(caption)}" src="data:image/png;base64,{image}">'


def _details(item: Item) -> str:
    whole = {k: v for k, v in item.details.items() if not isinstance(v, Mapping)}
    parts = {k: v for k, v in item.details.items() if isinstance(v, Mapping)}
    text = "".join(f"<tr><td>{escape(k)}</td><td>{_number(v)}</td></tr>" for k, v in whole.items())
    tables = [f"<table><tbody>{text}</tbody></table>"] if text else []
    if parts:
        tables.append(_table(parts))
    body = "\n".join(tables)
    return (
        f'<details><summary>{escape(item.name)}</summary><div class="wide">{body}</div></details>'
    )


def _table(parts: Mapping[str, Mapping[str, Any]]) -> str:
    heads = list(dict.fromkeys(key for part in parts.values() for key in part))
    first = "".join(f"<th>{escape(head.replace('_', ' '))}</th>" for head in ("", *heads))
    lines = [
        f"<tr><td>{escape(name)}</td>"
        + "".join(f"<td>{_number(part.get(head, ''))}</td>" for head in heads)
        + "</tr>"
        for name, part in list(parts.items())[:MOST_ROWS]
    ]
    left = len(parts) - len(lines)
    more = f"<p>and {left} more</p>" if left > 0 else ""
    return f"<table><thead><tr>{first}</tr></thead><tbody>{''.join(lines)}</tbody></table>{more}"


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else escape(str(value))
