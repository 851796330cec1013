"""Turn the engine's status codes into exceptions; the only place that does."""

import errno
import os
from typing import NamedTuple

from zarrpy.errors import (
    ChecksumError,
    ChunkLimitError,
    CodecError,
    CorruptChunkError,
    LimitError,
    LockTimeoutError,
    ReadOnlyStoreError,
    StoreError,
    ZarrError,
)

# enum zp_status of csrc/zarrpy.h
SIZE, CHECKSUM, MEMORY, ARGUMENT, UNSUPPORTED, TOO_LARGE = -2, -3, -4, -5, -6, -7
IO, NOT_FILE, DANGLING, CANCELLED, LOCK_TIMEOUT, ENCODE = -8, -9, -10, -11, -12, -13
VLEN_COUNT, VLEN_SHORT, VLEN_LONG, VLEN_UTF8, LIMIT = -15, -16, -17, -18, -19
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_READING = {"get", "list", "size", "open"}
_FILE_STATUS = {IO, NOT_FILE, DANGLING, CANCELLED, LOCK_TIMEOUT}


class Failure(NamedTuple):
    """What the engine says of an error; -1 and None where it says nothing."""

    status: int
    reason: str
    detail: str | None = None
    step: int = -1
    expected: int = -1
    actual: int = -1
    os_error: int = 0
    position: int = -1
    offset: int = -1

    def why(self) -> str:
        """Give the reason with its detail."""
        return self.reason if self.detail is None else f"{self.reason}: {self.detail}"

    def checksums(self) -> dict[str, int]:
        """Give the fields of a `ChecksumError`; a library may not tell what it compared."""
        known = self.expected >= 0 and self.actual >= 0
        return {"expected": self.expected, "actual": self.actual} if known else {}

    def text(self) -> str:
        """Give the reason with its detail and sizes."""
        parts = [self.why()]
        if self.expected >= 0 and self.actual >= 0:
            parts.append(f"expected {self.expected}, found {self.actual}")
        elif self.expected >= 0:
            parts.append(f"more than the expected {self.expected} bytes")
        return "; ".join(parts)


def step_failure(failure: Failure, codec: str, direction: str) -> Exception:
    """Give the exception for one codec run alone."""
    if failure.status == MEMORY:
        return MemoryError(f"{codec}: no memory to {direction}")
    if failure.status == CHECKSUM:
        return ChecksumError(failure.why(), codec=codec, **failure.checksums())
    if direction == "encode" or failure.status in (ARGUMENT, TOO_LARGE, ENCODE):
        return CodecError(failure.text(), codec=codec, direction=direction)
    return CorruptChunkError(failure.text(), codec=codec)


def file_failure(failure: Failure, key: str, operation: str) -> Exception:
    """Give the exception for a file that cannot be read, written or deleted."""
    if failure.status == MEMORY:
        return MemoryError(f"no memory to {operation} {key!r}")
    if failure.status == CANCELLED:
        return ZarrError(f"cancelled: {operation} of {key!r}")
    if failure.status == LOCK_TIMEOUT:
        return LockTimeoutError(
            f"another writer holds its lock {key + '.__lock'!r}",
            key=key,
            operation=operation,
        )
    reason = failure.text()
    if failure.status == IO:
        reason = f"{failure.detail}: {os.strerror(failure.os_error)}"
    return system_failure(reason, key, operation, failure.os_error)


def system_failure(
    reason: str, key: str | None, operation: str, number: int | None, hint: str | None = None
) -> StoreError:
    """Give the exception for a system call that failed; one that may not write is told apart."""
    if number not in _FORBIDDEN or operation in _READING:
        return StoreError(reason, key=key, operation=operation, errno=number or None, hint=hint)
    return ReadOnlyStoreError(
        reason,
        key=key,
        operation=operation,
        errno=number,
        hint="write to a directory of your own, or have its owner allow it"
        if number != errno.EROFS
        else "the file system is mounted for reading only",
    )


def chunk_failure(
    failure: Failure, codec: str, chunk: tuple[int, ...], key: str, writing: bool
) -> Exception:
    """Give the exception for a chunk of a batch."""
    if failure.status in _FILE_STATUS:
        return file_failure(failure, key, "set" if writing else "get")
    if failure.status == MEMORY:
        return MemoryError(f"no memory for chunk {chunk} (key {key!r})")
    if failure.status == LIMIT:
        return over_limit(failure.expected).fill(codec=codec, chunk=chunk, key=key)
    if failure.status == TOO_LARGE:
        return LimitError(f"{codec}: chunk {chunk} (key {key!r}): {failure.text()}")
    if failure.status == CHECKSUM:
        offset = failure.offset if failure.offset >= 0 else None
        return ChecksumError(
            failure.why(), codec=codec, chunk=chunk, key=key, offset=offset, **failure.checksums()
        )
    if failure.status in (ARGUMENT, ENCODE) or (writing and failure.status == UNSUPPORTED):
        return CodecError(
            f"chunk {chunk} (key {key!r}): {failure.text()}",
            codec=codec,
            direction="encode" if writing else "decode",
        )
    offset = failure.offset if failure.offset >= 0 else None
    if VLEN_UTF8 <= failure.status <= VLEN_COUNT:
        error = stream_failure(failure.status, failure.actual, failure.expected)
        return error.fill(codec=codec, chunk=chunk, key=key, offset=offset)
    return CorruptChunkError(failure.text(), codec=codec, chunk=chunk, key=key, offset=offset)


def over_limit(limit: int) -> ChunkLimitError:
    """Give the exception for a chunk whose elements are more bytes than the settings allow."""
    message = f"holds more than the {limit} bytes that limits.max_chunk_bytes allows"
    return ChunkLimitError(message, limit=limit)


def unfinished(left: int) -> Exception:
    """Give the exception for a batch that stopped before its end, with no error of its own."""
    return ZarrError(f"stopped before {left} chunks were worked on: cancelled, or out of memory")


def stream_failure(fault: int, where: int, nelems: int) -> CorruptChunkError:
    """Give the exception for a stream of elements of many lengths that is not one."""
    if fault == VLEN_SHORT:
        return CorruptChunkError(f"the stream ends within element {where} of {nelems}")
    if fault == VLEN_LONG:
        return CorruptChunkError(f"{where} bytes are left behind the last of {nelems} elements")
    if fault == VLEN_UTF8:
        return CorruptChunkError(f"element {where} of {nelems} is not UTF-8")
    found = "less than the 4 bytes of a count" if where < 0 else f"{where} elements"
    return CorruptChunkError(f"the stream holds {found}, but the chunk has {nelems} elements")
