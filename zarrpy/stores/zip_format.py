"""Records of zip files: how they are written, and how those of strangers are read.

A zip file is a row of entries, each behind a header of its own, and a directory at its end that
says where they are.  What a directory says is checked before it is believed: names that lead out
of the store, entries that share bytes, and sizes that cannot be are refused.
"""

from __future__ import annotations

import time
import zlib
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple, Protocol

from zarrpy.errors import MetadataError, StoreError
from zarrpy.metadata.names import check_key
from zarrpy.notice import warn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zarrpy.stores.base import Bytes

LOCAL, CENTRAL, END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
END64, LOCATOR, DESCRIPTOR = b"PK\6\6", b"PK\6\7", b"PK\7\x08"
STORED, DEFLATED = 0, 8

#: Entry headers, directory records and the three records at the end, after their signatures.
_LOCAL = Struct("<4s5H3I2H")
_CENTRAL = Struct("<4s6H3I5H2I")
_END = Struct("<4s4H2IH")
_END64 = Struct("<4sQ2H2I4Q")
_LOCATOR = Struct("<4sIQI")

_U16, _U32 = 0xFFFF, 0xFFFFFFFF
_ENCRYPTED, _LATER, _UTF8 = 0x1, 0x8, 0x800
_ZIP64_EXTRA = 1
#: Extra field of an entry that says: the key was deleted.
_DELETED_EXTRA = 0x505A
_UNIX = 3 << 8
#: No deflate stream grows more than so many times.
_MOST_INFLATED = 1032
_LONGEST_COMMENT = _U16
#: Most files have a short comment, or none.
_SHORT_TAIL = 1024


class Source(Protocol):
    """What records are read from."""

    def read(self, offset: int, nbytes: int) -> bytes:
        """Read so many bytes from there; fewer at the end of the file."""


class Entry(NamedTuple):
    """One value in a zip file, as its directory has it.

    Attributes
    ----------
    at : int
        Where its header begins.
    stored, size : int
        Bytes as they are in the file, and as they are read.
    stamp : int
        Time and date as MS-DOS had them.
    made, attributes : int
        By what system, and what that knows of a file.
    """

    at: int
    stored: int
    size: int
    crc: int
    method: int = STORED
    flags: int = 0
    stamp: int = 0
    made: int = _UNIX | 45
    attributes: int = 0o100644 << 16


class Directory(NamedTuple):
    """The entries of a zip file by their names, and where the next may be written.

    Attributes
    ----------
    entries : dict of str to Entry
    folders : dict of str to Entry
        Names that end in a slash, of no use to a store.
    end : int
        Behind the last whole record.
    comment : bytes
        Of the whole file.
    whole : bool
        Whether the directory at the end of the file says all this.
    """

    entries: dict[str, Entry]
    folders: dict[str, Entry]
    end: int
    comment: bytes = b""
    whole: bool = True


class _Ending(NamedTuple):
    """What the records at the end of a zip file say of its directory."""

    begins: int
    nbytes: int
    nentries: int
    shift: int
    comment: bytes


# --------------------------------------------------------------------------------------- writing


def encoded_name(name: str, flags: int) -> bytes:
    """Write a name as the flags of its entry say."""
    return name.encode() if flags & _UTF8 else name.encode("cp437")


def name_flags(name: str) -> int:
    """Tell the flags of an entry with this name; other scripts than ASCII are UTF-8."""
    return 0 if name.isascii() else _UTF8


_stamped = (0.0, 0)


def stamp_now() -> int:
    """Tell the time as a zip file has it, to two seconds."""
    global _stamped
    now = time.time()
    then, stamp = _stamped
    if now - then >= 1 or now < then:
        year, month, day, hour, minute, second, *_ = time.localtime(now)
        date = (min(max(year, 1980), 2107) - 1980) << 9 | month << 5 | day
        stamp = date << 16 | hour << 11 | minute << 5 | second // 2
        _stamped = now, stamp
    return stamp


def local_header(name: str, entry: Entry, *, deleted: bool = False) -> bytes:
    """Write the header that stands before a value."""
    raw = encoded_name(name, entry.flags)
    stored, size, extra = entry.stored, entry.size, b""
    if stored >= _U32 or size >= _U32:
        extra = Struct("<2H2Q").pack(_ZIP64_EXTRA, 16, size, stored)
        stored = size = _U32
    if deleted:
        extra += Struct("<2H").pack(_DELETED_EXTRA, 0)
    needs = 45 if extra else 20
    date, clock = entry.stamp >> 16, entry.stamp & _U16
    head = _LOCAL.pack(
        LOCAL, needs, entry.flags, entry.method, clock, date,
        entry.crc, stored, size, len(raw), len(extra),
    )  # fmt: skip
    return head + raw + extra


