"""Count the instructions of the engine's hot paths, and compare them with those that are kept.

    python tools/instructions.py           fails when a path takes more than it did
    python tools/instructions.py --keep    keeps the counts in bench/results/instructions.json

Counts do not depend on what else the machine does. They do depend on the compiler: those of another
one are printed, and not judged. Kernels for SIMD are turned off, as processors differ in them.
Needs valgrind.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import c_programs

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "bench" / "results" / "instructions.json"
#: So much more is taken for chance, as of another version of a library.
SLACK = 1.05
#: Two numbers of times: their difference leaves out what is done once.
FEW, MANY = 2, 6
COLLECTED = re.compile(rb"Collected : (\d+)")


def main(arguments: list[str]) -> int:
    """Count, print, and compare or keep."""
    if shutil.which("valgrind") is None:
        print("valgrind is missing: apt-get install valgrind")
        return 2
    program = next(path for path in c_programs.build(Path("bench/c"), ROOT) if path.stem == "paths")
    found = {"compiler": compiler(), "instructions": counts(program)}
    if "--keep" in arguments:
        KEPT.write_text(json.dumps(found, indent=1) + "\n")
    kept = json.loads(KEPT.read_text())
    for name, number in found["instructions"].items():
        before = kept["instructions"].get(name)
        print(f"{name:40} {number:12}" + (f" {number / before:6.3f} of before" if before else ""))
    if kept["compiler"] != found["compiler"]:
        print(f"kept counts are of {kept['compiler']}, these of {found['compiler']}: not compared")
        return 0
    more = slower(found["instructions"], kept["instructions"])
    print("\n".join(more) or "no path takes more instructions than before")
    return int(bool(more))


def slower(found: dict[str, int], kept: dict[str, int]) -> list[str]:
    """Return a sentence for each path that takes more than before, or is not known."""
    sentences = []
    for name, number in found.items():
        if name not in kept:
            sentences.append(f"{name!r} is not kept: run tools/instructions.py --keep")
        elif number > kept[name] * SLACK:
            sentences.append(f"{name!r} takes {number} instructions, and took {kept[name]}")
    return sentences


def counts(program: Path) -> dict[str, int]:
    """Return the instructions of going each path once."""
    listed = subprocess.run([program], capture_output=True, text=True, check=True)
    names = listed.stdout.splitlines()
    return {
        name: (collected(program, name, MANY) - collected(program, name, FEW)) // (MANY - FEW)
        for name in names
    }


def collected(program: Path, name: str, times: int) -> int:
    """Run a path so many times; return all instructions of that."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    environment = {**os.environ, "ZARRPY_DISABLE": "simd"}
    done = subprocess.run(
        [*command, program, name, str(times)], capture_output=True, env=environment, check=True
    )
    match = COLLECTED.search(done.stderr)
    if match is None:
        raise SystemExit(f"callgrind counted nothing: {done.stderr[-500:]!r}")
    return int(match[1])


def compiler() -> str:
    """Name the compiler and the kind of processor."""
    name = os.environ.get("CC") or "cc"
    version = subprocess.run([name, "-dumpfullversion"], capture_output=True, text=True)
    return f"{version.stdout.strip()} {platform.machine()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
