"""A journal of long work: what is done, so that work that was killed goes on where it was."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from zarrpy.config import config
from zarrpy.errors import ConflictError

__all__ = ["Journal"]

_ABOUT = "journal.json"
_DONE = "done.txt"


class Journal:
    """A folder that says which pieces of some work are done.

    A piece is noted when it has been written, so that after a kill at most the pieces that were
    under way are done again.

    Parameters
    ----------
    folder : str or path-like
        Made when it is not there; removed when the work is complete.
    about : object
        What the work is, as JSON says it; a journal of other work is refused.

    Raises
    ------
    ConflictError
        When the journal is about other work.
    """

    def __init__(self, folder: str | os.PathLike[str], about: Any) -> None:
        self.folder = Path(folder)
        text = json.dumps(about, sort_keys=True, default=str)
        self._digest = hashlib.sha256(text.encode()).hexdigest()
        self._done: set[str] = set()
        self._log: int | None = None
        self.goes_on = (self.folder / _ABOUT).exists()
        if self.goes_on:
            self._check()
            self._read()

    def _check(self) -> None:
        found = json.loads((self.folder / _ABOUT).read_text(encoding="utf-8"))
        if found.get("digest") != self._digest:
            raise ConflictError(
                f"the journal {str(self.folder)!r} is about other work, or another source",
                operation="go on",
                hint="name another journal, or remove this one to begin anew",
            )

    def _read(self) -> None:
        """Take what is done; a line that a kill cut off does not count."""
        path = self.folder / _DONE
        lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
        self._done = {line.decode() for line in lines}
        if path.exists():
            os.truncate(path, sum(len(line) + 1 for line in lines))

    def begin(self, about: str) -> None:
        """Write down what the work is, before any of it is done."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.goes_on:
            made = self.folder / f"{_ABOUT}.new"
            made.write_text(json.dumps({"digest": self._digest, "work": about}), encoding="utf-8")
            os.replace(made, self.folder / _ABOUT)

    def is_done(self, piece: str) -> bool:
        """Whether a piece is done."""
        return piece in self._done

    def note(self, piece: str) -> None:
        """Note that a piece is done."""
        if self._log is None:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            self._log = os.open(self.folder / _DONE, flags, 0o644)
        os.write(self._log, f"{piece}\n".encode())
        if config.durability == "durable":
            os.fsync(self._log)
        self._done.add(piece)

    def close(self) -> None:
        """Leave the journal for those who go on."""
        if self._log is not None:
            os.close(self._log)
            self._log = None

    def finish(self) -> None:
        """Remove the journal: all is done."""
        self.close()
        os.unlink(self.folder / _ABOUT)
        shutil.rmtree(self.folder)
