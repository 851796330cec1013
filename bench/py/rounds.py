"""Interleaved rounds: every library once, then every library again, each in a fresh process."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import field as values_field
import limit
import scenarios
from peers import adapters, environments
from peers.client import Peer, interpreter_of
from scenarios import import_time
from scenarios.base import LIMIT, Row

MEASURE = Path(__file__).with_name("measure.py")
#: Who writes the arrays that all read.
WRITER = "zarr-python"
#: Seconds after which an array is no longer a new one, to those who keep the state of its files.
SETTLING = 1.5


@dataclass
class Samples:
    """What was measured of one library in one row."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)
    error: str = ""

    def add(self, answer: dict[str, Any]) -> None:
        """Take the median of one process."""
        self.wall.append(statistics.median(answer["wall"]))
        self.cpu.append(statistics.median(answer["cpu"]))
        if answer.get("peak"):
            self.peak.append(answer["peak"])

    def summary(self, metric: str) -> dict[str, Any]:
        """Return medians over the rounds and the spread of the metric."""
        if not self.wall:
            return {"error": self.error}
        chosen = getattr(self, metric)
        return {
            "wall": statistics.median(self.wall),
            "cpu": statistics.median(self.cpu),
            "lowest": min(chosen),
            "highest": max(chosen),
            "peak": statistics.median(self.peak) if self.peak else None,
            "rounds": len(self.wall),
        }


class Rounds:
    """Runs rows and keeps their results.

    Parameters
    ----------
    folder : Path
        Where arrays are kept while measuring.
    quick : bool
        Smaller arrays, one round.
    only : str
        Measure rows whose key contains this.
    count : int, optional
        Rounds; five, or one of the quick form.
    """

    def __init__(self, folder: Path, quick: bool, only: str = "", count: int | None = None) -> None:
        self.folder = folder
        self.quick = quick
        self.count = count or (1 if quick else 5)
        self.repeats = 2 if quick else 5
        self.rows = scenarios.chosen_rows(quick, only)
        self.versions: dict[str, dict[str, str]] = {}

    def run(self, done: Path | None = None) -> dict[str, Any]:
        """Measure every row and return the results, ready for JSON.

        Rows are kept in the file `done` as they are measured, and not measured when they are there.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        results = {}
        if done is not None and done.is_file():
            results, self.versions = json.loads(done.read_text())
        for row in self.rows:
            if row.key in results:
                continue
            results[row.key] = self.measure(row)
            print(line(row, results[row.key]), flush=True)
            if done is not None:
                done.write_text(json.dumps([results, self.versions]))
        return {"machine": machine(), "quick": self.quick, "rows": results, **self.told()}

    def told(self) -> dict[str, Any]:
        """Return the versions that took part."""
        return {"versions": dict(sorted(self.versions.items()))}

    def measure(self, row: Row) -> dict[str, Any]:
        """Measure one row."""
        self.prepare(row)
        names = [*row.libraries, *([LIMIT] if limit.has(row) else [])]
        samples = {name: Samples() for name in names}
        for turn in range(self.count):
            # Each round begins with another library, so that none always follows the same one.
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                if not samples[name].error:
                    self.once(row, name, samples[name])
        return {
            "title": row.title,
            "metric": row.metric,
            "unit": row.unit,
            "target": row.target,
            "libraries": {name: samples[name].summary(row.metric) for name in names},
        }

    def prepare(self, row: Row) -> None:
        """Make the values, and the array where the row reads one."""
        if not row.document:
            return
        values = values_field.ensure(row, self.folder)
        stored = row.stored(self.folder)
        if row.reading and not stored.is_dir():
            partial = stored.with_name(f"{stored.name}-partial")
            job = {"path": str(partial), "document": row.document, "values": str(values)}
            with Peer(WRITER, patience=600) as writer:
                (answer,) = writer.ask("write", [job])
            if not answer["ok"]:
                raise RuntimeError(f"{row.key}: {WRITER} cannot write it: {answer['error']}")
            partial.replace(stored)
            if not self.quick:
                time.sleep(SETTLING)

    def once(self, row: Row, name: str, samples: Samples) -> None:
        """Measure one library once."""
        if not row.reading:  # what others have written is nobody's time but theirs
            os.sync()
        if name == LIMIT:
            samples.add(limit.measure(row, self.folder, self.repeats))
            return
        request = {
            "library": name,
            "scenario": row.scenario,
            "row": row.key,
            "folder": str(self.folder),
            "repeats": self.repeats,
            "quick": self.quick,
        }
        if row.scenario == "import_time":
            request["code"] = import_time.code(row, name, self.folder)
        done = subprocess.run(
            [str(interpreter_of(name)), str(MEASURE)],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            env=environments.variables() if name in adapters.ENVIRONMENT_OF else compiled_once(),
        )
        if done.returncode or not done.stdout:
            samples.error = " ".join(done.stderr.split())[-300:]
            print(f"  {row.key}: {name}: {samples.error}", file=sys.stderr)
            return
        answer = json.loads(done.stdout)
        samples.add(answer)
        self.versions.setdefault(name, answer.get("versions", {}))
        self.note(row, name, answer)

    def note(self, row: Row, name: str, answer: dict[str, Any]) -> None:
        """Keep what else an answer tells; whole rounds have no use for it."""


def machine() -> dict[str, Any]:
    """Describe where this was measured."""
    model = platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(each.split(":", 1)[1].strip() for each in lines if "model name" in each)
    except (OSError, StopIteration):
        pass
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"processor": model, "cores": cores, "system": platform.platform()}


def compiled_once() -> dict[str, str]:
    """Return an environment in which modules are compiled once, as those of a package are."""
    return {key: text for key, text in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def line(row: Row, result: dict[str, Any]) -> str:
    """Return a row for the terminal: medians, spread, ratio to the best peer."""
    scale = 1e6 if row.unit == "us" else 1e3
    cells = []
    for name, found in result["libraries"].items():
        if "error" in found:
            cells.append(f"{name} -")
            continue
        low, high = found["lowest"] * scale, found["highest"] * scale
        cells.append(f"{name} {found[row.metric] * scale:.4g} [{low:.4g} {high:.4g}]")
    return f"{row.title} ({row.unit}, {row.metric}): {'; '.join(cells)}; {ratio_text(result)}"


def best_peer(result: dict[str, Any]) -> tuple[str, float] | None:
    """Return the fastest peer of a row and its time."""
    metric = result["metric"]
    times = {
        name: found[metric]
        for name, found in result["libraries"].items()
        if name not in ("zarrpy", LIMIT) and "error" not in found
    }
    return min(times.items(), key=lambda item: item[1]) if times else None


def ratio_text(result: dict[str, Any]) -> str:
    """Return how much faster zarrpy is than the best peer."""
    best = best_peer(result)
    mine = result["libraries"].get("zarrpy", {"error": ""})
    if best is None or "error" in mine:
        return "-"
    return f"{best[1] / mine[result['metric']]:.2f}x ({best[0]})"
