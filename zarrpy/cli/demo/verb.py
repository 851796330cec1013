"""The demonstration from beginning to end."""

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zarrpy.cli.demo import field, proof, readers, report, stored
from zarrpy.cli.exits import DIFFERENT, OK, UsageError


def demo(arguments: argparse.Namespace) -> int:
    """Run the demonstration; what it found decides the exit code."""
    start = time.perf_counter()
    if arguments.file is None:
        shown = field.shipped_field()
    else:
        shown = field.field_of_file(Path(arguments.file))
    keep = None if arguments.keep is None else Path(arguments.keep)
    with _folder(keep) as folder:
        arrays = stored.store_all(shown, folder)
        values = folder / "values.npy"
        _save(values, shown.values)
        expected = proof.digest(shown.values)
        witnesses = []
        faults = [f"{array.label} {fault}" for array in arrays for fault in array.faults]
        for name in ("zarrpy", *readers.installed_peers()):
            testimony = readers.ask(name, values, [array.task() for array in arrays])
            witnesses.append(testimony)
            found = testimony.faults(expected)
            if not found:
                found = stored.wrong_copies(arrays, shown.values)
            faults += [f"{name}: {fault}" for fault in found]
            stored.erase_copies(arrays)
        result = report.Report(
            shown=shown,
            folder=folder,
            arrays=arrays,
            witnesses=witnesses,
            faults=faults,
            seconds=time.perf_counter() - start,
            kept=keep is not None,
        )
        if arguments.json:
            report.print_json(result)
        else:
            report.print_text(result, sys.stdout)
    return DIFFERENT if faults else OK


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="zarrpy-demo-") as name:
            yield Path(name)
        return
    if keep.exists():
        raise UsageError(f"{keep} exists already; give --keep a directory that does not")
    keep.mkdir(parents=True)
    yield keep


def _save(path: Path, values: Any) -> None:
    import numpy as np

    with path.open("wb") as file:
        np.save(file, values, allow_pickle=False)
