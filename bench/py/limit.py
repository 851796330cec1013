"""The bare engine in C as one more column: ``limit`` of bench/c, where it is built.

The program is called as ``limit ARRAY ROW.json REPEATS``: the directory of the array, a file with
the row's document and key, and how often to read after a first time.  It prints
``{"wall": [...], "cpu": [...]}`` in seconds.
"""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from scenarios.base import Row

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = ROOT / "build" / "programs" / "plain" / "limit"


@cache
def built() -> bool:
    """Whether the program is there."""
    return PROGRAM.is_file()


def has(row: Row) -> bool:
    """Whether the program has the row's workload."""
    return built() and row.scenario in ("whole_read", "small_chunks") and row.reading


def measure(row: Row, folder: Path, repeats: int) -> dict[str, Any]:
    """Run the program once."""
    description = folder / f"{row.key}.json"
    description.write_text(json.dumps({"key": row.key, "document": row.document}))
    done = subprocess.run(
        [str(PROGRAM), str(row.stored(folder)), str(description), str(repeats)],
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return {key: [each / row.operations for each in answer[key]] for key in ("wall", "cpu")}
