"""Several batches as one: each has a block of its own, and all are worked on together."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from zarrpy._native.files import Directory
    from zarrpy._native.tally import Tally
    from zarrpy.engine.requests import Batch
    from zarrpy.stores.base import Values


class Together:
    """Batches that write one chunk each, as `zarrpy.engine.requests.Batch`.

    Parameters
    ----------
    parts : sequence of Batch
        Each knows the names of its keys already.
    """

    writing = True
    nabsent = 0
    index_range = None

    def __init__(self, parts: Sequence[Batch]) -> None:
        self.parts = parts
        self._files = False
        self._cancelled = False
        self._set_window(0, len(parts))

    @property
    def native(self) -> bool:
        """Whether C does the work."""
        return all(part.native for part in self.parts)

    @property
    def keep_empty(self) -> bool:
        """Whether chunks of nothing but the fill value are written, not deleted."""
        return self.parts[0].keep_empty

    @keep_empty.setter
    def keep_empty(self, keep: bool) -> None:
        for part in self.parts:
            part.keep_empty = keep

    @property
    def ntasks(self) -> int:
        """Number of chunks."""
        return len(self.parts)

    @property
    def nbytes(self) -> int:
        """Decoded bytes of all blocks."""
        return sum(part.nbytes for part in self.parts)

    @property
    def asked_nbytes(self) -> int:
        """Bytes of all blocks."""
        return sum(part.asked_nbytes for part in self.parts)

    def use_watch(self, document: bytes, marker: bytes | None, state: Any, look: Any) -> None:
        """Ask before each file that is written; parameters as of `NativeWatch`."""
        for part in self.parts:
            part.use_watch(document, marker, state, look)

    @property
    def watched(self) -> bool:
        """Whether what `use_watch` asks for was asked."""
        return any(part.watched for part in self.parts)

    def use_tally(self, tally: Tally) -> None:
        """Count there what is done, and how long it takes."""
        for part in self.parts:
            part.use_tally(tally)

    def ranges(self, task: int, index: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Where chunks lie in a shard; nothing is read in part here."""
        raise TypeError("batches that write are not read in part")

    def name_keys(self, prefix: str, separator: str, zero: str, suffix: str = "") -> None:
        """Say how grid indexes become keys."""
        for part in self.parts:
            part.name_keys(prefix, separator, zero, suffix)

    def use_directory(self, directory: Directory) -> None:
        """Write files of that directory, all at once."""
        self._files = True
        for part in self.parts:
            part.use_directory(directory)
        self._set_window(0, len(self.parts))

    def open_window(self, first: int, last: int) -> None:
        """Work on some of the chunks with bytes in hand."""
        self._set_window(first, last)
        for part in self._window:
            part.open_window(0, 1)

    def _set_window(self, first: int, last: int) -> None:
        self._first = first
        self._window = self.parts[first:last]
        self._cursor = count()

    def window_keys(self) -> list[str]:
        """Keys of the window's chunks."""
        return [key for part in self._window for key in part.window_keys()]

    def keys(self, first: int, last: int) -> list[str]:
        """Keys of some chunks."""
        return [key for part in self.parts[first:last] for key in part.keys(0, 1)]

    def covered(self) -> list[bool]:
        """Whether each chunk of the window is written without reading it first."""
        return [whole for part in self._window for whole in part.covered()]

    def feed(self, values: list[Any]) -> None:
        """Hand over the stored bytes of the window's chunks."""
        for part, value in zip(self._window, values, strict=True):
            part.feed([value])

    def share(self, nworkers: int) -> None:
        """Nothing depends on how many will call `run`: each chunk is a batch of its own."""

    def run(self, alone: bool = False) -> None:
        """Work until no chunk is left; many threads may do so at once."""
        while not self._cancelled:
            number = next(self._cursor)
            if number >= len(self._window):
                return
            self._window[number].run(alone=True)

    def cancel(self) -> None:
        """Make all workers stop after the chunk in hand."""
        self._cancelled = True
        for part in self.parts:
            part.cancel()

    def results(self, buffers: bool = False) -> Values:
        """Give the encoded bytes of the window's chunks; None where the chunk is to be deleted."""
        return [value for part in self._window for value in part.results(buffers)]

    def check(self) -> None:
        """Raise the first error of any chunk."""
        for part in self._window:
            part.check()

    def stored(self) -> list[bool]:
        """Tell of each chunk whether it is surely stored, after an error of others."""
        if not self._files:
            return [number < self._first for number in range(len(self.parts))]
        return [_finished(part) for part in self.parts]


def _finished(part: Batch) -> bool:
    try:
        part.check()
    except Exception:
        return False
    return True
