"""What the demonstration stores: the same values under several codec chains, in v2 and v3.

Only chains that zarr-python, tensorstore and zarrs-python all read, so that each of them can
be asked to judge.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

_SMALLEST = 64 * 1024
_LARGEST = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Chain:
    """One array to store: its place, its format and the keywords of `create_array`."""

    zarr_format: Literal[2, 3]
    name: str
    keywords: dict[str, Any]

    @property
    def group(self) -> str:
        """The group it belongs to, a directory below the demonstration's."""
        return f"v{self.zarr_format}.zarr"


CHAINS = (
    Chain(3, "default", {"chunks": "auto"}),
    Chain(3, "blosc", {"compressors": "blosc:lz4:5:shuffle"}),
    Chain(3, "gzip", {"compressors": "gzip:5"}),
    Chain(3, "raw", {"compressors": None, "filters": None}),
    Chain(2, "default", {"chunks": "auto"}),
    Chain(2, "blosc", {"compressors": "blosc:zstd:1:bitshuffle"}),
    Chain(2, "zlib", {"compressors": "zlib:5"}),
    Chain(2, "raw", {"compressors": None, "filters": None}),
)


def chunk_shape(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Cut an array into about sixteen chunks of 64 KiB to 1 MiB.

    Leading axes are cut first, so that a chunk of a stack of planes lies in one plane.

    Examples
    --------
    >>> chunk_shape((4, 180, 360), 4)
    (1, 90, 180)
    """
    chunk = [max(1, length) for length in shape]
    wanted = min(max(math.prod(chunk) * itemsize // 16, _SMALLEST), _LARGEST)
    axis = 0
    while math.prod(chunk) * itemsize > wanted and max(chunk) > 1:
        if axis < len(chunk) - 2 and math.prod(chunk[axis + 1 :]) * itemsize >= wanted:
            chunk[axis] = 1
            axis += 1
            continue
        longest = chunk.index(max(chunk))
        chunk[longest] = -(-chunk[longest] // 2)
    return tuple(chunk)
