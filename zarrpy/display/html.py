"""Facts about a node as HTML, for notebooks."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from zarrpy.display.text import printable, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["card"]

_LONGEST_VALUE = 200
_MOST_ATTRIBUTES = 50
#: Notebooks put cells to the right; what holds for a table is said once.
_CELL = "text-align:left"
_TABLE = '<table style="border-spacing:8px 1px">'


def card(
    title: str, facts: Mapping[str, str], attributes: Mapping[str, Any], picture: str = ""
) -> str:
    """Write facts as a table, with a picture beside it and the attributes below.

    Parameters
    ----------
    title : str
    facts : mapping of str to str
    attributes : mapping
        JSON values.
    picture : str
        Of HTML or SVG.

    Examples
    --------
    >>> "&lt;b&gt;" in card("a", {"name": "<b>"}, {})
    True
    """
    rows = "".join(_row(name, text) for name, text in facts.items())
    told = f"{_TABLE}{rows}</table>"
    beside = f'<div style="display:flex;gap:24px;align-items:center">{told}{picture}</div>'
    return f"<div><strong>{_safe(title)}</strong>{beside}{_attributes(attributes)}</div>"


def _row(name: str, text: str) -> str:
    return f'<tr><th style="{_CELL}">{_safe(name)}</th><td style="{_CELL}">{_safe(text)}</td></tr>'


def _attributes(attributes: Mapping[str, Any]) -> str:
    if not attributes:
        return ""
    shown = list(attributes.items())[:_MOST_ATTRIBUTES]
    rows = "".join(_row(name, _json(value)) for name, value in shown)
    more = len(attributes) - len(shown)
    rest = f"<div>and {more} more</div>" if more else ""
    count = len(attributes)
    return (
        f"<details><summary>{count} attribute{'s' if count > 1 else ''}</summary>"
        f"{_TABLE}{rows}</table>{rest}</details>"
    )


def _json(value: Any) -> str:
    return shorten(json.dumps(value, ensure_ascii=False, default=str), _LONGEST_VALUE)


def _safe(text: str) -> str:
    """Let text be text: names and attributes come from files of strangers."""
    return escape(printable(text))
