"""One bucket by obstore's client: what is absent is None, all that goes wrong an error of ours.

obstore lets go of the interpreter's lock for the time of a request, so that threads are all it
takes to have many under way.
"""

from __future__ import annotations

import os
import random
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import uuid4

import obstore

from zarrpy.errors import ConflictError, StoreError
from zarrpy.metadata.names import OURS
from zarrpy.stores.base import ByteRange
from zarrpy.stores.in_flight import in_flight
from zarrpy.stores.object_errors import (
    is_absent,
    is_cut,
    is_out_of_range,
    is_unsupported,
    translated,
)
from zarrpy.stores.object_place import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrpy.stores.base import Bytes

#: What a service calls a version: a tag, and with some a number as well.
Version: TypeAlias = "tuple[str | None, str | None]"

#: Keys of a listing that is not gone on with.
_PAGE = 1000
#: How often a deletion is asked for again.
_AGAIN = 5
#: Parts of one value that are sent at the same time.
_PARTS = 8


class _Runtime:
    """What obstore makes requests with: threads of this process, from the first request on."""

    def __init__(self) -> None:
        self.used = self.lost = False

    def use(self) -> None:
        """Refuse a request that would never be answered."""
        if self.lost:
            raise StoreError(
                "this process was forked from one that had used object stores, whose threads are "
                "not here",
                hint="start processes by spawn or forkserver: multiprocessing.get_context('spawn')",
            )
        self.used = True

    def after_fork(self) -> None:
        """In a forked child: the threads are gone, and are not started again."""
        self.lost = self.used


_runtime = _Runtime()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_runtime.after_fork)


