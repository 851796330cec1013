"""Measure what each protection of written and read data costs, at chunks of 64 KB and of 1 MB.

    python bench/py/prices.py            bench/results/prices.json and docs/price-of-protection.md
    python bench/py/prices.py --print    measure and print, write nothing
    python bench/py/prices.py --table    the page from the kept results

Times are of the processor.  Each round takes all ways in turn, and a price is the median over
rounds of what a way took more than the bare one of the same round: so prices can be told on a
machine at work.  Linux only: protections are taken away by a library that answers for the system
(bench/py/without.c).
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
RESULTS = ROOT / "bench" / "results" / "prices.json"
PAGE = ROOT / "docs" / "price-of-protection.md"
#: Bytes of a chunk, and how many are written at a time.
SIZES = {"64 KB": (1 << 16, 64), "1 MB": (1 << 20, 8)}
ROUNDS = 200
RENAME, LOCKS, LOOKS, CHECKS = 1, 2, 4, 8
ALL = RENAME | LOCKS | LOOKS | CHECKS
#: The default, and the same without its checksum.
BLOSC = {
    "name": "blosc",
    "configuration": {"cname": "zstd", "clevel": 1, "shuffle": "shuffle", "typesize": 4},
}
CHAINS = {"checksum": [BLOSC, {"name": "crc32c"}], "plain": [BLOSC]}
#: What is measured: key, the chain, and what is taken away.
WRITES = {
    "nothing": ("plain", ALL),
    "rename": ("plain", ALL - RENAME),
    "locks": ("plain", ALL - RENAME - LOCKS),
    "looks": ("plain", ALL - RENAME - LOOKS),
    "checks": ("plain", ALL - RENAME - CHECKS),
    "checksum": ("checksum", ALL - RENAME),
    "defaults": ("checksum", 0),
}
READS = {
    "nothing": ("plain", ALL),
    "looks": ("plain", ALL - LOOKS),
    "checksum": ("checksum", ALL),
    "defaults": ("checksum", 0),
}
TITLES = {
    "rename": "whole or not at all: a new file, renamed over the old one",
    "locks": "the lock of each chunk, and whether it is still the one of that name",
    "looks": "looks at the document: is it still this array",
    "checks": "nothing but a file is replaced",
    "checksum": "a checksum of each chunk",
    "defaults": "all defaults together",
}
#: What the defaults may cost, of the same work with a rename and nothing else.
MOST = {"64 KB": 0.10, "1 MB": 0.05}


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--print", action="store_true", help="write nothing")
    parser.add_argument("--table", action="store_true", help="render the kept results only")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.inside:
        print(json.dumps(measured(asked.rounds)))
        return 0
    found = json.loads(RESULTS.read_text()) if asked.table else measured_apart(asked.rounds)
    if asked.print:
        print(table(found))
        return 0
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    PAGE.write_text(page(found))
    return 0


def measured_apart(rounds: int) -> dict[str, Any]:
    """Measure in a process that has the library before it."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "without.so"
        flags = ["-O2", "-shared", "-fPIC", "-Wall", "-Werror", "-o", str(library)]
        subprocess.run(["cc", *flags, str(HERE / "without.c"), "-ldl"], check=True)
        done = subprocess.run(
            [sys.executable, __file__, "--inside", "--rounds", str(rounds)],
            check=True,
            stdout=subprocess.PIPE,
            env={**os.environ, "LD_PRELOAD": str(library)},
        )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measured(rounds: int) -> dict[str, Any]:
    """Measure all ways in turn; the microseconds of a chunk that each takes."""
    import zarrpy

    zarrpy.config.workers = 1
    (ROOT / "build").mkdir(exist_ok=True)
    found: dict[str, Any] = {"machine": platform.machine(), "python": platform.python_version()}
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        for size, (nbytes, count) in SIZES.items():
            found[size] = measured_at(nbytes, count, rounds, folder)
    return found


