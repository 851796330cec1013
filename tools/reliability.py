"""Write docs/reliability.md from what long tests tell at their end.

    python tools/reliability.py           run them all, and the fuzzers, and write the page
    python tools/reliability.py LOG...    renew what such runs have printed

Nothing is counted by hand: a section without a run says so.  What a later log says of the same
thing replaces what an earlier one says, and what the page says.
"""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from pathlib import Path

from tree import ROOT

PAGE = ROOT / "docs" / "reliability.md"
LOG = ROOT / "build" / "reliability.log"
TESTS = ("tests/faults", "tests/hostile")
EXECUTIONS = re.compile(r"fuzz_decode: (\d+) executions")
SEED = re.compile(r"fuzz: decoders with seed (\d+)")
STEPS = re.compile(r"fuzz_decode: ([1-9]\d*) steps")
#: How pytest ends, also when it is interrupted.
SUMMARY = re.compile(r"\d+ (passed|failed)|!!!|.*KeyboardInterrupt")
TITLE = re.compile(r"=+ (.+?) =+")
#: Sections of the page: title, what the tests do, and what they call their counts.
SECTIONS = (
    (
        "Kills",
        (
            "A process writes to a layout again and again, and is killed at a random time. A "
            "checker opens what is left: each value is the old one or the new one as a whole, "
            "what was reported is there, and repairing leaves no temporary file "
            "([layouts](../tests/faults/layouts.py))."
        ),
        "kills",
    ),
    (
        "Long work under kills",
        (
            "Copies, moves, rechunks, conversions, packing, imports and exports with a journal are "
            "killed at random times and begun again, until a run ends by itself. What is stored is "
            "that of a run in peace, nothing is left beside it but locks that nobody holds, and "
            "after each kill at most one window is done again "
            "([works](../tests/faults/test_journal.py))."
        ),
        "work under many kills",
    ),
    (
        "Memory of bulk work",
        (
            "Ten gigabytes are copied and rechunked, and the largest resident set is compared "
            "with the bound that was given ([the program](../bench/py/bounds.py))."
        ),
        "memory of bulk work",
    ),
    (
        "Each failure in turn",
        (
            "The nth system call on files of the store fails, with each error that it may give, "
            "or is interrupted, or does half of its work, or is the last thing that the process "
            "does; so does the nth allocation of the engine. n goes up until the operation does "
            "not come that far ([failures](../tests/faults/failures.py))."
        ),
        "each failure in turn",
    ),
    (
        "Loss of power",
        (
            'With `durability="durable"`, all calls that change files are recorded. From them '
            "every state of the disk is built that they allow: what was not synced may be there, "
            "in part, or not. Each state is opened, and has all that was reported ([the "
            "model](../tests/faults/power.py))."
        ),
        "loss of power (durable)",
    ),
    (
        "Races",
        (
            "Two processes, and four threads, change one value between two barriers, and the "
            "outcome has to be one that they could have made one after the other. Readers look "
            "for torn values meanwhile ([races](../tests/faults/racers.py))."
        ),
        "races",
    ),
    (
        "Inputs of strangers",
        (
            "Files that were made to do harm, each read in a process of its own under limits of "
            "memory and time ([inputs](../tests/hostile/inputs.py))."
        ),
        "inputs of strangers",
    ),
    (
        "Damage",
        (
            "Bytes of stored chunks and documents are changed one at a time, and chunks are cut "
            "off. `wrong` counts reads that gave other values; it can be more than 0 only for the"
            " forms that have no checksum ([damage](../tests/hostile/test_damage.py))."
        ),
        "reads of damaged chunks",
    ),
    (
        "Fuzzing",
        (
            "Damaged chunks for every decoder, from a corpus that grows by what leads the engine on"
            " ways that it has not gone, and damaged documents, chunks and archives for the whole "
            "library, under the address and undefined-behaviour sanitizers where it says so. A "
            "check that is taken out of a decoder has to be noticed "
            "([decoders](../tests/c/fuzz_decode.c), [library](../tests/hostile/fuzz.py))."
        ),
        "fuzzing",
    ),
)


Told = dict[str, dict[str, str]]


def told(log: str, found: Told) -> None:
    """Find the lines of each section in what runs have printed, by what they are about."""
    names = {name for _, _, name in SECTIONS}
    lines: dict[str, str] | None = None
    runs: list[int] = []
    for line in log.splitlines():
        title = TITLE.fullmatch(line.strip())
        executions = EXECUTIONS.match(line)
        if executions:
            runs.append(int(executions[1]))
        elif title:
            lines = found.setdefault(title[1], {}) if title[1] in names else None
        elif line.startswith(("planted:", "hostile.fuzz:")):
            found.setdefault("fuzzing", {})[line.partition(":")[0]] = line
        elif lines is not None and line.strip() and not SUMMARY.match(line):
            lines[_subject(line)] = line
    if runs:
        under = "under ASan and UBSan" if "address-undefined" in log else "without sanitizers"
        steps = max(map(int, STEPS.findall(log)), default=0)
        what = f"decoders, {'led by coverage, ' if steps else ''}{under}"
        times = f"{len(runs)} run{'s' if len(runs) > 1 else ''}"
        seeds = SEED.findall(log)
        times += f" (seeds {seeds[0]} to {seeds[-1]})" if seeds else ""
        ways = f", {steps:,} steps from block to block seen" if steps else ""
        found.setdefault("fuzzing", {})[what] = (
            f"{what}: {sum(runs):,} executions in {times}, 0 failed{ways}"
        )


def kept() -> Told:
    """Find the lines of each section on the page as it is."""
    found: Told = {}
    names = {title: name for title, _, name in SECTIONS}
    lines: dict[str, str] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            lines = found.setdefault(names[line[3:]], {})
        elif line.startswith("- "):
            lines[_subject(line[2:])] = line[2:]
    return found


def _subject(line: str) -> str:
    """Tell what a line is about: what stands before a colon, or before the next column."""
    return re.split(r":|  ", line, maxsplit=1)[0]


def page(found: Told) -> str:
    """Write the page."""
    parts = [
        "# What was tried to break it\n",
        (
            "Written by `make reliability`, which runs the long forms of these tests; "
            "`make test` runs short ones. "
            f"Counted on {platform.system()} {platform.machine()}, Python "
            f"{platform.python_version()}. What is promised stands in the table of the "
            "[README](../README.md#promised-and-tested).\n"
        ),
    ]
    for title, what, name in SECTIONS:
        lines = [f"- {line}\n" for line in found.get(name, {}).values()]
        parts += [f"## {title}\n", f"{what}\n", "".join(lines) or "Not run.\n"]
    return "\n".join(parts)


def run() -> str:
    """Run everything, and return what it printed; the first failure ends it."""
    commands = [
        [sys.executable, "-m", "pytest", "-q", "-m", "long", *TESTS],
        [sys.executable, "-m", "pytest", "-q", "tests/hostile/test_inputs.py"],
        [sys.executable, "tools/fuzz.py", "--executions=20000000", "--inputs=200000"],
    ]
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("w") as log:
        for command in commands:
            subprocess.run(command, cwd=ROOT, stdout=log, check=True)
    return LOG.read_text()


def main(logs: list[str]) -> int:
    """Run or read, and write the page."""
    found: Told = kept() if logs else {}
    for text in [Path(log).read_text() for log in logs] or [run()]:
        told(text, found)
    PAGE.write_text(page(found), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
