"""A journal of long work: what is done, so that work that was killed goes on where it was."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from zarrpy.config import config
from zarrpy.errors import ConflictError

__all__ = ["WorkJournal"]

_ABOUT = "journal.json"
_DONE = "done.txt"
#: What the first becomes when all is done, until the folder is gone.
_FINISHED = "finished.json"
_ROOM = "room"
_OWN = frozenset((_ABOUT, f"{_ABOUT}.new", _DONE, _FINISHED, _ROOM))


class WorkJournal:
    """A folder that says which pieces of some work are done.

    A piece is noted when it has been written, so that after a kill at most the pieces that were
    under way are done again.

    Parameters
    ----------
    folder : str or path-like
        Made when it is not there; removed when the work is complete. One that has anything else in
        it is refused, as it is somebody's.
    about : object
        What the work is, as JSON says it; a journal of other work is refused.

    Raises
    ------
    ConflictError
        When the journal is about other work, or the folder is no journal.

    Attributes
    ----------
    digest : str
        Of what the work is.
    room : Path
        A place for what is needed until the work is done; removed with the journal.
    """

    def __init__(self, folder: str | os.PathLike[str], about: Any) -> None:
        import hashlib  # loads OpenSSL

        self.folder = Path(folder)
        self.room = self.folder / _ROOM
        text = json.dumps(about, sort_keys=True, default=str)
        self.digest = hashlib.sha256(text.encode()).hexdigest()
        self._done: set[str] = set()
        self._log: int | None = None
        self.goes_on = (self.folder / _ABOUT).exists()
        #: Whether this work was done, and its end was cut off: only `finish` is left.
        self.is_finished = not self.goes_on and self._is_about(_FINISHED)
        if self.goes_on:
            self._check()
            self._read()
        else:
            self._check_is_ours()

    def _check_is_ours(self) -> None:
        found = {each.name for each in self.folder.iterdir()} if self.folder.is_dir() else set()
        if others := sorted(found - _OWN):
            raise ConflictError(
                f"the folder {str(self.folder)!r} is no journal: {others[0]!r} is in it",
                operation="begin",
                hint="name a folder for the journal alone; it is made, and removed at the end",
            )

    def _is_about(self, name: str) -> bool:
        """Whether a file of the folder is about this work."""
        try:
            found = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return False
        return bool(found.get("digest") == self.digest)

    def _check(self) -> None:
        if not self._is_about(_ABOUT):
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
            for name in (_DONE, _FINISHED):  # of other work, whose end was cut off
                (self.folder / name).unlink(missing_ok=True)
            made = self.folder / f"{_ABOUT}.new"
            made.write_text(json.dumps({"digest": self.digest, "work": about}), encoding="utf-8")
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
        """Remove the journal: all is done. What says so goes last."""
        import shutil  # loads every format of archives

        self.close()
        if not self.is_finished:
            os.replace(self.folder / _ABOUT, self.folder / _FINISHED)
        if self.room.is_dir():
            shutil.rmtree(self.room)
        for name in (_DONE, f"{_ABOUT}.new", _FINISHED):
            (self.folder / name).unlink(missing_ok=True)
        with suppress(OSError):  # somebody has put something of theirs into it
            self.folder.rmdir()
