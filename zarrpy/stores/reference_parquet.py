"""Sets of references as kerchunk writes them into folders of Parquet files, read when needed.

``.zmetadata`` has all documents, and ``variable/refs.N.parq`` the references of so many chunks
each, in the order of the chunks.
"""

from __future__ import annotations

import io
import json
import math
from collections import OrderedDict
from itertools import chain
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from zarrpy.errors import MissingDependencyError, StoreError
from zarrpy.stores.reference_set import Piece, folders_of, names_below

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrpy.stores.base import Store

#: Parquet files that are kept, the oldest forgotten first.
_KEPT = 128
_COLUMNS = ("path", "offset", "size", "raw")


class _Place(NamedTuple):
    """Where the reference of a chunk is."""

    field: str
    record: int
    row: int


class ParquetReferences:
    """References of a folder.

    Parameters
    ----------
    store : Store
        Has the folder.

    Raises
    ------
    StoreError
        When it is no such folder.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        found = store.get(".zmetadata")
        if found is None:
            raise StoreError("it has no '.zmetadata', as sets of references have")
        try:
            document = json.loads(bytes(found))
            self._documents: dict[str, Any] = document["metadata"]
            self._rows = int(document["record_size"])
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"its '.zmetadata' has no 'metadata' or no 'record_size': {error}"
            ) from error
        self._kept: OrderedDict[tuple[str, int], dict[str, list[Any]] | None] = OrderedDict()
        self._lock = Lock()
        self.folders = folders_of(self._documents)

    def find(self, key: str) -> bytes | Piece | None:
        """Give the value itself or say where it is; None when there is no such key."""
        if key == ".zmetadata":
            return json.dumps({"zarr_consolidated_format": 1, "metadata": self._documents}).encode()
        if key in self._documents:
            return json.dumps(self._documents[key]).encode()
        place = self._place(key)
        return None if place is None else self._reference(place)

    def _grid(self, field: str) -> tuple[int, ...] | None:
        """Tell how many chunks an array has along each axis."""
        document = self._documents.get(f"{field}/.zarray")
        if document is None:
            return None
        pairs = zip(document["shape"], document["chunks"], strict=True)
        return tuple(math.ceil(size / chunk) for size, chunk in pairs)

    def _place(self, key: str) -> _Place | None:
        field, _, name = key.rpartition("/")
        grid = self._grid(field)
        words = name.split(".")
        if grid is None or not all(word.isdecimal() for word in words):
            return None
        index = [int(word) for word in words]
        if len(index) != max(len(grid), 1) or any(
            i >= n for i, n in zip(index, grid or (1,), strict=True)
        ):
            return None
        number = 0
        for i, n in zip(index, grid or (1,), strict=True):
            number = number * n + i
        return _Place(field, *divmod(number, self._rows))

    def _reference(self, place: _Place) -> bytes | Piece | None:
        columns = self._read(place.field, place.record)
        if columns is None or place.row >= len(next(iter(columns.values()), [])):
            return None
        path, offset, size, raw = (
            columns[name][place.row] if name in columns else None for name in _COLUMNS
        )
        if isinstance(raw, bytes | str):
            return raw.encode() if isinstance(raw, str) else raw
        if not isinstance(path, str):
            return None
        return Piece(path, int(offset or 0), int(size or 0)) if offset or size else Piece(path)

    def _read(self, field: str, record: int) -> dict[str, list[Any]] | None:
        name = field, record
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]
        key = f"{field}/refs.{record}.parq"
        data = self._store.get(key)
        columns = None if data is None else _columns(bytes(data), key)
        with self._lock:
            self._kept[name] = columns
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return columns

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys that start with a prefix."""
        yield from (key for key in self._documents if key.startswith(prefix))
        if ".zmetadata".startswith(prefix):
            yield ".zmetadata"
        for document in [key for key in self._documents if key.endswith("/.zarray")]:
            field = document.rpartition("/")[0]
            if f"{field}/".startswith(prefix) or prefix.startswith(f"{field}/"):
                yield from (key for key in self._chunks(field) if key.startswith(prefix))

    def names(self, prefix: str) -> set[str]:
        """Name the keys directly below a prefix; only there references of chunks are read."""
        field = prefix.rstrip("/")
        chunks = self._chunks(field) if f"{field}/.zarray" in self._documents else ()
        return names_below(prefix, chain(self._documents, chunks))

    def _chunks(self, field: str) -> Iterator[str]:
        grid = self._grid(field) or (1,)
        for number in range(math.prod(grid)):
            if self._reference(_Place(field, *divmod(number, self._rows))) is None:
                continue
            index = []
            for n in reversed(grid):
                number, i = divmod(number, n)
                index.append(str(i))
            yield f"{field}/{'.'.join(reversed(index))}"


def _columns(data: bytes, key: str) -> dict[str, list[Any]]:
    """Read the columns of a Parquet file by whatever is installed for that."""
    try:
        from pyarrow import parquet
    except ImportError:
        return _by_fastparquet(data, key)
    try:
        table = parquet.read_table(io.BytesIO(data))
    except Exception as error:
        raise StoreError(f"{key!r} is no Parquet file: {error}", operation="get") from error
    return {name: table[name].to_pylist() for name in table.column_names if name in _COLUMNS}


def _by_fastparquet(data: bytes, key: str) -> dict[str, list[Any]]:
    try:
        from fastparquet import ParquetFile
    except ImportError as error:
        raise MissingDependencyError(
            "references in Parquet files need the package pyarrow, or fastparquet",
            extra="parquet",
            command="pip install 'zarrpy[parquet]'",
        ) from error
    try:
        frame = ParquetFile(io.BytesIO(data)).to_pandas()
    except Exception as error:
        raise StoreError(f"{key!r} is no Parquet file: {error}", operation="get") from error
    return {name: frame[name].astype(object).tolist() for name in frame if name in _COLUMNS}
