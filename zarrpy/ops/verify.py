"""Look at everything that a store holds of a hierarchy, and tell what is wrong."""

from __future__ import annotations

from itertools import islice
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.array import Array
from zarrpy.chunks import ChunkReader, Chunks
from zarrpy.codecs.bytes import Bytes
from zarrpy.codecs.crc32c import CRC32C
from zarrpy.codecs.shard_index import EMPTY
from zarrpy.display.progress import Progress
from zarrpy.engine.consolidate import index_of
from zarrpy.engine.consolidate import verify as compare
from zarrpy.engine.nodes import key_of, try_nodes
from zarrpy.engine.obstacles import ask_for, chunk_behind, whole_grid
from zarrpy.engine.operation import entry
from zarrpy.engine.requests import Close, Fetch
from zarrpy.errors import (
    ChunkError,
    CodecError,
    LimitError,
    MetadataError,
    NodeNotFoundError,
    StoreError,
    TransactionError,
    ZarrError,
)
from zarrpy.metadata.json import LOOK
from zarrpy.metadata.model import ArrayMetadata
from zarrpy.metadata.names import DOCUMENTS, LOCK_SUFFIX, OURS, QUARANTINE, normalise_path
from zarrpy.ops.listing import listing
from zarrpy.ops.report import Finding, Report
from zarrpy.stores.base import ByteRange

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from zarrpy.codecs.shard_index import IndexFormat
    from zarrpy.engine.consolidate import Difference
    from zarrpy.engine.requests import Steps
    from zarrpy.metadata.model import GroupMetadata
    from zarrpy.stores.base import Store

#: Names of documents that make a node.
_NODES = ("zarr.json", ".zarray", ".zgroup")
#: Shards whose indexes are asked for in one request, and nodes whose documents are.
_WINDOW = 256
#: Missing chunks of an array that are named one by one; where there are more, they are counted.
_NAMED = 100_000
_DIRECTORY = "is a directory, and no value"


@entry
def verify(
    store: Store,
    /,
    *,
    path: str | None = None,
    deep: bool = False,
    missing: bool = False,
    workers: int | None = None,
    progress: Any = None,
    scheduler: Any = None,
    storage_options: dict[str, Any] | None = None,
) -> Steps[Report]:
    """Look for everything that is wrong with a hierarchy, and change nothing.

    Without `deep`, documents, keys, sizes, and the indexes of shards are looked at; no chunk is
    read. What is found is reported, not raised.

    Parameters
    ----------
    store : str, path-like, mutable mapping or Store
    path : str, optional
        Of a node within the store; all below it are looked at.
    deep : bool
        Read and decode every stored chunk as well, which compares checksums.
    missing : bool
        Report chunks that were never written, for data that should be complete; where more than
        100,000 of an array are missing, only how many.
    workers : int, optional
        Threads that decode; by default as `config.workers` says.
    progress : bool, callable or object with ``update(n)``, optional
        Who hears of each value that was looked at, or with `deep` of each chunk.
    scheduler : {"threads", "processes"}, str or distributed.Client, optional
        Who decodes, with `deep`: this process, processes of this machine, or the workers of a
        cluster of Dask, named by a client or by the address of its scheduler.
    storage_options : dict, optional

    Returns
    -------
    Report
        ``report.ok`` tells whether all data are safe.

    Raises
    ------
    NodeNotFoundError
        When nothing is stored there.
    """
    look = _Look(
        store, normalise_path(path or ""), deep, missing, workers, Progress(progress), scheduler
    )
    try:
        yield from look.at_everything()
    finally:
        look.progress.close()
    return look.report


