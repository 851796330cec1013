"""Values as files in GridFS: documents of a MongoDB database that hold pieces of any number.

A value is a file whose name is the key.  It is replaced by a newer file of the same name, and the
older one is deleted then; the newest counts, and of two that were set at the same time, the one
with the higher number.  So a reader finds a whole value at any time, and other programs for GridFS,
which take the newest file of a name, find the same.

What is made of the value that is there, as a part of a chunk, is written only where no other file
has come before it (`zarrpy.stores.gridfs_claims`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from zarrpy.errors import StoreError
from zarrpy.metadata.names import check_key
from zarrpy.stores.gridfs_claims import WAITING, Claims, deleted, waiting
from zarrpy.stores.mongodb_client import MongoStore, split
from zarrpy.stores.swap import swap

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from zarrpy.stores.base import ByteRange, Bytes, Values

    Document = dict[str, Any]

#: Bytes of a piece, as GridFS has it by default.
CHUNK_NBYTES = 255 * 1024
#: Pieces are sent so many bytes at a time; a message holds 48 MB.
_SENT_NBYTES = 16 << 20
_TOGETHER = 1000
_NEWEST_FIRST = [("uploadDate", -1), ("_id", -1)]
#: How often to look for a value again that is replaced again and again while it is read.
_ATTEMPTS = 100
_TICK = timedelta(milliseconds=1)


class GridFSStore(MongoStore):
    """Keep every value as a file in GridFS, of any size.

    Parameters
    ----------
    url : str
        ``mongodb://user:password@host/database``, with parameters of the driver, and ``bucket``.
    database : str
        Where the URL names none.
    bucket : str
        What the names of the two collections begin with.
    chunk_nbytes : int
        Bytes of a piece of a new file, less than 16 MB.
    read_only : bool
        Refuse every change.
    """

    def __init__(
        self,
        url: str = "mongodb://127.0.0.1:27017",
        database: str = "zarr",
        bucket: str = "fs",
        *,
        chunk_nbytes: int = CHUNK_NBYTES,
        read_only: bool = False,
    ) -> None:
        url, given = split(url)
        super().__init__(url, given.get("database", database), read_only)
        self.bucket = given.get("bucket", bucket)
        self.chunk_nbytes = int(given.get("chunk_nbytes", chunk_nbytes))
        if not 0 < self.chunk_nbytes < 16 << 20:
            raise ValueError(f"chunk_nbytes must be from 1 to 16 MB, not {self.chunk_nbytes}")
        self._part = f"{self.bucket}.files"
        self._indexed = False

    @property
    def _files(self) -> Any:
        return self._names[f"{self.bucket}.files"]

    @property
    def _chunks(self) -> Any:
        return self._names[f"{self.bucket}.chunks"]

    @property
    def _claims(self) -> Claims:
        return Claims(self._names[f"{self.bucket}_claims"], self._files, self._chunks)

    def _index(self) -> None:
        """Make the indexes that GridFS has."""
        if not self._indexed:
            self._files.create_index([("filename", 1), ("uploadDate", 1)])
            self._chunks.create_index([("files_id", 1), ("n", 1)], unique=True)
            self._indexed = True

    # --------------------------------------------------------------------------------- reading

    def _newest(self, key: str) -> Document | None:
        found = self._files.find_one({"filename": key}, sort=_NEWEST_FIRST)
        document: Document | None = found
        return document

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value, or of a part the pieces that it lies in."""
        return self._found(check_key(key), byte_range)[0]

    def _found(self, key: str, byte_range: ByteRange | None = None) -> tuple[Bytes | None, Any]:
        """Read a value or a part of it, and give the number of its file."""
        with self._translated("get", key):
            for _ in range(_ATTEMPTS):
                file = self._newest(key)
                if file is None:
                    return None, None
                value = self._read(file, byte_range)
                if value is not None:
                    return value, file["_id"]
                if self._newest(key) == file:
                    raise self._incomplete(key)
        raise self._incomplete(key)

    def _incomplete(self, key: str) -> StoreError:
        return StoreError("pieces of it are missing", store=repr(self), key=key, operation="get")

    def _read(self, file: Document, byte_range: ByteRange | None) -> Bytes | None:
        """Read a file or a part of it; None when pieces are missing."""
        size, piece = int(file["length"]), int(file["chunkSize"])
        start, stop = (0, size) if byte_range is None else byte_range.within(size)
        if stop <= start:
            return b""
        first, last = start // piece, (stop - 1) // piece
        wanted: Document = {"files_id": file["_id"], "n": {"$gte": first, "$lte": last}}
        if first == last:
            wanted["n"] = first
        found = self._chunks.find(wanted, {"_id": 0, "n": 1, "data": 1})
        pieces = {each["n"]: each["data"] for each in found}
        joined = b"".join(pieces.get(n, b"") for n in range(first, last + 1))
        end = min((last + 1) * piece, size) - first * piece
        return joined[start - first * piece : stop - first * piece] if len(joined) == end else None

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several whole values: all of them by two requests, if they are small."""
        found: dict[str, Bytes] = {}
        others: set[str] = set()
        with self._translated("get_many"):
            for start in range(0, len(keys), _TOGETHER):
                some = [check_key(key) for key in keys[start : start + _TOGETHER]]
                if self._finds_ranges(self._files, "filename"):
                    others |= self._read_small(some, found)
                else:  # what such a server does not find may be there all the same
                    others.update(some)
        return [self.get(key) if key in others else found.get(key) for key in keys]

    def _read_small(self, keys: Sequence[str], found: dict[str, Bytes]) -> set[str]:
        """Read the values that have one piece or none; give the keys of the others."""
        newest: dict[str, Document] = {}
        for file in self._files.find({"filename": {"$in": [*keys]}}):
            other = newest.get(file["filename"])
            if other is None or _order(file) > _order(other):
                newest[file["filename"]] = file
        small = {
            file["_id"]: file for file in newest.values() if file["length"] <= file["chunkSize"]
        }
        pieces = self._chunks.find({"files_id": {"$in": [*small]}, "n": 0}) if small else ()
        data = {each["files_id"]: each["data"] for each in pieces}
        for number, file in small.items():
            value = data.get(number, b"")
            if len(value) == file["length"]:
                found[file["filename"]] = value
        return newest.keys() - found.keys()

    def exists(self, key: str) -> bool:
        """Whether there is a file of this name."""
        with self._translated("exists", key):
            return self._newest(key) is not None

    def size(self, key: str) -> int | None:
        """Tell the bytes of a value."""
        with self._translated("size", key):
            file = self._newest(key)
        return None if file is None else int(file["length"])

    def version(self, key: str) -> Hashable | None:
        """Tell the number of the file, which each value has for itself."""
        with self._translated("version", key):
            file = self._newest(key)
        return "absent" if file is None else str(file["_id"])

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with `prefix`, each once."""
        return iter(dict(self.list_sizes(prefix)))

    def list_sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield the keys that start with `prefix`, each with the bytes of its value."""
        newest: dict[str, Document] = {}
        with self._translated("list", prefix):
            for file in self._keys_from(self._files, "filename", prefix, ("length", "uploadDate")):
                other = newest.get(file["filename"])
                if file["filename"].startswith(WAITING):
                    continue
                if other is None or _date(file) >= _date(other):
                    newest[file["filename"]] = file
        return ((key, int(file["length"])) for key, file in newest.items())

    # --------------------------------------------------------------------------------- writing

    def set(self, key: str, value: Bytes) -> None:
        """Replace a value: by a newer file, which is seen when it is whole."""
        self.check_writable("set", key)
        check_key(key)
        from bson import ObjectId

        with self._translated("set", key):
            number = ObjectId()
            length = self._send(number, value)
            older = self._newest(key)
            self._files.insert_one(self._file(number, key, length, older))
            if older is not None:
                self._delete_older(key, number)

    def update(self, key: str, change: Callable[[Bytes | None], Bytes | None]) -> None:
        """Replace a value unless somebody else has replaced it meanwhile; then begin again."""
        self.check_writable("update", key)
        check_key(key)
        swap(key, lambda: self._found(key), lambda *new: self._exchanged(key, *new), change)

    @property
    def guards(self) -> bool:
        """Who replaces a value has a claim on its name."""
        return True

    @property
    def guards_deletions(self) -> bool:
        """False: who has found a file does not see that it was deleted when it names the next."""
        return False

    def _exchanged(self, key: str, value: Bytes | None, version: Any) -> bool:
        """Replace the file of a number, or make one where there is none; whether it was done."""
        from bson import ObjectId

        def newest() -> Any:
            file = self._newest(key)
            return None if file is None else file["_id"]

        def date() -> datetime | None:
            older = self._newest(key)
            same = (None if older is None else older["_id"]) == version
            return _later(older) if same else None

        with self._translated("update", key):
            if value is None:
                return version is None or self._claims.delete(
                    key, version, lambda: bool(newest() == version)
                )
            number = ObjectId()
            length = self._send(number, value)
            self._files.insert_one(self._file(number, waiting(number), length, None))
            if not self._claims.name(key, number, date):
                return False
            if version is not None:
                self._delete_older(key, number)
        return True

    def _file(self, number: Any, name: str, length: int, older: Document | None) -> Document:
        """Describe a file that comes after another one."""
        file = {"_id": number, "filename": name, "length": length, "uploadDate": _later(older)}
        return file | {"chunkSize": self.chunk_nbytes}

    def _send(self, number: Any, value: Bytes) -> int:
        """Send the pieces of a file; gives the bytes of it."""
        from bson import Binary

        self._index()
        data = memoryview(value).cast("B")
        together = max(1, _SENT_NBYTES // self.chunk_nbytes)
        starts = range(0, len(data), self.chunk_nbytes)
        for some in range(0, len(starts), together):
            self._chunks.insert_many(
                [
                    {
                        "files_id": number,
                        "n": some + i,
                        "data": Binary(bytes(data[start : start + self.chunk_nbytes])),
                    }
                    for i, start in enumerate(starts[some : some + together])
                ]
            )
        return len(data)

    def _delete_older(self, key: str, number: Any) -> None:
        """Delete files of a name that are older than one of them; the newest always stays."""
        files = [*self._files.find({"filename": key})]
        ours = next((_order(file) for file in files if file["_id"] == number), None)
        for file in files:
            if ours is not None and _order(file) < ours:
                self._delete_file(file)

    def _delete_file(self, file: Document) -> None:
        deleted(self._files, {"_id": file["_id"]})
        self._chunks.delete_many({"files_id": file["_id"]})

    def delete(self, key: str) -> None:
        """Delete every file of this name, the newest last: no older one is seen meanwhile."""
        self.check_writable("delete", key)
        with self._translated("delete", check_key(key)):
            for file in sorted(self._files.find({"filename": key}), key=_order):
                self._delete_file(file)


def _order(file: Document) -> tuple[datetime, Any]:
    return _date(file), file["_id"]


def _later(older: Document | None) -> datetime:
    """Tell the date of a file that is set now, after another one."""
    now = datetime.now(UTC).replace(tzinfo=None)  # the database takes and gives UTC
    return now if older is None else max(now, _date(older) + _TICK)


def _date(file: Document) -> datetime:
    """Tell when a file was set; there are servers that give dates as text."""
    date = file["uploadDate"]
    return datetime.fromisoformat(date) if isinstance(date, str) else date
