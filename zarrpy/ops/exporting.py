"""Write arrays as files that other programs read: .npy, .npz and raw bytes."""

from __future__ import annotations

import errno
import os
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.api.open import open as open_node
from zarrpy.api.recode import regions
from zarrpy.array import Array
from zarrpy.config import config
from zarrpy.display.progress import Progress
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.journal import WorkJournal
from zarrpy.engine.nodes import documents_of
from zarrpy.engine.operation import function
from zarrpy.engine.scheduler import check_reach
from zarrpy.engine.units import Unit, carried_out
from zarrpy.errors import MetadataError, NodeKindError
from zarrpy.group import Group
from zarrpy.stores import as_store

if TYPE_CHECKING:
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store

__all__ = ["export_to"]

_FORMS = ("npy", "npz", "raw")
#: Bytes of a member of an archive that are in memory at once.
_PIECE_NBYTES = 1 << 20


@function
def export_to(
    source: Any,
    target: str | os.PathLike[str],
    *,
    form: str | None = None,
    overwrite: bool = False,
    progress: Any = None,
    scheduler: Any = None,
    journal: str | os.PathLike[str] | None = None,
) -> Steps[Path]:
    """Write an array to a .npy file or as raw bytes, or the arrays of a group to a .npz file.

    A part of an array is in memory at a time. Raw bytes are the elements in C order, the lowest
    byte first. The arrays of a .npz file are written to files of their own first.

    Parameters
    ----------
    source : Array, Group, str, path-like, mutable mapping or Store
    target : str or path-like
    form : {"npy", "npz", "raw"}, optional
        By default as the ending says; any other is raw.
    overwrite : bool
        Replace a file that is there.
    progress : bool, callable or object with ``update(n)``, optional
        Who hears of each part.
    scheduler : {"threads", "processes"}, str or distributed.Client, optional
        Who reads and writes, as of `zarrpy.copy`; the folder of the file must be in reach of the
        workers.
    journal : str or path-like, optional
        A folder that says what is done, for work that goes on after it was killed: call again
        with the same arguments. There is no file at the target before all of it is written.

    Returns
    -------
    Path
        The file; what `target` holds until it is complete is left as it is.

    Raises
    ------
    FileExistsError
        When the file is there and `overwrite` is false.
    NodeKindError
        When a group is to be written as one array, or the other way round.
    MetadataError
        When elements have no length of their own.
    ConflictError
        When the journal is about other work, or the metadata of the source are others by now.
    """
    path = Path(target)
    form = path.suffix.lstrip(".") if form is None else form
    if form not in _FORMS:
        form = "raw"
    if overwrite and journal is not None:
        raise ValueError("with a journal the target is new: overwrite=False")
    node = yield from _node(source)
    check_reach(scheduler, (node.store,), ())
    exporting = _Exporting(path, form, Progress(progress, None, "parts"), scheduler)
    try:
        arrays = yield from _arrays(node, form)
        if journal is None:
            _refuse(path, overwrite=overwrite)
            yield from exporting.done(arrays)
        else:
            yield from exporting.resumed(node, arrays, journal)
    finally:
        exporting.told.close()
    return path


def _node(source: Any) -> Steps[Array | Group]:
    if isinstance(source, Array | Group):
        return source
    store = as_store(source)
    return (yield from elsewhere(store, open_node.steps(store, mode="r")))


def _refuse(path: Path, *, overwrite: bool) -> None:
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", str(path.parent))
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} is there already -> overwrite=True replaces it")


def _arrays(node: Array | Group, form: str) -> Steps[dict[str, Array]]:
    """Find what is written, by its name in an archive."""
    if form != "npz":
        if isinstance(node, Group):
            raise NodeKindError(f"{node} is a group: write one of its arrays, or a .npz file")
        return {"": _writable(node)}
    if isinstance(node, Array):
        raise NodeKindError(f"{node} is an array: a .npz file holds those of a group")
    members = yield from elsewhere(node.store, node.members.steps(None))
    return {name: _writable(each) for name, each in members if isinstance(each, Array)}


def _writable(array: Array) -> Array:
    if array.dtype.hasobject or array.dtype.kind == "T":
        raise MetadataError(
            f"elements of {array.metadata.data_type.name} have no length of their own",
            path=array.path,
            hint="node[...].astype('U') gives texts one",
        )
    return array


