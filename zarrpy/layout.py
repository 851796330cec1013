"""What an array gets when its creator names no chunks and no codecs.

The choice was measured on real fields, not copied: ``make bench`` repeats the comparison and the
README shows it; docs/adr/0006-split-blosc-with-a-checksum-by-default.md tells the reasons.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.codecs.blosc import Blosc
from zarrpy.codecs.bytes import Bytes
from zarrpy.codecs.crc32c import CRC32C
from zarrpy.codecs.zstd import Zstd
from zarrpy.metadata import element

if TYPE_CHECKING:
    from zarrpy.codecs.base import ArrayToBytes, BytesToBytes
    from zarrpy.metadata.formats import Format

#: Decoded bytes of a chunk to aim at.
CHUNK_NBYTES = 1 << 20
#: The same of a chunk in a shard, which can be read by itself without being a file.
INNER_NBYTES = 1 << 18
#: Decoded bytes of a shard to aim at.
SHARD_NBYTES = 1 << 26
#: A last axis up to this many bytes stays whole: cutting it would make short rows.
WHOLE_ROW_NBYTES = 1 << 10
#: One-byte elements whose last axis is this long are taken for pixels: colours, months, classes.
PIXEL_NBYTES = range(2, 17)


def default_chunks(shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Cut an array into even chunks of about `CHUNK_NBYTES`.

    Each axis is cut into equal parts, so that edge chunks hold no padding to speak of. The axis
    with the longest parts is cut next; a short last axis is cut last.

    Parameters
    ----------
    shape : tuple of int
        Of the array, in elements.
    itemsize : int
        Bytes per element.

    Returns
    -------
    tuple of int
        At least 1 on each axis.
    """
    lengths = [max(n, 1) for n in shape]
    parts = [1] * len(lengths)
    chunk = list(lengths)
    while math.prod(chunk) * itemsize > 1.5 * CHUNK_NBYTES:
        axis = _axis_to_cut(lengths, chunk, itemsize)
        if axis is None:
            break
        parts[axis] += _more_parts(parts[axis], chunk, itemsize)
        parts[axis] = min(parts[axis], lengths[axis])
        chunk[axis] = -(-lengths[axis] // parts[axis])
    return tuple(chunk)


def _more_parts(parts: int, chunk: list[int], itemsize: int) -> int:
    """How many parts to add at once: one near the goal, many while far from it or in many parts."""
    nbytes = math.prod(chunk) * itemsize
    if nbytes > 4 * CHUNK_NBYTES:
        return parts
    return 1 if parts < 64 else max(1, int(parts * (nbytes / CHUNK_NBYTES - 1) / 3))


def _axis_to_cut(lengths: list[int], chunk: list[int], itemsize: int) -> int | None:
    """Longest axis of the chunk; a short last axis of the array only when nothing else is left."""
    axes = [axis for axis in range(len(chunk)) if chunk[axis] > 1]
    if not axes:
        return None
    last = len(chunk) - 1
    short = bool(lengths) and lengths[last] * itemsize <= WHOLE_ROW_NBYTES
    others = [axis for axis in axes if axis != last or not short]
    return max(others or axes, key=lambda axis: (chunk[axis], -axis))


def default_inner_chunks(shard: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Cut a shard into chunks that fill it, of about `INNER_NBYTES` or less.

    Parameters
    ----------
    shard : tuple of int
        Shape of the shard, in elements; or of an array that is to be stored in shards.
    itemsize : int
        Bytes per element.

    Returns
    -------
    tuple of int
        A divisor of each length.
    """
    chunk = [max(n, 1) for n in shard]
    while math.prod(chunk) * itemsize > INNER_NBYTES:
        axis = _axis_to_cut(list(shard), chunk, itemsize)
        if axis is None:
            break
        chunk[axis] //= _least_factor(chunk[axis])
    return tuple(chunk)


def _least_factor(number: int) -> int:
    """Smallest prime factor; a large one is as good as the number itself."""
    limit = min(math.isqrt(number), 1 << 10)
    return next((factor for factor in range(2, limit + 1) if number % factor == 0), number)


def default_shards(
    shape: tuple[int, ...], chunk: tuple[int, ...], itemsize: int
) -> tuple[int, ...]:
    """Gather chunks into shards of about `SHARD_NBYTES`, shorter axes first.

    Parameters
    ----------
    shape : tuple of int
        Of the array, in elements.
    chunk : tuple of int
        Shape of the chunks.
    itemsize : int
        Bytes per element.

    Returns
    -------
    tuple of int
        Multiples of the chunk's lengths that reach no further beyond the array than chunks do.
    """
    shard = list(chunk)
    while math.prod(shard) * itemsize * 2 <= SHARD_NBYTES:
        axes = [axis for axis in range(len(shape)) if shard[axis] < shape[axis]]
        if not axes:
            break
        axis = min(axes, key=lambda axis: (shard[axis], -axis))
        most = -(-shape[axis] // chunk[axis]) * chunk[axis]
        shard[axis] = min(2 * shard[axis], most)
    return tuple(shard)


def whole_shards(shards: Any, chunks: Any, shape: tuple[int, ...]) -> Any:
    """Let shards that span an axis, which -1 stands for, end where a chunk does.

    Parameters
    ----------
    shards, chunks : int, tuple of int, or what else stands for lengths
    shape : tuple of int

    Returns
    -------
    The lengths of the shards, without -1 where a length of chunks is given.
    """
    given = shards if isinstance(shards, list | tuple) else (shards,) * len(shape)
    parts = chunks if isinstance(chunks, list | tuple) else (chunks,) * len(shape)
    if not len(given) == len(parts) == len(shape):
        return shards
    pairs = list(zip(given, parts, shape, strict=True))
    if not any(_spans(n) and _is_length(part) for n, part, _ in pairs):
        return shards
    return tuple(
        max(-(-whole // part), 1) * part if _spans(n) and _is_length(part) else n
        for n, part, whole in pairs
    )


def _spans(length: Any) -> bool:
    return isinstance(length, int | np.integer) and int(length) == -1


def _is_length(part: Any) -> bool:
    return isinstance(part, int | np.integer) and int(part) > 0 and part is not True


def default_compressors(
    shape: tuple[int, ...], dtype: np.dtype[Any], zarr: Format
) -> tuple[BytesToBytes, ...]:
    """Choose codecs with a checksum: split Blosc for numbers and pixels, Zstandard for bytes.

    Parameters
    ----------
    shape : tuple of int
        Of a chunk as it is stored, in elements.
    dtype : numpy.dtype
        Of the array.
    zarr : Format
        Where no checksum can follow the compressor, Zstandard's frames carry it.
    """
    if not zarr.checksum_codecs:
        return (Zstd(level=3, checksum=True),)
    width = dtype.itemsize
    if width == 1 and len(shape) > 1 and shape[-1] in PIXEL_NBYTES:
        width = shape[-1]
    if width == 1 or dtype.hasobject:
        return (Zstd(level=3), CRC32C())
    return (Blosc(cname="zstd", clevel=1, shuffle="shuffle", typesize=width), CRC32C())


def default_serializer(byteorder: str, dtype: np.dtype[Any]) -> ArrayToBytes:
    """Choose the codec that makes bytes of elements.

    Parameters
    ----------
    byteorder : {"<", ">", "|"}
        In which they are to be stored.
    dtype : numpy.dtype
        Of what is stored, in memory.
    """
    if dtype.hasobject:
        return _object_serializer(byteorder, dtype)
    if element.order(dtype) != element.NATIVE:
        return Bytes(endian=None)
    return Bytes(endian="big" if byteorder == ">" else "little")


def _object_serializer(byteorder: str, dtype: np.dtype[Any]) -> ArrayToBytes:
    from zarrpy.codecs.vlen import VLenBytes, VLenUTF8  # few arrays need them

    if dtype.kind == "T":
        return VLenUTF8()
    inner = None
    if dtype.metadata is not None:  # of elements that may be missing it tells the values
        from zarrpy.metadata.dtypes_optional import inner_of

        inner = inner_of(dtype)
    if inner is None:
        return VLenBytes()
    from zarrpy.codecs.optionals import Optionals
    from zarrpy.codecs.packbits import PackBits

    return Optionals((PackBits(),), (default_serializer(byteorder, inner.numpy),))
