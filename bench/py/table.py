"""Render results as Markdown and put them between the markers of a page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from rounds import best_peer, ratio_text
from scenarios.base import LIBRARIES, LIMIT

TITLES = {LIMIT: "bare C engine", "zarr-python fused": "zarr-python, fused"}
UNITS = {"ms": ("ms", 1e3), "us": ("µs", 1e6)}


def render(results: dict[str, Any]) -> str:
    """Return the table of measured workloads."""
    rows = results["rows"]
    names = [*LIBRARIES]
    if any(LIMIT in row["libraries"] for row in rows.values()):
        names.append(LIMIT)
    heads = ["workload", *(TITLES.get(name, name) for name in names), "ahead of the best peer"]
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "--:|" * (len(heads) - 1)]
    for row in rows.values():
        unit, scale = UNITS[row["unit"]]
        best = best_peer(row)
        cells = [
            cell(
                row["libraries"].get(name),
                row["metric"],
                scale,
                best is not None and name == best[0],
            )
            for name in names
        ]
        title = f"{row['title']}, {unit}{' CPU' if row['metric'] == 'cpu' else ''}"
        ratio = ratio_text(row).partition(" ")[0].replace("x", "×")
        lines.append("| " + " | ".join([title, *cells, ratio]) + " |")
    return "\n".join([*lines, "", footnote(results)])


def cell(found: dict[str, Any] | None, metric: str, scale: float, best: bool) -> str:
    """Return one figure, the best peer's in bold."""
    if found is None:
        return "–"
    if "error" in found:
        return "failed"
    text = figure(found[metric] * scale)
    return f"**{text}**" if best else text


def failures(results: dict[str, Any]) -> list[str]:
    """Return what could not be measured, and why."""
    return [
        f"{key}: {name}: {found['error']}"
        for key, row in results["rows"].items()
        for name, found in row["libraries"].items()
        if "error" in found
    ]


def figure(value: float) -> str:
    """Return a number with as many digits as it deserves."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def footnote(results: dict[str, Any]) -> str:
    """Return where and with what this was measured."""
    machine = results["machine"]
    told = {}
    for versions in results["versions"].values():
        told.update(versions)
    versions = ", ".join(f"{name} {version}" for name, version in sorted(told.items()))
    kind = "; quick form, smaller arrays" if results.get("quick") else ""
    return (
        f"Medians of {rounds_of(results)} interleaved rounds, each in a fresh process; "
        f"page cache warm; local files; {machine['cores']} cores, {machine['processor']}; "
        f"{versions}{kind}. "
        f"Made by `make bench`."
    )


def rounds_of(results: dict[str, Any]) -> int:
    """Return how many rounds there were."""
    counts = (
        found.get("rounds", 0)
        for row in results["rows"].values()
        for found in row["libraries"].values()
    )
    return max(counts, default=0)


def insert(page: Path, name: str, text: str) -> None:
    """Replace what is between ``<!-- NAME:begin -->`` and ``<!-- NAME:end -->``."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    old = page.read_text()
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(old):
        raise SystemExit(f"{page}: has no {begin} ... {end} to put the table between")
    page.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", old))