class _Look:
    """One look at a hierarchy."""

    def __init__(
        self,
        store: Store,
        path: str,
        deep: bool,
        missing: bool,
        workers: int | None,
        progress: Progress,
        scheduler: Any = None,
    ) -> None:
        self.report = Report()
        self.progress = progress
        self._store = store
        self._path = path
        self._deep = deep
        self._missing = missing
        self._workers = workers
        self._scheduler = scheduler
        self._start = path + "/" if path else ""
        self._wrong: dict[str, str] = {}

    def _found(
        self,
        kind: str,
        path: str,
        message: object,
        key: str | None = None,
        chunk: tuple[int, ...] | None = None,
        offset: int | None = None,
    ) -> None:
        self.report.findings.append(Finding(kind, path, key, chunk, offset, _said(message)))

    def at_everything(self) -> Steps[None]:
        """Look at all nodes, then at each key that belongs to none."""
        sizes, entries, empty, self._wrong = yield from listing(self._start)
        some = sizes or entries or self._wrong
        if not (some or any(_last(name) in DOCUMENTS for name in empty)):
            raise NodeNotFoundError(f"nothing is stored at {self._path or '/'!r}", path=self._path)
        self.report.nbytes = sum(sizes.values())
        keys = dict.fromkeys([*sizes, *_but_followed(entries, sizes)])
        nodes = yield from self._nodes(keys)
        self._directories([*keys, *(name + "/" for name in empty)], sizes)
        of_node = _by_node(keys, nodes)
        empty_of_node = _by_node(dict.fromkeys(empty), nodes)
        for path, metadata in nodes.items():
            if isinstance(metadata, ArrayMetadata):
                self.report.narrays += 1
                inside = of_node.get(path, []), empty_of_node.get(path, [])
                try:
                    yield from self._array(path, metadata, *inside, sizes)
                except ZarrError as error:  # of one array: the others are looked at as well
                    self._found("unreadable", path, error, key=_document(path, sizes))
            elif metadata is not None:
                self.report.ngroups += 1
                yield from self._group(path, metadata, of_node.get(path, []))
        for key in of_node.get(None, []):
            self._odd_key("", key)
        self._wrong_keys(nodes)

    def _wrong_keys(self, nodes: dict[str, Any]) -> None:
        """Report keys that cannot be read, but for those of which that is known."""
        known = {finding.key for finding in self.report.findings}
        for key, why in self._wrong.items():
            if key not in known:
                above = next((folder for folder in _folders(key) if folder in nodes), "")
                self._found("unreadable", above, why, key=key)

    # ------------------------------------------------------------------------------------- nodes

    def _directories(self, keys: list[str], values: Container[str]) -> None:
        """Report directories that have the name of a document: readers get an error."""
        folders = (folder for key in keys for folder in _folders(key + "."))
        named = {folder for folder in folders if _last(folder) in DOCUMENTS}
        for name in sorted(name for name in named if name not in values):
            self._found("unreadable", _folder(name), _DIRECTORY, key=name)

    def _nodes(self, keys: dict[str, None]) -> Steps[dict[str, Any]]:
        """Read the documents of all nodes; None is one that cannot be understood."""
        paths = sorted({_folder(key) for key in keys if _last(key) in _NODES})
        nodes: dict[str, Any] = {}
        waiting = iter(paths)
        while window := list(islice(waiting, _WINDOW)):
            try:
                found = yield from try_nodes(window)
            except (StoreError, TransactionError):
                found = yield from self._one_by_one(window)
            for path, node in zip(window, found, strict=True):
                if isinstance(node, MetadataError):
                    kind = "leftover" if _is_ours(path) else "metadata"
                    self._found(kind, path, node, key=_document(path, keys))
                    node = None
                nodes[path] = node
        return nodes

    def _one_by_one(self, paths: list[str]) -> Steps[list[Any]]:
        """Read nodes one after the other, some of which the store does not give."""
        found: list[Any] = []
        for path in paths:
            try:
                found += yield from try_nodes([path])
            except (StoreError, TransactionError) as error:
                self._found("unreadable", path, error, key=getattr(error, "key", None))
                found.append(None)
        return found

    def _group(self, path: str, metadata: GroupMetadata, keys: list[str]) -> Steps[None]:
        differences: Sequence[Difference] = ()
        try:
            index = yield from index_of(path, metadata.zarr_format, metadata.document)
            if index is not None:
                differences = yield from compare(path, metadata.zarr_format)
        except ZarrError as error:
            self._found("stale", path, error)
        for difference in differences:
            self._found("stale", path, f"consolidated metadata: {difference}")
        for key in keys:
            if _last(key) not in DOCUMENTS:
                self._odd_key(path, key)

    def _odd_key(self, path: str, key: str) -> None:
        """Report what belongs to nothing; a killed writer's lock is recognised."""
        name = key.rstrip("/")
        if key in self._wrong:
            return  # reported with the others
        if QUARANTINE in name.split("/"):
            self._found("quarantined", path, "was set aside by repair", key=key)
        elif name.endswith(LOCK_SUFFIX) or _is_ours(name):
            self._found("leftover", path, "a writer was killed, or is at work", key=key)
        elif _last(key) in DOCUMENTS:
            self._found("metadata", path, "a document without that of its node", key=key)
        else:
            self._found("stray", path, "belongs to no node", key=key)

    # ------------------------------------------------------------------------------------ arrays

    def _array(
        self,
        path: str,
        metadata: ArrayMetadata,
        keys: list[str],
        empty: list[str],
        sizes: dict[str, int],
    ) -> Steps[None]:
        array = Array(self._store, path, metadata, read_only=True)
        try:
            array.codecs  # noqa: B018 - unknown, or not for such chunks
        except ZarrError as error:
            about_document = isinstance(error, MetadataError | CodecError)
            kind = "metadata" if about_document else "unreadable"
            self._found(kind, path, error, key=_document(path, sizes))
            return
        chunks: dict[tuple[int, ...], str] = {}
        folders: dict[tuple[int, ...], str] = {}
        keys = [key for key in keys if _last(key) not in DOCUMENTS or _folder(key) != path]
        for key in keys:
            place = self._place(array, key)
            if place is None:
                if not self._is_in_a_chunk(array, key, folders, sizes):
                    yield from self._odd_in_array(path, metadata, key)
            elif _is_within(place, metadata.grid_shape):
                chunks[place] = key
            else:
                self._found("stray", path, "lies beyond the array's shape", key, place)
        for name in empty:
            place = self._place(array, name)
            if place is not None and _is_within(place, metadata.grid_shape):
                folders[place] = name
        for place, key in folders.items():
            self._found("unreadable", path, _DIRECTORY, key, place)
        self.report.nchunks += len(chunks)
        if self._missing:
            self._missing_chunks(array, chunks)
        yield from self._sizes(array, chunks, sizes)
        if self._deep:
            yield from self._decode(array)

    def _odd_in_array(self, path: str, metadata: ArrayMetadata, key: str) -> Steps[None]:
        """Report what is no chunk, and may keep readers from some."""
        name = key[len(path) + 1 if path else 0 :]
        place = chunk_behind(metadata, name, whole_grid(metadata))
        if place is not None:
            try:
                yield from ask_for(key_of(path, metadata.chunk_keys.key(place)))
            except StoreError as error:
                self._found("unreadable", path, error, key=key)
                return
            if key.endswith("/"):
                return  # a link to where chunks may be
        self._odd_key(path, key)

    def _place(self, array: Array, key: str) -> tuple[int, ...] | None:
        """Tell which chunk a key is of, inside the shape or not."""
        start = array.path + "/" if array.path else ""
        try:
            return array.metadata.chunk_keys.grid_index(key[len(start) :], array.ndim)
        except MetadataError:
            return None

    def _is_in_a_chunk(
        self,
        array: Array,
        key: str,
        found: dict[tuple[int, ...], str],
        values: Container[str],
    ) -> bool:
        """Whether a directory has the name of a chunk, and is this key or holds it.

        Stores without directories may have a value of that name as well, which is read.
        """
        folder = key if key.endswith("/") else _folder(key)
        while len(folder) > len(array.path):
            name = folder.rstrip("/")
            place = self._place(array, name)
            if place is not None:
                if name in values:
                    return False
                found[place] = name
                return True
            folder = _folder(name)
        return False

    def _missing_chunks(self, array: Array, chunks: dict[tuple[int, ...], str]) -> None:
        grid = array.metadata.grid_shape
        count = prod(grid) - len(chunks)
        if count > _NAMED:
            self._found("missing", array.path, f"{count} chunks were never written")
            return
        for place in np.ndindex(*grid):
            if place not in chunks:
                key = key_of(array.path, array.metadata.chunk_keys.key(place))
                self._found("missing", array.path, "was never written", key, place)

    def _sizes(
        self, array: Array, chunks: dict[tuple[int, ...], str], sizes: dict[str, int]
    ) -> Steps[None]:
        """Look at what sizes and indexes tell without reading chunks."""
        shard = array.codecs.shard
        exact = _exact_size(array)
        waiting = iter(chunks.items())
        while window := list(islice(waiting, _WINDOW)):
            if shard is not None:
                yield from self._indexes(array, window, sizes)
            for place, key in window:
                nbytes = sizes.get(key)
                if nbytes is None:
                    why = self._wrong.get(key, "is no value")
                    self._found("unreadable", array.path, why, key, place)
                elif nbytes == 0 or (exact is not None and nbytes != exact):
                    right = "at least one" if exact is None else exact
                    message = f"has {nbytes} bytes, not {right}"
                    self._found("corrupt", array.path, message, key, place)
            if shard is None or not self._deep:
                self.progress.expect(len(window))
            if not self._deep:
                self.progress.advance(len(window), 0)

    def _indexes(
        self, array: Array, window: list[tuple[tuple[int, ...], str]], sizes: dict[str, int]
    ) -> Steps[None]:
        """Decode the indexes of shards; each chunk has to lie within, and apart from others."""
        stored = [(place, key) for place, key in window if sizes.get(key)]
        indexes = _shard_indexes(array, [place for place, _ in stored])
        ranges = tuple(ByteRange(*index.range) for index in indexes)
        try:
            values = yield Fetch(tuple(key for _, key in stored), ranges)
        except StoreError as error:
            self._found("unreadable", array.path, error, key=error.key)
            return
        for (place, key), index, value in zip(stored, indexes, values, strict=True):
            if value is None:
                continue
            try:
                entries = index.decode(value)
                if self._deep:
                    self.progress.expect(int((entries != EMPTY).any(axis=1).sum()))
                for position in range(len(entries)):
                    index.entry(entries, position, sizes[key])
            except ChunkError as error:
                self._found("corrupt", array.path, error.message, key, place, error.offset)
                continue
            except ZarrError as error:
                self._found("unreadable", array.path, error, key, place)
                continue
            overlap = _overlap(entries)
            if overlap is not None:
                message = "two chunks of the shard share bytes"
                self._found("corrupt", array.path, message, key, place, overlap)

    def _decode(self, array: Array) -> Steps[None]:
        """Decode all stored chunks; those in shards one by one."""
        reader = ChunkReader(array, Ellipsis, stored_only=True, missing="fill")
        chunks = Chunks(
            reader,
            order="storage",
            workers=self._workers,
            on_error="yield",
            scheduler=self._scheduler,
        )
        known = {(finding.key, finding.chunk) for finding in self.report.findings}
        try:
            while (chunk := (yield from chunks.next_steps())) is not None:
                self.report.ndecoded += 1
                error = chunk.error
                self.progress.advance(1, 0 if error is not None else chunk.data.nbytes)
                if error is not None:
                    self._damaged(array, chunk.position, error, known)
        except ZarrError as error:
            self._found("unreadable", array.path, error)
        finally:
            yield Close(chunks.stream)
            chunks.close()

    def _damaged(
        self, array: Array, position: tuple[int, ...], error: Any, known: set[Any]
    ) -> None:
        key = getattr(error, "key", None)
        if key is not None and not isinstance(error, StoreError):  # these have the whole key
            key = key_of(array.path, key)
        if (key, position) in known:
            return
        damaged = isinstance(error, ChunkError) and not isinstance(error, LimitError)
        kind = "corrupt" if damaged else "unreadable"
        message = getattr(error, "message", error)
        self._found(kind, array.path, message, key, position, getattr(error, "offset", None))


