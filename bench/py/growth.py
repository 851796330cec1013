"""Measure how the time of zarrpy grows with the size of what it works on.

    python bench/py/growth.py            bench/results/growth.json and docs/performance.md
    python bench/py/growth.py --print    measure and print, write nothing
    python bench/py/growth.py --table    the page from the kept results

Each figure is the least of many times, and the sizes of a row take turns: load on the machine only
adds, and adds to all of them.  Exit code 1 where a row grows more than it may; `questions.py` says
how much that is, and why.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests")]

import questions  # noqa: E402
import table  # noqa: E402
from rounds import SETTLING, machine  # noqa: E402

import zarrpy  # noqa: E402

RESULTS = ROOT / "bench" / "results" / "growth.json"
PAGE = ROOT / "docs" / "performance.md"
BUILD = ROOT / "build"
#: Rounds of a row: as many as fit into the seconds, but no fewer than that.
SECONDS, FEWEST = 1.0, 5
#: Seconds of one turn, unless a step takes longer.
TURN = 0.01


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--print", action="store_true", help="measure and print, write nothing")
    parser.add_argument("--table", action="store_true", help="render the kept results only")
    options = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if options.table else measured()
    print(render(results))
    if not options.print:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")
        table.insert(PAGE, "growth", render(results))
    broken = [text for row in results["rows"] if (text := verdict(row))]
    if broken:
        print("\n".join(broken), file=sys.stderr)
    return int(bool(broken))


def measured() -> dict[str, Any]:
    """Measure all rows."""
    BUILD.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="growth-", dir=BUILD))
    try:
        rows = [
            row_of(question, place, folder)
            for question in questions.QUESTIONS
            for place in ("files", "memory")
        ]
    finally:
        shutil.rmtree(folder)
    return {"machine": machine(), "version": zarrpy.__version__, "rows": rows}


def row_of(question: questions.Question, place: str, folder: Path) -> dict[str, Any]:
    """Measure one question in stores of one kind."""
    sizes = question.sizes
    stores = [tempfile.mkdtemp(dir=folder) if place == "files" else {} for _ in sizes]
    steps = [question.prepare(store, size) for store, size in zip(stores, sizes, strict=True)]
    if place == "files":  # what is new is looked at more often, and some would be newer
        time.sleep(SETTLING)
    seconds = least(steps)
    for store in stores:
        if place == "files":
            shutil.rmtree(store)
    parts = sizes if question.each else [1] * len(sizes)
    return {
        "title": f"{question.title}, {place}",
        "unit": question.unit,
        "sizes": sizes,
        "counted": question.counted,
        "seconds": [took / n for took, n in zip(seconds, parts, strict=True)],
        "since": question.since,
        "most": question.most,
    }


def least(steps: list[questions.Step]) -> list[float]:
    """Take turns, and return the least seconds of each step."""
    found = [math.inf] * len(steps)
    end, rounds = time.perf_counter() + SECONDS, 0
    while rounds < FEWEST or time.perf_counter() < end:
        rounds += 1
        for i, step in enumerate(steps):
            found[i] = min(found[i], turn(step))
    return found


def turn(step: questions.Step) -> float:
    """Return the least seconds of a step, done again until the caches are its own."""
    found, end = math.inf, time.perf_counter() + TURN
    while True:
        if step.before is not None:
            step.before()
        begin = time.perf_counter()
        step.run()
        now = time.perf_counter()
        found = min(found, now - begin)
        if now > end:
            return found


# ---- the table


def growth(row: dict[str, Any]) -> float:
    """Return how many times as long it takes at the last size as where the law begins."""
    first = row["sizes"].index(row["since"])
    grown: float = row["seconds"][-1] / row["seconds"][first]
    return grown


def verdict(row: dict[str, Any]) -> str:
    """Tell that a row grows more than it may; otherwise nothing."""
    grown = growth(row)
    if row["most"] is None or grown <= row["most"]:
        return ""
    return (
        f"{row['title']}: {grown:.2f} times as long at {row['sizes'][-1]} {row['counted']} as at "
        f"{row['since']}, but at most {row['most']:g} are right"
    )


def render(results: dict[str, Any]) -> str:
    """Return a table: one row for each question and kind of store, and how much it grows."""
    lines = [
        "| what | counted | at each size | grows | at most |",
        "|---|---|--:|--:|--:|",
    ]
    for row in results["rows"]:
        scale = questions.UNITS[row["unit"]]
        times = ", ".join(table.figure(seconds * scale) for seconds in row["seconds"])
        grown = f"{growth(row):.2f}×"
        cells = [
            f"{row['title']}, {row['unit']}",
            f"{', '.join(map(power, row['sizes']))} {row['counted']}",
            times,
            f"**{grown}**" if verdict(row) else grown,
            "–" if row["most"] is None else f"{row['most']:g}×",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    found = results["machine"]
    foot = (
        f"The least of many times, the sizes of a row by turns; {found['cores']} cores, "
        f"{found['processor']}; zarrpy {results['version']}. Made by `make growth`."
    )
    return "\n".join([*lines, "", foot])


def power(n: int) -> str:
    """Return a number as people write it."""
    exponent = len(str(n)) - 1
    return f"10^{exponent}" if exponent > 3 and n == 10**exponent else str(n)


if __name__ == "__main__":
    sys.exit(main())
