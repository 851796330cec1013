"""Where zarrpy stands: against the best peer, against the target, against the bare engine in C."""

from __future__ import annotations

from typing import Any

from rounds import best_peer
from scenarios import all_rows
from scenarios.base import LIMIT
from table import TITLES, UNITS, figure, footnote, rounds_of

#: Reads may take so many times as long as the bare engine.
NEAR_LIMIT = 1.15
HOW = """\
Each measurement is a process of its own, and the libraries take turns, {} of them: what
the machine does to one it does to all. Every result is compared with what was written before its
time counts. Wall time where the machine is to be used whole, CPU time of all threads where the work
is in a codec or the time of a wall clock would be that of a disk. Only ratios within one run mean
anything; the kept one is in `bench/results`."""


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


def above_limit(row: dict[str, Any]) -> float | None:
    """Return how many times as long as the bare engine zarrpy takes, where both were measured."""
    bare, mine = row["libraries"].get(LIMIT, {}), row["libraries"].get("zarrpy", {})
    metric = row["metric"]
    return mine[metric] / bare[metric] if metric in bare and metric in mine else None


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
    above = above_limit(row)
    peak = mine.get("peak")
    return [
        f"{row['title']}, {unit}{' CPU' if metric == 'cpu' else ''}",
        figure(mine[metric] * scale),
        f"{figure(time * scale)} ({TITLES.get(name, name)})",
        ahead if standing >= target else f"**{ahead}**",
        f"{target:g}×",
        "–" if above is None else f"{above:.2f}×",
        f"{peak:.2f}×" if peak else "–",
    ]


def summary(results: dict[str, Any]) -> str:
    """Return how many rows reach their target and come near the limit, and which do not."""
    standings = {key: ratio(row) for key, row in results["rows"].items()}
    rows = results["rows"]
    known = {key: value for key, value in standings.items() if value is not None}
    missed = [key for key, value in known.items() if value < target_of(key, rows[key])]
    behind = [key for key, value in known.items() if value < 1]
    text = f"{len(known) - len(missed)} of {len(known)} rows reach their target"
    if missed:
        text += f"; not {', '.join(missed)}"
    return f"{text}. Behind the best peer: {', '.join(behind) or 'none'}. {nearness(rows)}"


def nearness(rows: dict[str, Any]) -> str:
    """Return how many rows take about as long as the bare engine, and which take longer."""
    known = {key: above for key, row in rows.items() if (above := above_limit(row)) is not None}
    far = [key for key, above in known.items() if above > NEAR_LIMIT]
    text = f"{len(known) - len(far)} of {len(known)} rows with a bare C engine take at most"
    return f"{text} {NEAR_LIMIT:g} times its time{''.join(f'; not {key}' for key in far)}."


def how(results: dict[str, Any]) -> str:
    """Return how the kept run was made."""
    count = rounds_of(results)
    return HOW.format("1 round" if count == 1 else f"{count} rounds")
