"""Read a zip file that has no directory at its end: a writer is at work, or was killed.

Entries say for themselves what they are, one after the other from the begin of the file.  A
directory that is met on the way is believed; of what comes after it, the part is left out that is
not whole.  The last values are compared with their checksums, which is where a machine that lost
its power leaves damage; the others are when they are read.
"""

from __future__ import annotations

import zlib
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from zarrpy.errors import StoreError
from zarrpy.stores.zip_format import (
    CENTRAL,
    DEFLATED,
    DESCRIPTOR,
    END,
    END64,
    LOCAL,
    LOCATOR,
    STORED,
    Directory,
    Entry,
    check_entry,
    decoded_name,
    extra_field,
    read_directory,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zarrpy.stores.zip_format import Source

_HEADER = Struct("<4s5H3I2H")
_RECORD = Struct("<4s6H3I5H2I")
_U32 = 0xFFFFFFFF
_ZIP64_EXTRA, _DELETED_EXTRA = 1, 0x505A
_LATER = 0x8
_BLOCK = 1 << 20
#: So many bytes at the end are compared with their checksums.
_SUSPECT = 64 << 20


class _Found(NamedTuple):
    """One entry that was met: where the next may begin, and whether it deletes its key."""

    name: str
    entry: Entry
    value_at: int
    end: int
    deletes: bool


def scan(source: Source, nbytes: int) -> Directory:
    """Find the whole entries of a zip file of that size, up to the first that is not.

    Raises
    ------
    StoreError
        When the file does not begin as a zip file does.
    """
    signature = source.read(0, 4)
    if signature not in (LOCAL, CENTRAL, END) and not LOCAL.startswith(signature):
        raise StoreError(
            "the file is no zip archive: it neither ends nor begins as one",
            hint="another path, or a directory in its place?",
        )
    state = Directory({}, {}, 0)
    for found in _records(source, nbytes, suspect=nbytes - _SUSPECT):
        state = found if isinstance(found, Directory) else _with(state, found)
    return state._replace(whole=False)


def has_more(source: Source, start: int, nbytes: int) -> bool:
    """Whether something like an entry begins behind a place that is damaged."""
    return any(True for _ in _signatures(source, LOCAL, start + 4, nbytes))


def salvage(source: Source, nbytes: int) -> Directory:
    """Find every whole entry of a damaged zip file, whatever lies between them."""
    state = Directory({}, {}, 0)
    at = 0
    while at < nbytes:
        for found in _records(source, nbytes, at):
            if not isinstance(found, Directory):  # it may tell of what is not there any more
                state = _with(state, found)
            elif found.whole and at == 0:
                state = found
            at = max(at, found.end)
        at = next(_signatures(source, LOCAL, at + 1, nbytes), nbytes)
    return state._replace(whole=False)


def _with(state: Directory, found: _Found) -> Directory:
    known = state.folders if found.name.endswith("/") else state.entries
    if found.deletes:
        known.pop(found.name, None)
    else:
        known[found.name] = found.entry
    return state._replace(end=found.end)


def _records(
    source: Source, nbytes: int, at: int = 0, suspect: int = 0
) -> Iterator[_Found | Directory]:
    """Yield entries and directories, until what comes is neither; check all from `suspect` on."""
    pending: list[_Found] = []  # not checked yet: a directory would vouch for them
    while at < nbytes:
        signature = source.read(at, 4)
        if signature == LOCAL:
            found = _entry(source, at, nbytes)
            if found is None:
                break
            pending.append(found)
            at = found.end
        elif signature in (CENTRAL, END, END64):
            directory = _directory(source, at, nbytes)
            if directory is None:
                break
            pending.clear()
            yield directory
            at = directory.end
        else:
            break
    for found in pending:
        if found.end > suspect and not _is_whole(source, found):
            return
        yield found


def _directory(source: Source, at: int, nbytes: int) -> Directory | None:
    """Read the directory that begins here; None when it is not whole."""
    while source.read(at, 4) == CENTRAL:
        head = source.read(at, _RECORD.size)
        if len(head) < _RECORD.size:
            return None
        fields = _RECORD.unpack(head)
        at += _RECORD.size + sum(fields[10:13])
    if source.read(at, 4) == END64:
        at += 56
    if source.read(at, 4) == LOCATOR:
        at += 20
    tail = source.read(at, 22)
    if len(tail) < 22 or tail[:4] != END:
        return None
    end = at + 22 + int.from_bytes(tail[20:22], "little")
    try:
        return read_directory(source, end) if end <= nbytes else None
    except StoreError:
        return None


def _entry(source: Source, at: int, nbytes: int) -> _Found | None:
    """Read the header of an entry; None when it does not lie in the file, or makes no sense."""
    head = source.read(at, _HEADER.size)
    if len(head) < _HEADER.size:
        return None
    _, _, flags, method, clock, date, crc, stored, size, nname, nextra = _HEADER.unpack(head)
    raw = source.read(at + _HEADER.size, nname + nextra)
    value_at = at + _HEADER.size + nname + nextra
    extra = raw[nname:]
    wide = extra_field(extra, _ZIP64_EXTRA)
    if wide is not None and len(wide) >= 16 and _U32 in (stored, size):
        size, stored = Struct("<2Q").unpack_from(wide)
    try:
        name = decoded_name(raw[:nname], flags)
        end = value_at + stored
        if flags & _LATER and not stored:
            described = _described(source, value_at, nbytes)
            if described is None:
                return None
            crc, stored, size, end = described
        entry = Entry(at, stored, size, crc, method, flags, date << 16 | clock)
        check_entry(name, entry)
    except StoreError:
        return None
    deletes = extra_field(extra, _DELETED_EXTRA) is not None
    return _Found(name, entry, value_at, end, deletes) if end <= nbytes else None


def _described(source: Source, value_at: int, nbytes: int) -> tuple[int, int, int, int] | None:
    """Find what was written after a value whose size was not known before it."""
    for at in _signatures(source, DESCRIPTOR, value_at, nbytes):
        raw = source.read(at + 4, 20)
        for form in (Struct("<3I"), Struct("<I2Q")):
            if len(raw) >= form.size:
                crc, stored, size = form.unpack_from(raw)
                if stored == at - value_at:
                    return crc, stored, size, at + 4 + form.size
    return None


def _signatures(source: Source, signature: bytes, at: int, nbytes: int) -> Iterator[int]:
    """Yield where these four bytes lie."""
    while at < nbytes:
        block = source.read(at, _BLOCK + 3)
        found = block.find(signature)
        while found >= 0:
            yield at + found
            found = block.find(signature, found + 1)
        at += _BLOCK


def _is_whole(source: Source, found: _Found) -> bool:
    """Whether the bytes of a value are those that its header tells of."""
    entry = found.entry
    try:
        decoder = zlib.decompressobj(-15) if entry.method == DEFLATED else None
        if decoder is None and entry.method != STORED:
            return True  # nobody here can tell
        crc = nread = 0
        for piece in _pieces(source, found):
            plain = piece if decoder is None else decoder.decompress(piece, entry.size - nread + 1)
            crc, nread = zlib.crc32(plain, crc), nread + len(plain)
    except zlib.error:
        return False
    return crc == entry.crc and nread == entry.size


def _pieces(source: Source, found: _Found) -> Iterator[bytes]:
    end = found.value_at + found.entry.stored
    for at in range(found.value_at, end, _BLOCK):
        yield source.read(at, min(_BLOCK, end - at))
