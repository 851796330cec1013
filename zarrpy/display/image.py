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
_COLD, _WARM, _NOTHING, _BAD = (32, 84, 168), (236, 128, 54), (225, 225, 225), (200, 0, 40)


def heat_map(field: np.ndarray[Any, Any], bad: np.ndarray[Any, Any]) -> str:
    """Draw two dimensions, small values cold and large ones warm; NaN is grey, what is bad red.

    Parameters
    ----------
    field : ndarray
    bad : ndarray of bool
        Of the same shape.

    Returns
    -------
    str
        An ``img`` element, and what its colours mean.
    """
    import numpy as np

    rows, columns = (max(1, -(-n // _MOST)) for n in field.shape)
    values = np.asarray(field, float)[::rows, ::columns]
    if not values.size:
        return ""
    # of several points that are shown as one, one that is bad is enough
    corners = [range(0, n, step) for n, step in zip(field.shape, (rows, columns), strict=True)]
    marked = np.add.reduceat(np.add.reduceat(bad.astype(int), corners[0], 0), corners[1], 1) > 0
    known = np.isfinite(values)
    low, high = (values[known].min(), values[known].max()) if known.any() else (0.0, 1.0)
    share = np.where(known, (values - low) / ((high - low) or 1.0), 0.0)[..., None]
    colours = np.array(_COLD) * (1 - share) + np.array(_WARM) * share
    pixels = np.where(known[..., None], colours, _NOTHING).astype(np.uint8)
    pixels[marked] = _BAD
    height, width = values.shape
    scale = _SHOWN / max(height, width)
    told = b64encode(_png(pixels.tobytes(), width, height)).decode()
    return (
        f'<img alt="stored bytes of chunks" src="data:image/png;base64,{told}" '
        f'style="image-rendering:pixelated;width:{max(width * scale, 8):.0f}px;'
        f'height:{max(height * scale, 8):.0f}px">{_legend(bool(known.all()), bool(bad.any()))}'
    )


def _legend(whole: bool, damaged: bool) -> str:
    told = [(_COLD, "small"), (_WARM, "large")]
    told += [] if whole else [(_NOTHING, "missing")]
    told += [(_BAD, "damaged")] if damaged else []
    rows = (
        f'<div><span style="color:rgb{colour}">&#9632;</span> {word}</div>' for colour, word in told
    )
    return f"<div>{''.join(rows)}</div>"


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
