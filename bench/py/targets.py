"""Where zarrpy stands: against the best peer, against the target, against the bare engine in C."""

from __future__ import annotations

from typing import Any

from rounds import best_peer
from scenarios import all_rows
from scenarios.base import LIMIT
from table import TITLES, UNITS, figure, footnote

#: Reads may take so many times as long as the bare engine.
NEAR_LIMIT = 1.15


def render(results: dict[str, Any]) -> str:
    """Return a table of all rows with a target, and how many miss it."""
    heads = "workload | zarrpy | best peer | ahead | target | of the bare C engine | peak memory"
    lines = [f"| {heads} |", "|---|--:|--:|--:|--:|--:|--:|"]
    for key, row in results["rows"].items():
        standing = ratio(row)
        if standing is not None:
            lines.append("| " + " | ".join(cells(key, row, standing)) + " |")
    return "\n".join([*lines, "", f"{summary(results)} {footnote(results)}"])


def ratio(row: dict[str, Any]) -> float | None:
    """Return how many times as fast as the best peer zarrpy is."""
    best, mine = best_peer(row), row["libraries"].get("zarrpy", {})
    return None if best is None or row["metric"] not in mine else best[1] / mine[row["metric"]]


def target_of(key: str, row: dict[str, Any]) -> float:
    """Return the target that a row was measured against, or has now."""
    now = {each.key: each.target for each in all_rows(quick=False)}
    return float(row.get("target", now.get(key, 1.0)))


def cells(key: str, row: dict[str, Any], standing: float) -> list[str]:
    """Return the cells of one row; a missed target is bold."""
    unit, scale = UNITS[row["unit"]]
    metric, libraries = row["metric"], row["libraries"]
    mine, best = libraries["zarrpy"], best_peer(row)
    assert best is not None
    name, time = best
    target = target_of(key, row)
    ahead = f"{standing:.2f}×"
    bare = libraries.get(LIMIT, {}).get(metric)
    peak = mine.get("peak")
    return [
        f"{row['title']}, {unit}{' CPU' if metric == 'cpu' else ''}",
        figure(mine[metric] * scale),
        f"{figure(time * scale)} ({TITLES.get(name, name)})",
        ahead if standing >= target else f"**{ahead}**",
        f"{target:g}×",
        f"{mine[metric] / bare:.2f}×" if bare else "–",
        f"{peak:.2f}×" if peak else "–",
    ]


def summary(results: dict[str, Any]) -> str:
    """Return how many rows there are, how many reach their target, and which do not."""
    standings = {key: ratio(row) for key, row in results["rows"].items()}
    rows = results["rows"]
    known = {key: value for key, value in standings.items() if value is not None}
    missed = [key for key, value in known.items() if value < target_of(key, rows[key])]
    behind = [key for key, value in known.items() if value < 1]
    text = f"{len(known) - len(missed)} of {len(known)} rows reach their target"
    if missed:
        text += f"; not {', '.join(missed)}"
    return f"{text}. Behind the best peer: {', '.join(behind) or 'none'}."