class Bucket:
    """Objects of one bucket.

    Parameters
    ----------
    client : store of obstore
    part_nbytes : int
        Larger values are sent in parts of so many bytes.
    """

    def __init__(self, client: Any, part_nbytes: int) -> None:
        self._client = client
        self.place = place_of(client)
        self._part_nbytes = part_nbytes

    @property
    def client(self) -> Any:
        """The client, to make a request with."""
        _runtime.use()
        return self._client

    # --------------------------------------------------------------------------------- reading

    def read(
        self, key: str, byte_range: ByteRange | None = None
    ) -> tuple[Bytes | None, Version | None]:
        """Read a value or a part of it with its version."""
        if byte_range is None:
            options = None
        elif byte_range.length == 0:
            found = self.head(key)
            return (None, None) if found is None else (b"", _version(found))
        elif byte_range.offset < 0 and not self.place.suffixes:
            return self._read_end(key, byte_range)
        else:
            options = {"range": _asked(byte_range)}
        try:
            answer = obstore.get(self.client, key, options=options)  # type: ignore[arg-type]
            value = memoryview(answer.bytes())
            start, stop = answer.range
        except Exception as error:
            return self._not_read(key, byte_range, error)
        if len(value) != stop - start:
            words = f"the answer ends after {len(value)} of {stop - start} bytes"
            raise StoreError(words, key=key, operation="get")
        if byte_range is not None and byte_range.offset < 0 <= byte_range.length:
            value = memoryview(byte_range.of(value))
        return value, _version(answer.meta)

    def _not_read(
        self, key: str, byte_range: ByteRange | None, error: Exception
    ) -> tuple[Bytes | None, Version | None]:
        """Tell what is absent, or has no bytes where some were asked for, from what went wrong."""
        if is_absent(error):
            return None, None
        if byte_range is not None and byte_range.offset < 0 and is_unsupported(error):
            self.place.suffixes = False
            return self._read_end(key, byte_range)
        if byte_range is not None and is_out_of_range(error):
            found = self.head(key)
            if found is None:
                return None, None
            start, stop = byte_range.within(found["size"])
            if stop <= start:
                return b"", _version(found)
        raise translated(error, "get", key) from error

    def _read_end(self, key: str, byte_range: ByteRange) -> tuple[Bytes | None, Version | None]:
        """Read the end of a value by its size, of the same version."""
        while True:
            found = self.head(key)
            if found is None:
                return None, None
            start, stop = byte_range.within(found["size"])
            if stop <= start:
                return b"", _version(found)
            value, version = self.read(key, ByteRange(start, stop - start))
            if version == _version(found):
                return value, version

    def head(self, key: str) -> Any:
        """Ask for the size and version of a value; None when the key does not exist."""
        try:
            return obstore.head(self.client, key)
        except Exception as error:
            if is_absent(error):
                return None
            raise translated(error, "look for", key) from error

    def version(self, key: str) -> Version | None:
        """Tell which version of a value there is; None when there is none, or it is not told."""
        found = self.head(key)
        return None if found is None else _version(found)

    def present(self, keys: list[str], requests: int) -> list[bool]:
        """Tell which of several keys there are; those of one folder by a listing, if that tells.

        It begins with the first of them. Of a folder with much in it, it may not come to the last;
        some who may read may not list.
        """
        known: set[str] = set()
        unknown = keys
        if len(keys) > 1 and len({key.rpartition("/")[0] for key in keys}) == 1:
            with suppress(StoreError):
                known, unknown = self._listed(keys)
        found = in_flight(lambda key: self.head(key) is not None, unknown, requests)
        known.update(key for key, there in zip(unknown, found, strict=True) if there)
        return [key in known for key in keys]

    def _listed(self, keys: list[str]) -> tuple[set[str], list[str]]:
        """Find keys of one folder by a listing; those that it does not tell of come second."""
        first = min(keys)
        folder, _, name = first.rpartition("/")
        before = first[:-1] if len(name) > 1 else None
        with _told("list", folder):
            pages = obstore.list(
                self.client, prefix=folder or None, offset=before, chunk_size=_PAGE
            )
            names = [each["path"] for each in next(iter(pages), ())]
        known = set(names)
        if len(names) < _PAGE:
            return known, []
        end = names[-1] if names == sorted(names) else ""  # not every service sorts them
        return known, [key for key in keys if key > end and key not in known]

    def keys(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Yield the keys that start with a prefix, each with the bytes of its value."""
        folder = prefix.rpartition("/")[0]
        with _told("list", prefix):
            for found in obstore.list(self.client, prefix=folder or None):
                for each in found:
                    if each["path"].startswith(prefix):
                        yield each["path"], each["size"]

    def level(self, prefix: str) -> tuple[set[str], set[str]]:
        """Tell the names directly below a prefix: those that keys lie below, and those of keys."""
        with _told("list", prefix):
            found = obstore.list_with_delimiter(self.client, prefix=prefix.rstrip("/") or None)
        folders = {_last(path) for path in found["common_prefixes"]}
        return folders, {_last(each["path"]) for each in found["objects"]}

    # --------------------------------------------------------------------------------- writing

    def write(self, key: str, value: Bytes, mode: Any = "overwrite") -> None:
        """Replace a value; as an exchange when the mode says which one is to be replaced."""
        data = memoryview(value).cast("B") if len(value) else b""
        with _told("set", key):
            obstore.put(
                self.client,
                key,
                data,
                mode=mode,
                use_multipart=mode == "overwrite" and len(data) > self._part_nbytes,
                chunk_size=self._part_nbytes,
                max_concurrency=_PARTS,
            )

    def create(self, key: str, value: Bytes) -> bool:
        """Store a value where there is none; whether that was done.

        A service that does not look stores it in any case, whatever there is.
        """
        try:
            self.write(key, value, "create")
        except ConflictError:
            return False
        except StoreError as error:
            if error.__cause__ is None or not is_unsupported(error.__cause__):
                raise
            self.write(key, value)
        return True

    def exchange(self, key: str, value: Bytes | None, version: Version | None) -> bool:
        """Replace the value of a version, or make one where there is none; whether it was done.

        None deletes it. Services compare nothing before they do: this asks, and deletes at once.
        """
        if value is None:
            if version is not None:
                if self.version(key) not in (version, None):
                    return False
                self._delete_one(key)
            return True
        try:
            self.write(key, value, _mode(version))
        except ConflictError:
            return False
        return True

    def copy(self, key: str, new: str) -> bool:
        """Let the service copy a value; False when there is none."""
        try:
            obstore.copy(self.client, key, new, overwrite=True)
        except Exception as error:
            if is_absent(error):
                return False
            raise translated(error, "copy", key) from error
        return True

    def delete(self, keys: list[str], requests: int) -> None:
        """Delete several keys, many with each request where the service can do that."""
        if len(keys) <= 1:
            for key in keys:
                self._delete_one(key)
            return
        try:
            self._deleted(keys)
        except Exception as error:
            if not (is_absent(error) or is_unsupported(error)):
                raise translated(error, "delete", f"{keys[0]} and others") from error
            in_flight(self._delete_one, keys, requests, finish=True)

    def _delete_one(self, key: str) -> None:
        try:
            self._deleted(key)
        except Exception as error:
            if not is_absent(error):
                raise translated(error, "delete", key) from error

    def _deleted(self, keys: list[str] | str) -> None:
        """Delete; again, where the connection was cut: to the client that is no reason to."""
        again = dict(getattr(self._client, "retry_config", None) or {}).get("max_retries", _AGAIN)
        for attempt in range(min(again, _AGAIN) + 1):
            try:
                obstore.delete(self.client, keys)
            except Exception as error:
                if attempt == min(again, _AGAIN) or not is_cut(error):
                    raise
                time.sleep(random.uniform(0.02, 0.1) * 2**attempt)
            else:
                return

    # -------------------------------------------------------------------------------- trying out

    @property
    def exchanges(self) -> bool:
        """Whether the service compares a value before it replaces it; found out once a bucket."""
        if self.place.exchanges is None:
            self.place.exchanges = self._tried()
        return self.place.exchanges

    def _tried(self) -> bool:
        """Find out with an object of our own."""
        key = f"{OURS}probe-{uuid4().hex}"
        try:
            self.write(key, b"1", "create")
            old = self.read(key)[1]
            self.write(key, b"2")
            new = self.read(key)[1]
            done = [self.exchange(key, b"3", version) for version in (None, old, new)]
        except StoreError as error:
            if error.__cause__ is not None and is_unsupported(error.__cause__):
                return False
            raise
        finally:
            with suppress(StoreError):
                self._delete_one(key)
        return done == [False, False, True]


def _asked(byte_range: ByteRange) -> Any:
    offset, length = byte_range
    if offset < 0:
        return {"suffix": -offset}
    return {"offset": offset} if length < 0 else (offset, offset + length)


def _version(found: Any) -> Version | None:
    """Tell a version as it has to be given back; None when the service tells none."""
    version = found["e_tag"], found["version"]
    return None if version == (None, None) else version


def _mode(version: Version | None) -> Any:
    if version is None:
        return "create"
    named = zip(("e_tag", "version"), version, strict=True)
    return {name: value for name, value in named if value is not None}


def _last(path: str) -> str:
    return path.rpartition("/")[2]


@contextmanager
def _told(operation: str, key: str) -> Iterator[None]:
    """Give what goes wrong as an error of ours."""
    try:
        yield
    except Exception as error:
        raise translated(error, operation, key) from error