def _exact_size(array: Array) -> int | None:
    """Tell the size of each stored chunk, where it does not depend on the data."""
    chain = array.codecs
    grid = array.metadata.chunk_grid
    if chain.shard is not None or not grid.regular or array.metadata.storage_transformers:
        return None
    if not all(isinstance(codec, CRC32C) for codec in chain.bytes_to_bytes):
        return None
    if chain.array_to_array or not isinstance(chain.array_to_bytes, Bytes):
        return None
    return chain.spec.nbytes + 4 * len(chain.bytes_to_bytes)


def _shard_indexes(array: Array, places: Iterable[tuple[int, ...]]) -> list[IndexFormat]:
    """Describe the indexes of shards, which may differ in shape."""
    layout = array.codecs.shard
    assert layout is not None
    grid = array.metadata.chunk_grid
    if grid.regular:
        return [layout.index for _ in places]
    known: dict[tuple[int, ...], IndexFormat] = {}
    found = []
    for place in places:
        shape = tuple(length for _, length in grid.chunk(array.shape, place))
        if shape not in known:
            known[shape] = array.codecs.shard_of(shape).index
        found.append(known[shape])
    return found


def _is_within(place: tuple[int, ...], grid_shape: tuple[int, ...]) -> bool:
    return all(i < n for i, n in zip(place, grid_shape, strict=True))


