"""Few large reads instead of many small ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.config import config

if TYPE_CHECKING:
    Ranges = np.ndarray[Any, np.dtype[np.int64]]

#: Bytes between two ranges that may be read along rather than asked for apart.
GAP = 1 << 20
#: Bytes between two ranges that are read along however few are wanted.
LITTLE = 16 << 10
#: Ranges are joined up to this many bytes.
MOST = 16 << 20


def coalesce(
    ranges: Ranges, gap: int = GAP, most: int = MOST, little: int | None = None
) -> list[tuple[int, int]]:
    """Join ranges that lie close together.

    Parameters
    ----------
    ranges : ndarray of int64, shape (n, 2)
        Offset and length of each, by ascending offset; they may overlap.
    gap : int
        Bytes between two ranges that may be read for nothing.
    most : int
        What joined ranges may have in all; a single one may have more.
    little : int, optional
        Where more than that lies between two ranges, no more is read for nothing than is wanted.

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
    wasted = 0  # of the last of them
    for offset, length in ranges.tolist():
        if joined:
            start, before = joined[-1]
            end = max(start + before, offset + length)
            between = max(offset - (start + before), 0)
            worth = little is None or between <= little
            if not worth:
                worth = wasted + between <= end - start - wasted - between
            if between <= gap and worth and (end - start <= most or end == start + before):
                joined[-1] = start, end - start
                wasted += between
                continue
        joined.append((offset, length))
        wasted = 0
    return joined


def coalesce_far(ranges: Ranges) -> list[tuple[int, int]]:
    """Join ranges of a value that each request for takes long, unless that is turned off."""
    return coalesce(ranges, -1 if "coalesce" in config.disable else GAP, little=LITTLE)
