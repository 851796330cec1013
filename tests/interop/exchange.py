"""Arrays written by one library and read by another, in whole batches."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from peers.client import Peer

from interop.cases import Case

#: Where systems keep files in memory, and the bytes that an exchange may take there.
MEMORY, ROOM = Path("/dev/shm"), 2 << 30


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Give a new directory, in memory where there is room: the arrays are many small files."""
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM
    with tempfile.TemporaryDirectory(
        prefix="exchange", dir=MEMORY if roomy else None, ignore_cleanup_errors=True
    ) as folder:
        yield Path(folder)


#: Case name -> "" when it went well, else the error text of the library.
Outcome = dict[str, str]


@dataclass
class Exchange:
    """A directory in which libraries leave arrays for each other.

    Parameters
    ----------
    directory : Path
        Where arrays and expected values are kept.
    cases : list of Case
        What is exchanged.
    """

    directory: Path
    cases: list[Case]
    _values: dict[bytes, Path] = field(default_factory=dict)

    def for_formats(self, formats: tuple[int, ...]) -> Exchange:
        """Return the same exchange with the cases of some format versions only."""
        cases = [case for case in self.cases if case.document["zarr_format"] in formats]
        return Exchange(self.directory, cases, self._values)

    def path(self, writer: str, case: Case) -> Path:
        """Return where a library writes a case."""
        return self.directory / writer.replace(" ", "-") / case.name.replace("/", "_")

    def values_file(self, case: Case) -> Path:
        """Return the .npy file of a case's values; equal values share one."""
        values = case.values
        key = hashlib.sha256(f"{values.dtype}{values.shape}".encode() + values.tobytes()).digest()
        if key not in self._values:
            folder = self.directory / "values"
            folder.mkdir(parents=True, exist_ok=True)
            self._values[key] = folder / f"{len(self._values)}.npy"
            np.save(self._values[key], values)
        return self._values[key]

    def write(self, peer: Peer) -> Outcome:
        """Have a library write every case."""
        jobs = []
        for case in self.cases:
            path = self.path(peer.library, case)
            path.parent.mkdir(parents=True, exist_ok=True)
            values = str(self.values_file(case))
            jobs.append({"path": str(path), "document": case.document, "values": values})
        outcome = self._ask(peer, "write", jobs, self.cases)
        for case in self.cases:
            if case.absent and not outcome[case.name]:
                for part in ("", "values"):  # some peers write an array into a group
                    path = self.path(peer.library, case) / part / case.absent
                    path.unlink(missing_ok=True)
        return outcome

    def read(self, peer: Peer, writer: str, written: Outcome) -> Outcome:
        """Have a library read every case that another has written, and compare bit for bit."""
        cases = [case for case in self.cases if not written[case.name]]
        jobs = [
            {"path": str(self.path(writer, case)), "values": str(self.values_file(case))}
            for case in cases
        ]
        return self._ask(peer, "read", jobs, cases)

    @staticmethod
    def _ask(peer: Peer, op: str, jobs: list[dict[str, object]], cases: list[Case]) -> Outcome:
        answers = peer.ask(op, jobs)
        return {
            case.name: "" if answer["ok"] else answer["error"]
            for case, answer in zip(cases, answers, strict=True)
        }
