"""The short way to some megabytes of an array of files: what such reads share is prepared once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy._native.small import SmallReader
from zarrpy.config import Settings, config
from zarrpy.engine import pool
from zarrpy.engine.cache import cache_for
from zarrpy.engine.nodes import array_key
from zarrpy.engine.profile import is_on
from zarrpy.engine.shards import native_shard
from zarrpy.errors import ZarrError
from zarrpy.metadata.model import ArrayMetadata
from zarrpy.node import Node

if TYPE_CHECKING:
    from functools import cached_property

    import numpy as np

    from zarrpy.codecs.chain import CodecChain
    from zarrpy.engine.watch import Sight

#: Below this many decoded bytes help costs more than it saves.
_SHARED_NBYTES = 1 << 18
#: Up to so many; results that are larger have memory of their own.
_MOST_NBYTES = 32 << 20
# Kinds of data types whose elements are plain numbers to NumPy's buffers.
_KINDS = frozenset("biufc")


class SmallReads(Node[ArrayMetadata]):
    """An array whose reads of a little take microseconds.

    The long way gives the same, and errors as well: see ``ZARRPY_DISABLE=small``.
    """

    _prepared: tuple[Settings, ArrayMetadata, SmallReader | None] | None = None

    if TYPE_CHECKING:

        @property
        def dtype(self) -> np.dtype[Any]:
            """Data type of the elements."""

        @property
        def codecs(self) -> CodecChain:
            """The codec chain of this array."""

        @property
        def _chunk_codecs(self) -> CodecChain: ...

        @property
        def _memory_order(self) -> str: ...

        @property
        def _missing(self) -> str | None: ...

        @cached_property
        def _sight(self) -> Sight: ...

        @property
        def _fill_bytes(self) -> tuple[bytes, bytes]: ...

    def _read_small(self, key: Any) -> Any:
        """Read ``array[key]``; None where that is left to the long way, which counts."""
        if is_on():
            return None
        settings, metadata, prepared = config.current, self.metadata, self._prepared
        if prepared is None or prepared[0] is not settings or prepared[1] is not metadata:
            try:
                prepared = self._prepared = settings, metadata, self._small_reader(settings)
            except ZarrError:
                return None  # the long way tells what is wrong, and where
        reader = prepared[2]
        if reader is None:
            return None
        seen = self._sight.seen
        read = reader.read(key)
        if read is None:
            return None
        found, nabsent = read
        # what is absent is the fill value of this array only if that was there all the time
        if reader.is_current(seen) or (nabsent == 0 and self._is_as_long()):
            return found
        return None

    def _is_as_long(self) -> bool:
        """Look at the document: whether this array is still there, with the shape that is known.

        Raises
        ------
        ArrayNotFoundError
            When it is not there any more; a `StaleArrayError` when another one is.
        """
        directory = self.store.directory(self.path)
        seen = self._sight.look(self.store, self.metadata, directory, must=True)
        return seen is not None and seen[1].shape == self.metadata.shape

    def _small_reader(self, settings: Settings) -> SmallReader | None:
        """Prepare what these reads have in common; None where there are no such reads."""
        metadata = self.metadata
        if not self._is_plain(settings) or not self.codecs.native:
            return None
        directory = self.store.directory(self.path)
        chain = self._chunk_codecs.native_chain
        if directory is None or chain is None:
            return None
        keys, shard = metadata.chunk_keys, self.codecs.shard
        return SmallReader(
            metadata.shape,
            metadata.chunk_grid.chunk_shape,
            self.dtype,
            chain,
            None if shard is None else native_shard(shard),
            *self._fill_bytes,
            directory.place,
            (keys.prefix, keys.separator, keys.zero, keys.suffix),
            cache_for(self.cache),
            settings.cache if self.cache is None else self.cache,
            "partial" in settings.disable,
            _SHARED_NBYTES,
            _MOST_NBYTES,
            array_key("", metadata.zarr_format),
            pool.workers(),
            pool.lend,
            pool.loans(),
        )

    def _is_plain(self, settings: Settings) -> bool:
        """Whether nothing asks for more than elements as they are stored."""
        metadata, data_type = self.metadata, self.metadata.data_type
        return (
            (self._missing or settings.missing) == "fill"
            and self._memory_order == "C"
            and settings.max_memory is None
            and settings.disable.isdisjoint(("native", "small"))
            and data_type.numpy.kind in _KINDS
            and data_type.settle is None
            and metadata.chunk_grid.regular
            and metadata.chunk_keys.plain
            and not metadata.storage_transformers
        )
