"""Few large reads instead of many small ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    Ranges = np.ndarray[Any, np.dtype[np.int64]]

#: Bytes between two ranges that are read along rather than asked for apart.
GAP = 1 << 20
#: Ranges are joined up to this many bytes.
MOST = 16 << 20


def coalesce(ranges: Ranges, gap: int = GAP, most: int = MOST) -> list[tuple[int, int]]:
    """Join ranges that lie close together.

    Parameters
    ----------
    ranges : ndarray of int64, shape (n, 2)
        Offset and length of each, by ascending offset; they may overlap.
    gap : int
        Bytes between two ranges that may be read for nothing.
    most : int
        What joined ranges may have in all; a single one may have more.

    Returns
    -------
    list of (int, int)
        Offset and length, ascending; each range lies within one of them.

    Examples
    --------
    >>> coalesce(np.array([[0, 10], [12, 5], [100, 1]]), gap=4)
    [(0, 17), (100, 1)]
    """
    joined: list[tuple[int, int]] = []
    for offset, length in ranges.tolist():
        if joined:
            start, before = joined[-1]
            end = max(start + before, offset + length)
            if offset - (start + before) <= gap and (end - start <= most or end == start + before):
                joined[-1] = start, end - start
                continue
        joined.append((offset, length))
    return joined