def central_record(name: str, entry: Entry) -> bytes:
    """Write what the directory says of an entry."""
    raw = encoded_name(name, entry.flags)
    large = [value for value in (entry.size, entry.stored, entry.at) if value >= _U32]
    extra = Struct(f"<2H{len(large)}Q").pack(_ZIP64_EXTRA, 8 * len(large), *large) if large else b""
    date, clock = entry.stamp >> 16, entry.stamp & _U16
    head = _CENTRAL.pack(
        CENTRAL, entry.made, 45 if large else 20, entry.flags, entry.method, clock, date,
        entry.crc, min(entry.stored, _U32), min(entry.size, _U32), len(raw), len(extra),
        0, 0, 0, entry.attributes, min(entry.at, _U32),
    )  # fmt: skip
    return head + raw + extra


def directory_bytes(entries: Iterable[tuple[str, Entry]], begins: int, comment: bytes) -> bytes:
    """Write a directory that begins at an offset, and the records after it."""
    records = [central_record(name, entry) for name, entry in entries]
    body = b"".join(records)
    count, nbytes, tail = len(records), len(body), b""
    if count >= _U16 or nbytes >= _U32 or begins >= _U32:
        at = begins + nbytes
        tail = _END64.pack(END64, 44, 45, 45, 0, 0, count, count, nbytes, begins)
        tail += _LOCATOR.pack(LOCATOR, 0, at, 1)
    few, short, near = min(count, _U16), min(nbytes, _U32), min(begins, _U32)
    end = _END.pack(END, 0, 0, few, few, short, near, len(comment))
    return body + tail + end + comment


# --------------------------------------------------------------------------------------- reading


def read_directory(source: Source, nbytes: int) -> Directory | None:
    """Read the directory at the end of a file of that size; None when there is none.

    Raises
    ------
    StoreError
        When what it says cannot be, or must not.
    """
    ending = _ending(source, nbytes)
    if ending is None:
        return None
    if ending.nentries * _CENTRAL.size > ending.nbytes:
        count = ending.nentries
        raise hostile(f"its directory of {ending.nbytes} bytes cannot have {count} entries")
    body = source.read(ending.begins, ending.nbytes)
    entries, folders, count = _parsed(body, ending.shift)
    if count != ending.nentries:
        raise hostile(f"its directory has {count} entries and says it has {ending.nentries}")
    _check_places([*entries.items(), *folders.items()], ending.begins)
    return Directory(entries, folders, nbytes, ending.comment)


def _ending(source: Source, nbytes: int) -> _Ending | None:
    for longest in (_SHORT_TAIL, _END.size + _LONGEST_COMMENT):
        start = max(nbytes - longest, 0)
        tail = source.read(start, nbytes - start)
        at = tail.rfind(END)
        while at >= 0:
            if at + _END.size <= len(tail):
                fields = _END.unpack_from(tail, at)
                if at + _END.size + fields[-1] == len(tail):
                    return _located(source, start + at, fields, tail[at + _END.size :])
            at = tail.rfind(END, 0, at)
    return None


def _located(source: Source, at: int, fields: tuple[int, ...], comment: bytes) -> _Ending | None:
    _, disk, first_disk, _, count, nbytes, offset, _ = fields
    if _U16 in (disk, first_disk, count) or _U32 in (nbytes, offset):
        found = _ending64(source, at)
        if found is not None:
            at, disk, first_disk, count, nbytes, offset = found
    if disk or first_disk:
        raise hostile("it is one of several parts; join them first")
    begins = at - nbytes
    shift = begins - offset
    if begins < 0 or shift < 0:
        raise hostile("its directory lies outside of the file: bytes at the beginning are missing")
    if shift and source.read(0, 4) == LOCAL:
        return None  # this is the end of a zip file that is a value of ours
    return _Ending(begins, nbytes, count, shift, comment)


def _ending64(source: Source, at: int) -> tuple[int, ...] | None:
    """Read the larger record before the one at the end, if it is there."""
    before = _LOCATOR.size + _END64.size
    if at < before:
        return None
    raw = source.read(at - before, before)
    if raw[:4] != END64 or raw[_END64.size : _END64.size + 4] != LOCATOR:
        return None
    _, _, _, _, disk, first_disk, _, count, nbytes, offset = _END64.unpack_from(raw)
    return at - before, disk, first_disk, count, nbytes, offset


def _parsed(body: bytes, shift: int) -> tuple[dict[str, Entry], dict[str, Entry], int]:
    """Read the records of a directory: entries, folders and the number of all."""
    entries: dict[str, Entry] = {}
    folders: dict[str, Entry] = {}
    repeated = 0
    at = count = 0
    while at < len(body):
        if body[at : at + 4] != CENTRAL or at + _CENTRAL.size > len(body):
            raise hostile(f"its directory is damaged at byte {at}")
        fields = _CENTRAL.unpack_from(body, at)
        name_at = at + _CENTRAL.size
        extra_at = name_at + fields[10]
        at = extra_at + fields[11] + fields[12]
        name, entry = _record(fields, body[name_at:extra_at], body[extra_at:at], shift)
        known = folders if name.endswith("/") else entries
        repeated += name in known
        known[name] = entry  # the last one counts
        count += 1
    if repeated:
        warn(f"{repeated} names are more than once in the directory of a zip file: the last counts")
    return entries, folders, count