def measured_at(nbytes: int, count: int, rounds: int, folder: str) -> dict[str, Any]:
    """Measure at one size of chunks."""
    import numpy as np

    import zarrpy

    rng = np.random.default_rng(1)
    n = nbytes // 4 * count
    data = (np.cumsum(rng.normal(size=n)) + rng.normal(size=n) / 8).astype("f4").round(2)
    arrays = {}
    for chain, codecs in CHAINS.items():
        place = f"{folder}/{chain}{nbytes}"
        array = zarrpy.create_array(
            place, shape=n, chunks=nbytes // 4, dtype="f4", compressors=codecs
        )
        array[...] = data
        arrays[chain] = array
    out = np.empty_like(data)
    time.sleep(0.1)  # states of files are old enough to be known again
    answer: dict[str, Any] = {"write": {}, "read": {}, "durable": {}}
    for kind, ways in (("write", WRITES), ("read", READS)):
        spent: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way, (chain, what) in random.sample(sorted(ways.items()), len(ways)):
                array = arrays[chain]
                work = (
                    (lambda a=array: a.write(..., data))
                    if kind == "write"
                    else (lambda a=array: a.read(..., out=out))
                )
                spent[way].append(timed(work, what, time.process_time) / count)
            assert np.array_equal(out, data) or kind == "write"
        bare = "rename" if kind == "write" else "nothing"
        base = median(spent[bare])
        for way, took in spent.items():
            more = [a - b for a, b in zip(took, spent[bare], strict=True)]
            answer[kind][way] = base + median(more)
    for durability in ("atomic", "durable"):
        with zarrpy.config.set(durability=durability):
            waited = [
                timed(lambda: arrays["checksum"].write(..., data), 0, time.perf_counter) / count
                for _ in range(max(3, rounds // 10))
            ]
        answer["durable"][durability] = median(waited)
    return answer


def timed(work: Any, what: int, clock: Any) -> float:
    """Time something without some protections, in microseconds."""
    switch = ctypes.CDLL(None).without_what
    switch(what)
    began = clock()
    work()
    spent = clock() - began
    switch(0)
    return float(1e6 * spent)


def table(found: dict[str, Any]) -> str:
    """Render the prices as tables."""
    parts = []
    for kind, base in (("write", "rename"), ("read", "nothing")):
        rows = [f"| {kind} | " + " | ".join(f"{size}, µs | of it" for size in SIZES) + " |"]
        rows.append("|---|" + "--:|--:|" * len(SIZES))
        first = "the same, by renaming, and nothing else" if base == "rename" else "without any"
        cells = [f"{found[size][kind][base]:.1f} | " for size in SIZES]
        rows.append(f"| {first} | " + " | ".join(cells) + " |")
        for way, title in TITLES.items():
            if way not in found["64 KB"][kind]:
                continue
            cells = []
            for size in SIZES:
                spent = found[size][kind]
                start = spent["nothing"] if way == "rename" else spent[base]
                price = spent[way] - start
                cells.append(f"{price:+.1f} | {100 * price / start:+.1f} %")
            rows.append(f"| {title} | " + " | ".join(cells) + " |")
        parts.append("\n".join(rows))
    return "\n\n".join(parts)


def verdict(found: dict[str, Any]) -> str:
    """Say whether the defaults cost as little as they should."""
    says = []
    for size, most in MOST.items():
        spent = found[size]["write"]
        part = spent["defaults"] / spent["rename"] - 1
        word = "less than" if part < most else "**not** less than"
        says.append(f"at {size} {100 * part:.1f} %, {word} {100 * most:.0f} %")
    return "; ".join(says)


def page(found: dict[str, Any]) -> str:
    """Write the page."""
    waits = "; ".join(
        f"{size}: {found[size]['durable']['atomic'] / 1000:.2f} ms, durable "
        f"{found[size]['durable']['durable'] / 1000:.2f} ms"
        for size in SIZES
    )
    return f"""# The price of each protection

`python bench/py/prices.py` measures this anew, and writes this page. Each protection is taken away
by itself, by a library that answers in the place of the system, and by leaving the checksum out of
the codecs; a chunk is of 4-byte floats, compressed as by default, in a local directory, and is
replaced over and over by one thread. Times are of the processor for a chunk: all ways take turns,
and a price is the median of what a way took more than the bare one in the same round.

{table(found)}

The defaults should cost less than 10 % of such a write at 64 KB and 5 % at 1 MB. They cost
{verdict(found)}.

A chunk that is not compressed takes less time to write, and the same microseconds are more of it.

What waits for the disk is not the processor's: a chunk of a write takes, as time goes by, {waits}.
"""


if __name__ == "__main__":
    sys.exit(main())
