"""Files that references lead to, by stores of ours; near pieces of one file are read at once."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from itertools import chain
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import numpy as np

from zarrpy.errors import StoreError
from zarrpy.stores.base import ByteRange
from zarrpy.stores.coalesce import coalesce
from zarrpy.stores.in_flight import in_flight
from zarrpy.stores.object_place import SCHEMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrpy.stores.base import Bytes, Store
    from zarrpy.stores.reference_set import Piece

_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+:")
_LOCAL = (None, "", "file", "local")
#: Bytes between two pieces that are read along, where a request costs more than they do.
_GAP = 64 << 10


class Files:
    """Files by their URLs.

    Parameters
    ----------
    base : str
        Where relative paths begin that are not there from the current directory.
    protocol : str or None
        Of paths that do not tell theirs.
    options : dict
        Of the stores; those of one protocol below its name.
    """

    def __init__(self, base: str, protocol: str | None, options: dict[str, Any]) -> None:
        self._base = base
        self._protocol = protocol
        self._options = options
        self._stores: dict[str, Store] = {}
        self._lock = Lock()

    def read(self, piece: Piece, byte_range: ByteRange | None = None) -> Bytes:
        """Read a piece, or a part of one.

        Raises
        ------
        StoreError
            When the file is not there, or is shorter than the reference says.
        """
        store, key = self._found(piece.url)
        if piece.length < 0:
            return self._read(store, key, piece, _shifted(piece.offset, byte_range))
        start, stop = (byte_range or ByteRange(0)).within(piece.length)
        if stop <= start:
            return b""
        wanted = ByteRange(piece.offset + start, stop - start)
        return self._read(store, key, piece, wanted)

    def read_many(self, pieces: Sequence[Piece], requests: int) -> list[Bytes]:
        """Read several pieces at the same time, those that lie close together with one request."""
        parts: dict[str, list[Piece]] = {}
        for piece in pieces:
            if piece.length >= 0:
                parts.setdefault(piece.url, []).append(piece)
        holders = {url: _joined(url, some) for url, some in parts.items()}
        wholes = dict.fromkeys(piece for piece in pieces if piece.length < 0)
        tasks = [*wholes, *chain.from_iterable(holders.values())]
        found = dict(zip(tasks, in_flight(self.read, tasks, requests), strict=True))
        return [_cut(piece, found, holders) for piece in pieces]

    def size(self, piece: Piece) -> int:
        """Tell the bytes of a piece."""
        if piece.length >= 0:
            return piece.length
        store, key = self._found(piece.url)
        size = store.size(key)
        if size is None:
            raise _missing(piece)
        return size - piece.offset

    def _read(self, store: Store, key: str, piece: Piece, byte_range: ByteRange | None) -> Bytes:
        try:
            value = store.get(key, byte_range)
        except StoreError as error:
            raise StoreError(
                f"the file {piece.url!r} that a reference leads to is not read: {error}",
                operation="get",
                transient=getattr(error, "transient", None) or None,
            ) from error
        if value is None:
            raise _missing(piece)
        if piece.length >= 0 and byte_range is not None and len(value) != byte_range.length:
            raise StoreError(
                f"the file {piece.url!r} ends before the {byte_range.length} bytes from "
                f"{byte_range.offset} on that a reference leads to",
                operation="get",
                hint="make the references anew: the file is another one",
            )
        return value

    def _found(self, url: str) -> tuple[Store, str]:
        """Give the store that has a file, and the key of the file in it."""
        root, key = self._split(url)
        with self._lock:
            store = self._stores.get(root)
            if store is None:
                store = self._stores[root] = self._opened(root)
        return store, key

    def _opened(self, root: str) -> Store:
        from zarrpy.stores.local import LocalStore
        from zarrpy.stores.remote import remote_store

        if not _URL.match(root):
            return LocalStore(root, read_only=True)
        scheme = root.partition(":")[0].lower()
        options = self._options.get(scheme, self._options)
        if not isinstance(options, dict):
            options = self._options
        return remote_store(root, True, dict(options))

    def _split(self, url: str) -> tuple[str, str]:
        """Cut a URL into that of a store and a key."""
        if not _URL.match(url) and self._protocol not in _LOCAL:
            url = f"{self._protocol}://{url.lstrip('/')}"
        scheme, colon, rest = url.partition("://")
        if scheme.lower() in ("http", "https"):
            parts = urlsplit(url)
            query = f"?{parts.query}" if parts.query else ""
            return f"{scheme}://{parts.netloc}{query}", unquote(parts.path).lstrip("/")
        if "::" not in url and scheme.lower() in SCHEMES:
            bucket, _, key = rest.partition("/")
            return f"{scheme}://{bucket}", key
        if colon and scheme.lower() not in _LOCAL:
            inner, chain, outer = url.partition("::")
            root, _, key = inner.rpartition("/")
            return f"{root}{'/' if root.endswith(':/') else ''}{chain}{outer}", key
        return self._local(url)

    def _local(self, url: str) -> tuple[str, str]:
        path = url
        if url.startswith(("file:", "local:")):
            path = unquote(urlsplit(url).path)
        if not os.path.isabs(path) and not os.path.exists(path) and self._base:
            if _URL.match(self._base):
                return self._split(f"{self._base.rstrip('/')}/{path}")
            path = os.path.join(self._base, path)
        return os.path.split(os.path.abspath(path))


def _joined(url: str, pieces: Sequence[Piece]) -> list[Piece]:
    """Join the pieces of one file that lie close together."""
    ranges = sorted({(piece.offset, piece.length) for piece in pieces})
    far = _URL.match(url) and not url.startswith(("file:", "local:"))
    kind = type(pieces[0])
    array = np.array(ranges, dtype=np.int64).reshape(-1, 2)
    return [kind(url, *each) for each in coalesce(array, gap=_GAP if far else 0)]


def _cut(piece: Piece, found: dict[Piece, Bytes], holders: dict[str, list[Piece]]) -> Bytes:
    """Take a piece out of what was read."""
    if piece in found:
        return found[piece]
    some = holders[piece.url]
    holder = some[bisect_right(some, piece.offset, key=lambda each: each.offset) - 1]
    start = piece.offset - holder.offset
    return memoryview(found[holder])[start : start + piece.length]


def _shifted(offset: int, byte_range: ByteRange | None) -> ByteRange | None:
    """Give a range of what comes after an offset; references of whole files have none."""
    if offset == 0 or byte_range is None:
        return byte_range if offset == 0 else ByteRange(offset)
    return ByteRange(offset + byte_range.offset, byte_range.length)


def _missing(piece: Piece) -> StoreError:
    return StoreError(
        f"the file {piece.url!r} that a reference leads to is not there",
        operation="get",
        hint="remote_protocol= and remote_options= say how it is reached",
    )
