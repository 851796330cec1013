"""A field of numbers as a small picture that stands in HTML, whatever its size."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

__all__ = ["heat_map"]

#: Points along an axis at most; of more, some are shown.
_MOST = 512
#: Pixels along the longer axis, as it is shown.
_SHOWN = 240
_COLD, _WARM, _NOTHING = (32, 84, 168), (236, 128, 54), (225, 225, 225)


def heat_map(field: np.ndarray[Any, Any]) -> str:
    """Draw two dimensions, small values cold and large ones warm; NaN is grey.

    Returns
    -------
    str
        An ``img`` element.
    """
    import numpy as np

    rows, columns = (max(1, -(-n // _MOST)) for n in field.shape)
    values = np.asarray(field, float)[::rows, ::columns]
    if not values.size:
        return ""
    known = np.isfinite(values)
    low, high = (values[known].min(), values[known].max()) if known.any() else (0.0, 1.0)
    share = np.where(known, (values - low) / ((high - low) or 1.0), 0.0)[..., None]
    colours = np.array(_COLD) * (1 - share) + np.array(_WARM) * share
    pixels = np.where(known[..., None], colours, _NOTHING).astype(np.uint8)
    height, width = values.shape
    scale = _SHOWN / max(height, width)
    told = b64encode(_png(pixels.tobytes(), width, height)).decode()
    return (
        f'<img alt="stored bytes of chunks" src="data:image/png;base64,{told}" '
        f'style="image-rendering:pixelated;width:{max(width * scale, 8):.0f}px;'
        f'height:{max(height * scale, 8):.0f}px">'
    )


def _png(pixels: bytes, width: int, height: int) -> bytes:
    """Write pixels of three bytes as a PNG file."""
    lines = b"".join(
        b"\0" + pixels[row * width * 3 : (row + 1) * width * 3] for row in range(height)
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(*part) for part in parts)


def _part(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
