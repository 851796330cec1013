"""The demonstration from beginning to end."""

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from zarrpy.cli.demo import proof, readers, stored
from zarrpy.cli.demo.document import Document
from zarrpy.cli.demo.field import field_of_file, shipped_field
from zarrpy.cli.demo.findings import Findings
from zarrpy.cli.demo.story import Story
from zarrpy.cli.exits import DIFFERENT, OK, UsageError


def demo(arguments: argparse.Namespace) -> int:
    """Run the demonstration; what it found decides the exit code."""
    start = time.perf_counter()
    shown = shipped_field() if arguments.file is None else field_of_file(Path(arguments.file))
    with _folders(arguments.keep) as (folder, scratch):
        findings = Findings(shown, folder)
        kept = arguments.keep is not None
        audience = Document(sys.stdout) if arguments.json else Story(sys.stdout, kept=kept)
        audience.began(findings)
        findings.arrays = stored.store_all(shown, folder, scratch)
        findings.faults += [
            f"{array.label}: {fault}" for array in findings.arrays for fault in array.faults
        ]
        audience.stored(findings)
        for name in ("zarrpy", *readers.installed_peers()):
            audience.asking(name)
            _examine(name, findings, scratch)
        findings.seconds = time.perf_counter() - start
        audience.ended(findings)
    return DIFFERENT if findings.faults else OK


def _examine(name: str, findings: Findings, scratch: Path) -> None:
    """Let one reader judge what we stored, and judge what it writes."""
    values = stored.save_values(findings.shown.values, scratch)
    testimony = readers.ask(name, values, [array.task() for array in findings.arrays])
    faults = testimony.faults(proof.digest(findings.shown.values))
    if not faults:
        faults = stored.wrong_copies(findings.arrays, findings.shown.values)
    stored.erase_copies(findings.arrays)
    findings.witnesses.append(testimony)
    findings.faults += [f"{name}: {fault}" for fault in faults]


@contextlib.contextmanager
def _folders(keep: str | None) -> Iterator[tuple[Path, Path]]:
    """Give a directory for what is shown, and one for what only the proof needs."""
    with tempfile.TemporaryDirectory(prefix="zarrpy-demo-") as name:
        scratch = Path(name)
        folder = scratch / "shown" if keep is None else Path(keep)
        if folder.exists():
            raise UsageError(f"{folder} exists already; give --keep a directory that does not")
        folder.mkdir(parents=True)
        yield folder, scratch
