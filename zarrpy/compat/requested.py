"""What code written for zarr-python asks stores for: ranges of bytes, and buffers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy.stores.base import ByteRange

if TYPE_CHECKING:
    from zarrpy.stores.base import Bytes

__all__ = ["byte_range_of", "bytes_of"]


def byte_range_of(request: Any) -> ByteRange | None:
    """Understand a request for bytes of zarr-python: a range, an offset or a suffix.

    Raises
    ------
    TypeError
        For anything else.
    """
    if request is None or isinstance(request, ByteRange):
        return request
    if hasattr(request, "start"):
        return ByteRange(request.start, max(request.end - request.start, 0))
    if hasattr(request, "offset"):
        return ByteRange(request.offset)
    if hasattr(request, "suffix"):
        return ByteRange(-request.suffix) if request.suffix else ByteRange(0, 0)
    raise TypeError(f"Unexpected byte_range, got {request!r}")


def bytes_of(value: Any) -> Bytes:
    """Give the bytes of a value, which may be a buffer of zarr-python.

    Raises
    ------
    TypeError
        When it has none.
    """
    if isinstance(value, bytes | bytearray | memoryview):
        return value
    to_bytes = getattr(value, "to_bytes", None)
    if to_bytes is None or isinstance(value, int):
        raise TypeError(f"a value is bytes or a buffer, not {type(value).__name__}")
    found: bytes = to_bytes()
    return found
