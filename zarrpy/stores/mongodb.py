"""Values in documents of a MongoDB collection, one each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from zarrpy.errors import LimitError
from zarrpy.metadata.names import check_key
from zarrpy.stores.mongodb_client import MongoStore, driver, split

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from zarrpy.stores.base import ByteRange, Bytes, Store, Values

#: What a document may take, less room for its other fields.
_LONGEST = (16 << 20) - 16384
_TOGETHER = 1000
#: The server's number for a key that is there already, and how often to write again then.
_DUPLICATE = 11000
_ATTEMPTS = 10


class MongoDBStore(MongoStore):
    """Keep every value in one document of a MongoDB collection.

    A document holds 16 MB, so larger values are refused: `GridFSStore` takes them. Collections that
    zarr-python 2 wrote are read and written as they are.

    Parameters
    ----------
    url : str
        ``mongodb://user:password@host/database``, with parameters of the driver, and
        ``collection``.
    database : str
        Where the URL names none.
    collection : str
    read_only : bool
        Refuse every change.
    """

    def __init__(
        self,
        url: str = "mongodb://127.0.0.1:27017",
        database: str = "mongodb_zarr",
        collection: str = "zarr_collection",
        *,
        read_only: bool = False,
    ) -> None:
        url, given = split(url)
        super().__init__(url, given.get("database", database), read_only)
        self.collection = self._part = given.get("collection", collection)
        self._indexed = False

    @classmethod
    def from_url(cls, url: str, *, read_only: bool = False, **options: Any) -> Store:
        """Make a store of a URL; one in GridFS when it, or an option, names a bucket."""
        _, given = split(url)
        if "bucket" in given or "bucket" in options or "chunk_nbytes" in options:
            from zarrpy.stores.gridfs import GridFSStore

            return GridFSStore(url, read_only=read_only, **options)
        return cls(url, read_only=read_only, **options)

    @property
    def _documents(self) -> Any:
        return self._names[self.collection]

    def _writable(self) -> Any:
        """Give the collection, whose keys are unique."""
        if not self._indexed:
            self._documents.create_index("key", unique=True)
            self._indexed = True
        return self._documents

    # --------------------------------------------------------------------------------- reading

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it."""
        with self._translated("get", check_key(key)):
            found = self._documents.find_one({"key": key}, {"_id": 0, "value": 1})
        if found is None:
            return None
        value = bytes(found["value"])
        return value if byte_range is None else byte_range.of(value)

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several whole values, many with each request."""
        found: dict[str, Bytes] = {}
        with self._translated("get_many"):
            for start in range(0, len(keys), _TOGETHER):
                some = [check_key(key) for key in keys[start : start + _TOGETHER]]
                wanted = {"key": {"$in": some}}
                for each in self._documents.find(wanted, {"_id": 0, "key": 1, "value": 1}):
                    found[each["key"]] = bytes(each["value"])
        return [found.get(key) for key in keys]

    def exists(self, key: str) -> bool:
        """Whether there is such a document."""
        with self._translated("exists", key):
            return self._documents.find_one({"key": key}, {"_id": 1}) is not None

    def version(self, key: str) -> Hashable | None:
        """Tell what a value was marked with when it was set; None of those others have written."""
        with self._translated("version", key):
            found = self._documents.find_one({"key": key}, {"_id": 0, "version": 1})
        if found is None:
            return "absent"
        version = found.get("version")
        return None if version is None else str(version)

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with `prefix`."""
        with self._translated("list", prefix):
            for each in self._keys_from(self._documents, "key", prefix, ()):
                yield each["key"]

    # --------------------------------------------------------------------------------- writing

    def _fields(self, key: str, value: Bytes) -> dict[str, Any]:
        """Give what is set of a document: the value, and a mark that no other one ever gets."""
        from bson import Binary

        nbytes = memoryview(value).nbytes
        if nbytes > _LONGEST:
            raise LimitError(
                f"a value of {nbytes} bytes ({key!r}) does not fit into a document of MongoDB,"
                f" which takes {_LONGEST}",
                limit=_LONGEST,
                asked=nbytes,
                hint="use GridFSStore, or smaller chunks",
            )
        return {"value": Binary(bytes(value)), "version": uuid4().hex}

    def set(self, key: str, value: Bytes) -> None:
        """Replace a value."""
        self.check_writable("set", key)
        fields = {"$set": self._fields(check_key(key), value)}
        with self._translated("set", key):
            documents = self._writable()
            _repeated(lambda: documents.update_one({"key": key}, fields, upsert=True))

    def set_many(self, keys: Sequence[str], values: Sequence[Bytes | None]) -> None:
        """Replace several values, many with each request; None deletes the key."""
        if not keys:
            return
        self.check_writable("set", keys[0])
        pymongo = driver()
        last = dict(zip(map(check_key, keys), values, strict=True))
        changes = [
            pymongo.DeleteOne({"key": key})
            if value is None
            else pymongo.UpdateOne({"key": key}, {"$set": self._fields(key, value)}, upsert=True)
            for key, value in last.items()
        ]
        with self._translated("set_many"):
            documents = self._writable()
            _repeated(lambda: documents.bulk_write(changes, ordered=False))

    def update(self, key: str, change: Callable[[Bytes | None], Bytes | None]) -> None:
        """Replace a value unless somebody else has changed it meanwhile; then begin again."""
        self.check_writable("update", key)
        check_key(key)
        while not self._exchanged(key, change):
            pass

    @property
    def guards(self) -> bool:
        """Each document has a version, which is compared."""
        return True

    def _exchanged(self, key: str, change: Callable[[Bytes | None], Bytes | None]) -> bool:
        with self._translated("update", key):
            documents = self._writable()
            found = documents.find_one({"key": key})
        value = change(None if found is None else bytes(found["value"]))
        if found is None and value is None:
            return True
        new = {} if value is None else self._fields(key, value)
        with self._translated("update", key):
            if found is None:
                try:
                    documents.insert_one({"key": key} | new)
                except driver().errors.DuplicateKeyError:
                    return False
                return True
            same = {"key": key, "version": found.get("version")}
            if value is None:
                return bool(documents.delete_one(same).deleted_count)
            changed: int = documents.update_one(same, {"$set": new}).matched_count
            return changed > 0

    def delete(self, key: str) -> None:
        """Delete a document."""
        self.check_writable("delete", key)
        with self._translated("delete", check_key(key)):
            self._documents.delete_one({"key": key})

    def delete_prefix(self, prefix: str) -> None:
        """Delete every key that starts with `prefix`, many with each request."""
        self.check_writable("delete", prefix)
        keys = [*self.list(prefix)]
        with self._translated("delete", prefix):
            for start in range(0, len(keys), _TOGETHER):
                self._documents.delete_many({"key": {"$in": keys[start : start + _TOGETHER]}})


def _repeated(write: Callable[[], Any]) -> None:
    """Write again when somebody else has made the same document at the same time."""
    errors = driver().errors
    for _ in range(_ATTEMPTS - 1):
        try:
            write()
        except (errors.DuplicateKeyError, errors.BulkWriteError) as error:
            failed = (error.details or {}).get("writeErrors", [])
            if any(each.get("code") != _DUPLICATE for each in failed):
                raise
        else:
            return
    write()
