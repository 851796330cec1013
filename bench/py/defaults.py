"""Compare what a user gets who names neither chunks nor codecs, on five real arrays.

    python bench/py/defaults.py            bench/results/defaults.json and the README's table
    python bench/py/defaults.py --print    measure and print, write nothing
    python bench/py/defaults.py --table    the README's table from the kept results

zarrpy's files are read by every peer and compared bit for bit.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests")]

import data  # noqa: E402
import table  # noqa: E402
from peers.client import Peer  # noqa: E402
from rounds import Rounds, machine  # noqa: E402
from scenarios import out_of_the_box  # noqa: E402

RESULTS = ROOT / "bench" / "results" / "defaults.json"
FOLDER = ROOT / "build" / "bench"
#: Who must read zarrpy's files; strict, so that zarrs does not hand work to zarr-python.
READERS = (
    "zarr-python",
    "zarr-python fused",
    "zarrs-python strict",
    "zarrista",
    "tensorstore",
)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--print", action="store_true", help="measure and print, write nothing")
    parser.add_argument("--table", action="store_true", help="render the kept results only")
    parser.add_argument("--rounds", type=int, default=5, help="how often, 5 unless told")
    options = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if options.table else compare(options.rounds)
    if options.print:
        print(render(results))
        return 0
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    table.insert(ROOT / "README.md", "defaults", render(results))
    return 0


def compare(count: int) -> dict[str, Any]:
    """Measure every array and have every peer read zarrpy's files."""
    for array in data.ARRAYS:
        data.fetch(array)
    FOLDER.mkdir(parents=True, exist_ok=True)
    rounds = DefaultRounds(FOLDER, count)
    found = rounds.run()["rows"]
    arrays = {}
    for array in data.ARRAYS:
        pair = {verb: found[f"{array.name}-{verb}"]["libraries"] for verb in ("write", "read")}
        arrays[array.name] = {
            "nbytes": data.load(array.name).nbytes,
            "shape": data.load(array.name).shape,
            "dtype": str(data.load(array.name).dtype),
            "libraries": {
                name: {**rounds.notes[name, array.name], **times(pair, name)}
                for name in out_of_the_box.LIBRARIES
            },
        }
    readers = read_by_peers()
    shutil.rmtree(FOLDER, ignore_errors=True)
    return {
        "machine": machine(),
        "arrays": arrays,
        "readers": readers,
        "versions": dict(sorted(rounds.versions.items())),
    }


def times(pair: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a library's seconds of writing and reading."""
    return {
        f"{verb}_{metric}": pair[verb][name][metric]
        for verb in ("write", "read")
        for metric in ("wall", "cpu", "lowest", "highest")
    }


class DefaultRounds(Rounds):
    """Rounds over the real arrays, which also keep what was stored."""

    def __init__(self, folder: Path, count: int) -> None:
        super().__init__(folder, quick=False)
        self.rows = out_of_the_box.rows(False)
        self.count = count
        self.repeats = 3
        self.notes: dict[tuple[str, str], dict[str, Any]] = {}

    def note(self, row: Any, name: str, answer: dict[str, Any]) -> None:
        """Keep the stored bytes and the layout."""
        array = row.key.rpartition("-")[0]
        self.notes[name, array] = {
            key: answer[key] for key in ("stored", "nfiles", "chunks", "codecs")
        }


def read_by_peers() -> dict[str, dict[str, str]]:
    """Return, for each peer and array, "" or how the peer failed to read zarrpy's file."""
    folder = Path(tempfile.mkdtemp(prefix="read-", dir=FOLDER))
    jobs = [{"path": str(folder / array.name), "values": str(array.path)} for array in data.ARRAYS]
    with Peer("zarrpy", patience=600) as zarrpy:
        written = zarrpy.ask("write_default", jobs)
    assert all(answer["ok"] for answer in written), written
    outcome = {}
    for name in READERS:
        with Peer(name, patience=600) as peer:
            answers = peer.ask("read", jobs)
        outcome[name] = {
            array.name: answer.get("error", "")
            for array, answer in zip(data.ARRAYS, answers, strict=True)
        }
    return outcome


# ---- the table


def render(results: dict[str, Any]) -> str:
    """Return the table: bytes, writing and reading of each library, array by array."""
    names = out_of_the_box.LIBRARIES
    heads = [
        f"{what}: {name}" for what in ("stored MB", "write MB/s", "read MB/s") for name in names
    ]
    lines = ["| array | " + " | ".join(heads) + " |", "|---|" + "--:|" * len(heads)]
    for name, found in results["arrays"].items():
        raw = found["nbytes"]
        stored = [found["libraries"][each]["stored"] / 1e6 for each in names]
        speeds = [
            raw / 1e6 / found["libraries"][each][f"{verb}_wall"]
            for verb in ("write", "read")
            for each in names
        ]
        shape = "×".join(map(str, found["shape"]))
        cells = [*(f"{size:.2f}" for size in stored), *(f"{speed:.0f}" for speed in speeds)]
        title = f"{name} {shape} {found['dtype']}, {raw / 1e6:.1f} MB"
        lines.append("| " + " | ".join([title, *cells]) + " |")
    return "\n".join([*lines, "", verdict(results), "", footnote(results)])


def verdict(results: dict[str, Any]) -> str:
    """Return a sentence on who read zarrpy's files."""
    failed = [
        f"{reader} does not read {array}: {error}"
        for reader, arrays in results["readers"].items()
        for array, error in arrays.items()
        if error
    ]
    count = len(next(iter(results["readers"].values())))
    if failed:
        return "; ".join(failed) + "."
    return f"Read bit for bit, {count} arrays of {count}, by {', '.join(results['readers'])}."


def footnote(results: dict[str, Any]) -> str:
    """Return where and with what this was measured."""
    told = {}
    for versions in results["versions"].values():
        told.update(versions)
    versions = ", ".join(f"{name} {version}" for name, version in sorted(told.items()))
    found = results["machine"]
    return (
        f"Wall time, medians of interleaved rounds, each in a fresh process; page cache warm; "
        f"{found['cores']} cores, {found['processor']}; {versions}. "
        f"Made by `python bench/py/defaults.py`."
    )


if __name__ == "__main__":
    sys.exit(main())