def _record(fields: tuple[int, ...], raw: bytes, extra: bytes, shift: int) -> tuple[str, Entry]:
    _, made, _, flags, method, clock, date, crc, stored, size, *_, attributes, offset = fields
    if _U32 in (stored, size, offset):
        size, stored, offset = _widened(extra, size, stored, offset)
    name = decoded_name(raw, flags)
    entry = Entry(
        offset + shift, stored, size, crc, method, flags, date << 16 | clock, made, attributes
    )
    check_entry(name, entry)
    return name, entry


def _widened(extra: bytes, *values: int) -> list[int]:
    """Replace those values that did not fit by those of the extra field for zip64."""
    wide = extra_field(extra, _ZIP64_EXTRA) or b""
    found = list(Struct(f"<{len(wide) // 8}Q").unpack_from(wide))
    try:
        return [found.pop(0) if value == _U32 else value for value in values]
    except IndexError:
        return list(values)


def extra_field(extra: bytes, wanted: int) -> bytes | None:
    """Find one of the extra fields of an entry."""
    at = 0
    while at + 4 <= len(extra):
        kind, nbytes = Struct("<2H").unpack_from(extra, at)
        if kind == wanted:
            return extra[at + 4 : at + 4 + nbytes]
        at += 4 + nbytes
    return None


def decoded_name(raw: bytes, flags: int) -> str:
    """Read a name, and refuse one that leads out of the store."""
    try:
        name = raw.decode("utf-8" if flags & _UTF8 else "cp437")
        check_key(name.removesuffix("/"))
    except (UnicodeDecodeError, MetadataError) as error:
        raise hostile(f"the name of an entry, {raw!r}, is no key: {error}") from error
    return name


def check_entry(name: str, entry: Entry) -> None:
    """Refuse sizes that cannot be."""
    stored, size = entry.stored, entry.size
    if entry.method == STORED and stored != size and not entry.flags & _ENCRYPTED:
        raise hostile(f"{name!r} is stored as it is, but says {stored} bytes and {size} bytes")
    if entry.method == DEFLATED and size > stored * _MOST_INFLATED + 64:
        raise hostile(f"{name!r} says that {stored} bytes inflate to {size}, which none can")


def _check_places(entries: list[tuple[str, Entry]], limit: int) -> None:
    """Refuse entries that share bytes: a small file that pretends to be a large one."""
    entries.sort(key=lambda item: item[1].at)
    begins = 0
    before = ""
    for name, entry in entries:
        if entry.at < begins:
            raise hostile(f"the entries {before!r} and {name!r} overlap")
        begins = entry.at + _LOCAL.size + len(encoded_name(name, entry.flags)) + entry.stored
        before = name
    if begins > limit:
        raise hostile(f"the entry {before!r} reaches into the directory, or beyond the file")


def hostile(problem: str) -> StoreError:
    """Make the error of a zip file that is damaged, or made to harm."""
    return StoreError(
        f"the zip file is damaged or was made to harm: {problem}",
        hint="get it again; ZipStore.recover(path) keeps what is whole in it",
    )


def value_offset(head: Bytes, name: str, entry: Entry) -> int:
    """Tell from the header of an entry how far behind its begin the value begins.

    Raises
    ------
    StoreError
        When that is no header, or that of another entry.
    """
    if len(head) < _LOCAL.size or bytes(head[:4]) != LOCAL:
        raise hostile(f"there is no entry at byte {entry.at}, where {name!r} should be")
    nname, nextra = Struct("<2H").unpack_from(head, 26)
    raw = bytes(head[_LOCAL.size : _LOCAL.size + nname])
    if raw != encoded_name(name, entry.flags):
        raise hostile(f"the entry at byte {entry.at} is {raw!r}, and {name!r} in the directory")
    return _LOCAL.size + int(nname) + int(nextra)


def header_guess(name: str) -> int:
    """Bytes to read before a value so that its header is nearly always in them."""
    return _LOCAL.size + 4 * len(name) + 36


def inflated(name: str, entry: Entry, stored: Bytes, until: int) -> bytes:
    """Decode a value, or the begin of it, to no more bytes than its directory says."""
    if entry.flags & _ENCRYPTED:
        raise StoreError(f"{name!r} is encrypted, which is not supported", key=name)
    if entry.method != DEFLATED:
        raise StoreError(
            f"{name!r} is compressed by method {entry.method} of zip files: "
            "only stored and deflated entries are read",
            key=name,
            hint="pack the archive again without compression, as chunks have their own",
        )
    decoder = zlib.decompressobj(-15)
    try:
        value = decoder.decompress(stored, until + (until == entry.size))
    except zlib.error as error:
        raise hostile(f"{name!r} does not inflate: {error}") from error
    if len(value) != until or (until == entry.size and not decoder.eof):
        raise hostile(f"{name!r} does not inflate to the {entry.size} bytes that it says")
    return value


def check_value(name: str, entry: Entry, value: Bytes) -> Bytes:
    """Compare a whole value with its checksum."""
    if zlib.crc32(value) != entry.crc:
        raise StoreError(
            f"the checksum of {name!r} does not agree with its bytes: the zip file is damaged",
            key=name,
            operation="get",
        )
    return value
