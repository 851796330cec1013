"""Bring data of other formats into a store: .npy, .npz, raw bytes, HDF5 and netCDF."""

from __future__ import annotations

import os
import zipfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.api.recode import regions
from zarrpy.array import Array
from zarrpy.creation import array_metadata, chosen_format
from zarrpy.display.progress import Progress
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.lifecycle import create_node
from zarrpy.engine.nodes import documents_of, key_of
from zarrpy.engine.operation import function
from zarrpy.engine.requests import Foretell, Put
from zarrpy.engine.resuming import resumed
from zarrpy.engine.scheduler import check_reach
from zarrpy.engine.units import Unit, carried_out
from zarrpy.errors import MetadataError
from zarrpy.group import Group
from zarrpy.metadata.attributes import normalise
from zarrpy.metadata.model import GroupMetadata
from zarrpy.metadata.names import DOCUMENTS, check_path
from zarrpy.ops.numpy_files import Archive, Elements
from zarrpy.stores import as_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from zarrpy.engine.journal import WorkJournal
    from zarrpy.engine.lifecycle import Members
    from zarrpy.engine.parsing import Metadata
    from zarrpy.engine.requests import Steps
    from zarrpy.metadata.model import ArrayMetadata
    from zarrpy.ops.foreign import Foreign
    from zarrpy.stores.base import Store

__all__ = ["import_from"]

_HDF5, _CLASSIC = b"\x89HDF\r\n\x1a\n", b"CDF"
_NPY, _ZIP = b"\x93NUMPY", b"PK\x03\x04"


@function
def import_from(
    source: str | os.PathLike[str],
    target: Any,
    name: str | None = None,
    *,
    overwrite: bool = False,
    progress: Any = None,
    offset: int = 0,
    scheduler: Any = None,
    journal: str | os.PathLike[str] | None = None,
    **keywords: Any,
) -> Steps[Array | Group]:
    """Store what is in a file of another format.

    A part of it is in memory at a time. Of HDF5 and netCDF, groups become groups, attributes
    attributes, and dimensions get their names; chunks are kept unless others are asked for.

    Parameters
    ----------
    source : str or path-like
        A file of NumPy (.npy, .npz), of HDF5 or netCDF 4 (``pip install 'zarrpy[hdf5]'``), of
        netCDF 3, or of nothing but elements, for which `shape` and `dtype` are given.
    target : Group, str, path-like, mutable mapping or Store
    name : str, optional
        Path in the target; in a group by default the file's name without its ending.
    overwrite : bool
        Replace a node that is there.
    progress : bool, callable or object with ``update(n)``, optional
        Who hears of each part.
    offset : int
        Bytes before the first element of a raw file.
    scheduler : {"threads", "processes"}, str or distributed.Client, optional
        Who reads and writes, as of `zarrpy.copy`; the file must be in reach of the workers.
    journal : str or path-like, optional
        A folder that says what is done, for work that goes on after it was killed: call again
        with the same arguments. There is no node at the target before all of it is stored.
    **keywords
        As of `create_array`, for each array: ``chunks``, ``compressors`` and so on.

    Returns
    -------
    Array or Group

    Raises
    ------
    NodeExistsError
        When there is a node at the target and `overwrite` is false.
    MetadataError
        When the format of the file is not known, or there is something in it that Zarr has not.
    ConflictError
        When the journal is about other work, or the file is another one by now.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name) / "a.npy"
    >>> np.save(path, np.arange(6).reshape(2, 3))
    >>> import_from(path, {})[1]
    array([3, 4, 5])
    >>> folder.cleanup()
    """
    path = Path(source)
    store, where = _place(path, target, name)
    if overwrite and journal is not None:
        raise ValueError("with a journal the target is new: overwrite=False")
    check_reach(scheduler, (), (store,))
    opener = _opener(path, offset, keywords)
    told = Progress(progress, None, "parts")
    try:
        with opener() as found:
            bringing = _Bringing(opener, found, store, told, scheduler, keywords)
            if journal is None:
                steps = bringing.made(where, overwrite=overwrite)
            else:
                stat = path.stat()
                about = [str(path.resolve()), store.place_of(where), stat.st_size, stat.st_mtime_ns]
                steps = bringing.resumed(where, journal, about)
            return (yield from elsewhere(store, steps))
    finally:
        told.close()


def _place(path: Path, target: Any, name: str | None) -> tuple[Store, str]:
    if not isinstance(target, Group):
        return as_store(target), check_path(name) if name else ""
    target._check_writable("store into")
    return target.store, key_of(target.path, check_path(name or path.stem))


def _opener(path: Path, offset: int, keywords: dict[str, Any]) -> Callable[[], Any]:
    """Choose by its first bytes who reads a file; what tells its elements leaves the keywords.

    Somebody else may open it as well, who has the same files.
    """
    path = path.resolve()
    _refuse_zarr(path)
    with path.open("rb") as file:
        head = file.read(8)
    if keywords.get("shape") is not None or keywords.get("dtype") is not None:
        shape, dtype = keywords.pop("shape", None), keywords.pop("dtype", None)
        return partial(Elements, path, dtype, shape, offset, raw=True)
    if head.startswith(_NPY):
        return partial(Elements, path)
    if head.startswith(_ZIP):
        return partial(Archive, path)
    if head == _HDF5:
        from zarrpy.ops.hdf5 import HDF5

        return partial(HDF5, path)
    if head.startswith(_CLASSIC):
        from zarrpy.ops.netcdf3 import NetCDF3

        return partial(NetCDF3, path)
    raise MetadataError(
        f"{path} is no .npy, .npz, HDF5 or netCDF file",
        hint="raw bytes need dtype=, and shape=",
    )


