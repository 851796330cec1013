"""The index of a shard: where each chunk lies in it.

The index has one entry for each chunk that the shard could hold, in C order of the shard's own
axes: offset from the beginning of the shard and number of bytes, as 64-bit integers without sign.
A chunk that is not stored has all bits set in both.  The index passes through codecs of its own,
which keep its size known, so that a reader finds it at the end or at the start of the shard.

The engine reads and writes the same in csrc/shard_index.c.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.bytes import Bytes
from zarrpy.codecs.crc32c import Checksum
from zarrpy.config import config
from zarrpy.errors import ChecksumError, CorruptChunkError, LimitError, MetadataError, ZarrError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zarrpy.codecs.base import Buffer, Codec
    from zarrpy.codecs.chain import CodecChain

    #: Offset and number of bytes of each chunk, one row a position.
    Entries = np.ndarray[Any, np.dtype[np.uint64]]

NAME = "sharding_indexed"
#: Offset and size of a chunk that is not stored.
EMPTY = 2**64 - 1
_ENTRY_NBYTES = 16


@dataclass(frozen=True, slots=True)
class IndexFormat:
    """How the index of a shard is stored.

    Attributes
    ----------
    chain : CodecChain
        Of an array of 64-bit integers: the grid of the shard's chunks, and two for each.
    count : int
        Number of entries.
    nbytes : int
        Size as stored.
    at_start : bool
        Whether it is in front of the chunks instead of behind them.
    """

    chain: CodecChain
    count: int
    nbytes: int
    at_start: bool

    @classmethod
    def of(cls, codecs: Sequence[Codec], grid: tuple[int, ...], location: str) -> IndexFormat:
        """Bind the codecs of an index to a grid of chunks.

        Raises
        ------
        MetadataError
            For codecs behind which the size of the index is not known.
        LimitError
            For more chunks than an index in memory may have.
        """
        from zarrpy.codecs.chain import CodecChain

        count = int(np.prod(grid, dtype=object))
        limit = config.limits.max_chunk_bytes
        if count * _ENTRY_NBYTES > limit:
            raise LimitError(
                f"the index of a shard of {count} chunks is {count * _ENTRY_NBYTES} bytes",
                limit=limit,
                asked=count * _ENTRY_NBYTES,
                hint="choose larger chunks, or raise config.limits.max_chunk_bytes",
            )
        chain = CodecChain.of(codecs, ChunkSpec((*grid, 2), np.dtype("uint64"), None))
        if not isinstance(chain.array_to_bytes, Bytes):
            _refuse(codecs)
        nbytes = count * _ENTRY_NBYTES
        for codec in chain.bytes_to_bytes:
            if isinstance(codec, Checksum):
                nbytes += codec.nbytes
            else:
                _refuse(codecs)
        return cls(chain, count, nbytes, location == "start")

    @property
    def range(self) -> tuple[int, int]:
        """Where the index lies in a shard: offset, negative from the end, and length."""
        return (0 if self.at_start else -self.nbytes), self.nbytes

    def cut(self, shard: Buffer) -> Buffer:
        """Cut the stored index out of a whole shard."""
        if len(shard) < self.nbytes:
            raise CorruptChunkError(
                f"the shard has {len(shard)} bytes, its index alone needs {self.nbytes}",
                codec=NAME,
            )
        return shard[: self.nbytes] if self.at_start else shard[len(shard) - self.nbytes :]

    def decode(self, stored: Buffer) -> Entries:
        """Decode a stored index: one row a position.

        Raises
        ------
        ChecksumError
            When the index is not the one that was written.
        CorruptChunkError
            When it cannot be decoded.
        """
        try:
            entries: Entries = self.chain.decode(stored).reshape(-1, 2)
        except ChecksumError as error:
            raise ChecksumError(f"the index of the shard: {error}", codec=NAME) from error
        except (ZarrError, ValueError) as error:
            raise CorruptChunkError(f"the index of the shard: {error}", codec=NAME) from error
        return entries

    def entry(
        self, entries: Entries, position: int, shard_nbytes: int | None
    ) -> tuple[int, int] | None:
        """Find one chunk: offset and bytes, or None when it is not stored.

        Parameters
        ----------
        entries : ndarray
            The decoded index.
        position : int
            Of the chunk in the index.
        shard_nbytes : int, optional
            Size of the shard, where it is known.
        """
        offset, nbytes = (int(number) for number in entries[position])
        if offset == EMPTY and nbytes == EMPTY:
            return None
        first = self.nbytes if self.at_start else 0
        end = 2**63 - 1 if shard_nbytes is None else shard_nbytes
        if shard_nbytes is not None and not self.at_start:
            end -= self.nbytes
        if offset < first or offset + nbytes > end:
            raise CorruptChunkError(
                f"the index of the shard puts it at {offset} with {nbytes} bytes, "
                f"but chunks lie between {first} and {end}",
                codec=NAME,
            )
        return offset, nbytes

    def assemble(
        self, chunks: Sequence[Buffer | None], sequence: Iterable[int] | None = None
    ) -> bytes | None:
        """Put encoded chunks and their index together.

        Parameters
        ----------
        chunks : sequence of (bytes-like or None)
            By position; None is not stored.
        sequence : iterable of int, optional
            Positions in the order in which they are to lie; by default ascending.

        Returns
        -------
        bytes or None
            None when no chunk is stored: then the shard is not, either.
        """
        entries = np.full((self.count, 2), EMPTY, "uint64")
        parts: list[Buffer] = []
        at = self.nbytes if self.at_start else 0
        for position in range(self.count) if sequence is None else sequence:
            chunk = chunks[position]
            if chunk is None:
                continue
            entries[position] = at, len(chunk)
            parts.append(chunk)
            at += len(chunk)
        if not parts:
            return None
        index = self.chain.encode(entries.reshape(self.chain.spec.shape))
        return b"".join([index, *parts] if self.at_start else [*parts, index])


def _refuse(codecs: Sequence[Codec]) -> None:
    raise MetadataError(
        "must keep the size of the index known: 'bytes', then checksums",
        field=f"{NAME}.index_codecs",
        value=[codec.name for codec in codecs],
    )