class _Exporting:
    """Arrays on their way into a file."""

    def __init__(self, path: Path, form: str, told: Progress, scheduler: Any) -> None:
        self._path = path
        self._form = form
        self._scheduler = scheduler
        self.told = told

    def done(self, arrays: dict[str, Array]) -> Steps[None]:
        """Write all of it beside the target, then give it its name."""
        beside = self._path.with_name(f".{self._path.name}.{os.getpid()}.part")
        room = beside.with_suffix(".room")
        try:
            yield from self._written(arrays, beside, room, None)
            os.replace(beside, self._path)
        finally:
            beside.unlink(missing_ok=True)
            shutil.rmtree(room, ignore_errors=True)

    def resumed(
        self, node: Array | Group, arrays: dict[str, Array], folder: str | os.PathLike[str]
    ) -> Steps[None]:
        """Write what is left of it, as the journal says."""
        place, target = node.store.place_of(node.path), str(self._path.resolve())
        said = [
            [name, list(map(str, documents_of("", each.metadata)))] for name, each in arrays.items()
        ]
        journal = WorkJournal(folder, ["export", place, target, self._form, said])
        if journal.is_finished:
            journal.finish()
            return
        beside = self._path.with_name(f".{self._path.name}.{journal.digest[:12]}.part")
        is_whole = journal.is_done("whole")
        if beside.exists() or not is_whole:  # else it has its name
            _refuse(self._path, overwrite=False)
        journal.begin(f"export {place} to {target}")
        try:
            if not is_whole:
                yield from self._written(arrays, beside, journal.room, journal)
                journal.note("whole")
            if beside.exists():
                os.replace(beside, self._path)
        finally:
            journal.close()
        journal.finish()

    def _written(
        self, arrays: dict[str, Array], path: Path, room: Path, journal: WorkJournal | None
    ) -> Steps[None]:
        """Write the file; each array of an archive to one of its own in the room before."""
        if self._form != "npz":
            yield from self._file(arrays[""], path, self._form, journal)
            return
        room.mkdir(parents=True, exist_ok=True)
        files = {name: room / f"{i}.npy" for i, name in enumerate(arrays)}
        for name, array in arrays.items():
            yield from self._file(array, files[name], "npy", journal)
        _archive(files, path)

    def _file(
        self, array: Array, path: Path, form: str, journal: WorkJournal | None
    ) -> Steps[None]:
        """Write an array to a file."""
        boxes = list(regions(array)) if array.size else []
        self.told.expect(len(boxes))
        begun = f"file {path.name}"
        if journal is None or not journal.is_done(begun) or not path.exists():
            _begin(array, path, form)
            if journal is not None:
                journal.note(begun)
        units = (Unit(f"{path.name} {i}", 1, region) for i, region in enumerate(boxes))
        work = Elements(array, path.resolve(), form)
        steps = carried_out(work, units, self.told, scheduler=self._scheduler, journal=journal)
        yield from elsewhere(array.store, steps)


def _stored(array: Array, form: str) -> np.dtype[Any]:
    return array.dtype.newbyteorder("<") if form == "raw" else array.dtype


def _begin(array: Array, path: Path, form: str) -> None:
    """Make a file of the length that it will have."""
    if form == "npy":
        np.lib.format.open_memmap(path, "w+", array.dtype, array.shape)
        return
    with path.open("wb") as file:
        file.truncate(array.size * array.itemsize)


class Elements:
    """Writes boxes of an array into a file; a task is a region."""

    def __init__(self, array: Array, path: Path, form: str) -> None:
        self._array = array
        self._path = path
        self._form = form

    @property
    def reads(self) -> tuple[Store, ...]:
        """Give the store that is read."""
        return (self._array.store,)

    @property
    def writes(self) -> tuple[Store, ...]:
        """Give none: what is written is a file."""
        return ()

    def steps(self, task: tuple[slice, ...]) -> Steps[tuple[int, int]]:
        """Read a box, and write it."""
        values = yield from elsewhere(self._array.store, self._array.read.steps(task))
        if self._form == "npy":
            out: Any = np.load(self._path, mmap_mode="r+")
        else:
            shape = self._array.shape or (1,)
            out = np.memmap(self._path, _stored(self._array, self._form), "r+", 0, shape)
        out[task or ...] = values
        if config.durability == "durable":
            out.flush()
        return values.nbytes, values.nbytes


def _archive(files: dict[str, Path], path: Path) -> None:
    """Put files of arrays together, as NumPy does."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, each in files.items():
            with each.open("rb") as file, archive.open(f"{name}.npy", "w", force_zip64=True) as out:
                shutil.copyfileobj(file, out, _PIECE_NBYTES)
