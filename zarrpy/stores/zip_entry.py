"""Reading entries of a zip file whose directory is known, and finding them by their names."""

from __future__ import annotations

import stat
from bisect import bisect_left
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Protocol

from zarrpy.config import config
from zarrpy.errors import LimitError, StoreError
from zarrpy.stores.base import ByteRange
from zarrpy.stores.zip_format import STORED, check_value, header_guess, inflated, value_offset

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    from zarrpy.stores.base import Bytes, Names
    from zarrpy.stores.zip_format import Entry


#: Systems of whose files a zip file says the kind as Unix does: that and macOS.
_UNIX = (3, 19)


class Values(Protocol):
    """What values are read from."""

    def read(self, offset: int, nbytes: int) -> Bytes:
        """Read so many bytes from there; fewer at the end of the file."""


def read_entry(
    source: Values,
    key: str,
    entry: Entry,
    byte_range: ByteRange | None,
    offsets: dict[str, int] | None = None,
) -> Bytes:
    """Read a value or a part of it: with its header in one go when the begin of it is wanted.

    Parameters
    ----------
    source : Values
    key : str
    entry : Entry
        Where the directory says that it is.
    byte_range : ByteRange, optional
    offsets : dict, optional
        Where values begin behind their headers, as far as that is known: headers are not read then.

    Raises
    ------
    StoreError
        When something else is there.
    """
    if entry.made >> 8 in _UNIX and stat.S_ISLNK(entry.attributes >> 16):
        raise StoreError(
            "it is a symbolic link in the zip file, and no value",
            hint="pack the file that it leads to in its place",
        )
    start, stop = (byte_range or ByteRange(0)).within(entry.size)
    if stop <= start:
        return b""
    plain = entry.method == STORED and not entry.flags & 1
    first, last = (start, stop) if plain else (0, entry.stored)
    offset = None if offsets is None else offsets.get(key)
    if offset is not None:
        value = source.read(entry.at + offset + first, last - first)
    else:
        offset, value = _read_behind_header(source, key, entry, first, last)
        if offsets is not None:
            offsets[key] = offset
    if len(value) != last - first:
        raise StoreError(
            "the zip file ends within the value",
            hint="get it here, and call zarrpy.ZipStore.recover(path)",
        )
    if not plain:
        _check_limit(key, entry)
        value = memoryview(inflated(key, entry, value, stop))[start:]
    return check_value(key, entry, value) if stop - start == entry.size else value


def check_absent(key: str, folders: Container[str]) -> None:
    """Refuse to take a directory for a value that was never written.

    Raises
    ------
    StoreError
        When a zip file has a directory of the name of the key.
    """
    if f"{key}/" in folders:
        raise StoreError("it is a directory in the zip file, and no value")


def empty_folders(folders: Iterable[str], keys: Sequence[str], prefix: str) -> Iterator[str]:
    """Yield those directories below a prefix in which no key lies, each with a "/"."""
    for folder in folders:
        if folder.startswith(prefix) and next(keys_below(keys, folder), None) is None:
            yield folder.rstrip("/") + "/"


def _read_behind_header(
    source: Values, key: str, entry: Entry, first: int, last: int
) -> tuple[int, Bytes]:
    """Read stored bytes of an entry, and tell how long its header is."""
    guess = header_guess(key)
    data = source.read(entry.at, guess + (0 if first else last))
    offset = value_offset(data, key, entry)
    value: Bytes = b"" if first else memoryview(data)[offset : offset + last]
    if len(value) < last - first:  # or the header is of unusual length
        value = source.read(entry.at + offset + first, last - first)
    return offset, value


def _check_limit(key: str, entry: Entry) -> None:
    """Refuse to inflate a value to more bytes than any chunk may have."""
    limit = config.limits.max_chunk_bytes
    if entry.size > limit:
        raise LimitError(
            f"the value of {key!r} would inflate to more", limit=limit, asked=entry.size
        )


def keys_below(keys: Sequence[str], prefix: str) -> Iterator[str]:
    """Yield those of sorted keys that start with a prefix."""
    start = bisect_left(keys, prefix)
    return takewhile(lambda key: key.startswith(prefix), islice(keys, start, None))


def names_below(keys: Sequence[str], prefix: str) -> Names:
    """List the names directly below a prefix, passing over what lies below them."""
    found = []
    at = bisect_left(keys, prefix)
    while at < len(keys) and keys[at].startswith(prefix):
        name = keys[at][len(prefix) :].partition("/")[0]
        found.append(name)
        folder = f"{prefix}{name}"
        at = at + 1 if keys[at] == folder else bisect_left(keys, folder + "0", at)
    return sorted(set(found))