def _refuse_zarr(path: Path) -> None:
    """Refuse what needs no importing: a store in a directory, or one that is packed."""
    if path.is_dir():
        names = {each.name for each in path.iterdir()}
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as file:
            names = {name.rpartition("/")[2] for name in file.namelist()}
    else:
        return
    if names & DOCUMENTS:
        raise MetadataError(
            f"{path} is a Zarr store",
            hint="zarrpy.copy copies it, zarrpy.unpack takes it out of its file",
        )


class _Bringing:
    """What is in an open file, on its way into a store in which the steps are taken."""

    def __init__(
        self,
        opener: Callable[[], Any],
        found: Foreign,
        store: Store,
        told: Progress,
        scheduler: Any,
        keywords: dict[str, Any],
    ) -> None:
        self._store = store
        self._told = told
        self._scheduler = scheduler
        self._number = chosen_number(keywords)
        self._groups = list(found.groups())
        #: By path, with what it is and whether empty chunks are stored.
        self._arrays: dict[str, tuple[ArrayMetadata, bool | None]] = {}
        reads = {}
        for each in found.arrays():
            self._arrays[each.path] = array_metadata(**(each.keywords(self._number) | keywords))
            reads[each.path] = each.read
        self._parts = Parts(opener, store, reads)

    def made(self, where: str, *, overwrite: bool) -> Steps[Array | Group]:
        """Make it; the node is there when all of it is."""

        def content(root: str) -> Steps[Members]:
            members = self._members()
            if root == where:
                for name, metadata in members.items():
                    yield from create_node(key_of(root, name), metadata)
            else:  # nobody else is there, and no group on the way is missing
                yield Put(_documents(root, members))
            yield from self._filled(root)
            return members

        root = self._root(where)
        beside = self._store.of_files
        yield from create_node(where, root, overwrite=overwrite, content=content, beside=beside)
        return self._handle(where, root)

    def resumed(
        self, where: str, journal: str | os.PathLike[str], about: list[Any]
    ) -> Steps[Array | Group]:
        """Make what is left of it, as the journal says."""
        root, members = self._root(where), self._members()
        documents = _documents(where, members)

        def content(journal: WorkJournal) -> Steps[tuple[Members, tuple[tuple[str, Any], ...]]]:
            yield from self._filled(where, journal)
            return members, documents

        yield from resumed(journal, [*about, list(map(str, documents))], where, root, content)
        return self._handle(where, root)

    def _root(self, where: str) -> Metadata:
        if "" in self._arrays:
            return self._arrays[""][0]
        return self._group(dict(self._groups).get("", {}), where)

    def _group(self, attributes: dict[str, Any], path: str) -> GroupMetadata:
        return GroupMetadata(normalise(attributes, path=path), self._number)

    def _members(self) -> Members:
        """Give the nodes below the root, groups before what is in them."""
        found: dict[str, Metadata] = {
            path: self._group(each, path) for path, each in self._groups if path
        }
        found.update((path, metadata) for path, (metadata, _) in self._arrays.items() if path)
        return found

    def _handle(self, where: str, root: Metadata) -> Array | Group:
        if isinstance(root, GroupMetadata):
            return Group(self._store, where, root)
        return Array(self._store, where, root, write_empty_chunks=self._arrays[""][1])

    def _filled(self, root: str, journal: WorkJournal | None = None) -> Steps[None]:
        """Write the elements of all arrays."""
        for path, (metadata, keep_empty) in self._arrays.items():
            where = key_of(root, path) if path else root
            made = Array(self._store, where, metadata, write_empty_chunks=keep_empty)
            made._unborn = journal is not None
            self._parts.targets[path] = made
            boxes = list(regions(made))
            self._told.expect(len(boxes))
            if journal is None:
                yield Foretell(where)
            units = (Unit(f"{i} {path}", 1, (path, box)) for i, box in enumerate(boxes))
            yield from carried_out(
                self._parts, units, self._told, scheduler=self._scheduler, journal=journal
            )


def _documents(root: str, members: Members) -> tuple[tuple[str, bytes], ...]:
    """Write the documents of members of a node."""
    return tuple(
        item
        for name, metadata in members.items()
        for item in documents_of(key_of(root, name), metadata)
    )


def chosen_number(keywords: dict[str, Any]) -> int:
    """Give the number of the format that is written."""
    return chosen_format(keywords.get("zarr_format"), keywords.get("compat"))


class Parts:
    """Writes parts of a file into arrays; a task is a path in the file and a region.

    Parameters
    ----------
    opener : callable
        Opens the file for somebody else.
    store : Store
    reads : dict of str to callable
        Reads a region of each array.

    Attributes
    ----------
    targets : dict of str to Array
    """

    def __init__(self, opener: Callable[[], Any], store: Store, reads: dict[str, Any]) -> None:
        self._opener = opener
        self._store = store
        self._reads = reads
        self.targets: dict[str, Array] = {}

    @property
    def reads(self) -> tuple[Store, ...]:
        """Give none: what is read is a file."""
        return ()

    @property
    def writes(self) -> tuple[Store, ...]:
        """Give the store that is written."""
        return (self._store,)

    def steps(self, task: tuple[str, tuple[slice, ...]]) -> Steps[tuple[int, int]]:
        """Write a part."""
        path, region = task
        values = np.asarray(self._reads[path](region or ...))
        target = self.targets[path]
        yield from elsewhere(target.store, target.write.steps(region or ..., values))
        return values.nbytes, values.nbytes

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_reads": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._reads = {each.path: each.read for each in self._opener().arrays()}
