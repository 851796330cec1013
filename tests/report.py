"""What tests tell beyond passing: lines that are printed when all are done, in sections."""

from __future__ import annotations

from collections.abc import Iterable

#: Lines by the title of their section.
SECTIONS: dict[str, list[str]] = {}


def tell(section: str, lines: Iterable[str]) -> None:
    """Have lines printed at the end, each once: several processes may tell the same."""
    told = SECTIONS.setdefault(section, [])
    told.extend(line for line in lines if line not in told)