def _overlap(entries: np.ndarray[Any, Any]) -> int | None:
    """Find where one chunk of a shard begins before another ends; None when none does."""
    stored = entries[(entries != EMPTY).any(axis=1)].astype(np.int64)
    stored = stored[np.argsort(stored[:, 0], kind="stable")]
    ends = np.maximum.accumulate(stored.sum(axis=1))
    wrong = np.flatnonzero((stored[1:, 0] < ends[:-1]) & (stored[1:, 1] > 0))
    return int(stored[wrong[0] + 1, 0]) if len(wrong) else None


def _by_node(keys: dict[str, None], nodes: dict[str, Any]) -> dict[str | None, list[str]]:
    """Sort keys by the nearest node above each; None for those that have none."""
    sorted_: dict[str | None, list[str]] = {}
    for key in keys:
        above = next((folder for folder in _folders(key) if folder in nodes), None)
        sorted_.setdefault(above, []).append(key)
    return sorted_


def _but_followed(entries: list[str], sizes: Iterable[str]) -> list[str]:
    """Leave out links to directories in which there are values: these are looked at."""
    if not any(entry.endswith("/") for entry in entries):
        return entries
    followed = {folder + "/" for key in sizes for folder in _folders(key)}
    return [entry for entry in entries if entry not in followed]


def _folders(key: str) -> Iterator[str]:
    """Folders that a key is in, innermost first; the last is the root."""
    folder = key.rstrip("/")
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder


def _is_ours(name: str) -> bool:
    """Whether a name, or a part of it, is one that only writers give, for a while."""
    return any(part.startswith(OURS) for part in name.split("/"))


def _folder(key: str) -> str:
    return key.rstrip("/").rpartition("/")[0]


def _last(key: str) -> str:
    return key.rpartition("/")[2]


def _document(path: str, keys: Container[str]) -> str | None:
    return next((key_of(path, name) for name in _NODES if key_of(path, name) in keys), None)


def _said(message: object) -> str:
    """Say what an error says, without the key that a finding has, and without naming `verify`."""
    if not isinstance(message, MetadataError):
        return str(message)
    text, arrow, hint = str(message).partition(" -> ")
    text = text.removeprefix(f"{message.path}: ")
    return text if message.hint == LOOK else f"{text}{arrow}{hint}"
