"""Arrays whose next chunks are fetched before they are asked for."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from zarrpy.config import config
from zarrpy.engine.ahead import PrefetchInfo, ReadAhead, Step, box_of
from zarrpy.engine.nodes import key_of
from zarrpy.indexing import Indexable

if TYPE_CHECKING:
    from zarrpy.array import Array
    from zarrpy.metadata.chunk_keys import ChunkKeyEncoding

#: Bytes of decoded chunks that are fetched ahead, where `config.max_memory` does not say less.
PREFETCH_NBYTES = 256 << 20


class Prefetching(Indexable):
    """An array that sees by its reads where they go on."""

    _ahead: ReadAhead | None = None

    @property
    def prefetch_info(self) -> PrefetchInfo:
        """What was fetched ahead for this handle, and what of it was used."""
        return PrefetchInfo(0, 0, 0) if self._ahead is None else self._ahead.info

    def _step(self, batch: Any) -> Step | None:
        """Take what a batch reads as a step of a scan, where it may be one."""
        metadata, store = self.metadata, self.store
        if not metadata.storage_transformers and (store.in_memory or store.of_files):
            return None
        wanted = config.prefetch if self.prefetch is None else self.prefetch
        if batch.writing or not wanted or "prefetch" in config.disable:
            return None
        box = None if batch.index_range is not None else box_of(batch.plan)
        if box is None:
            return None
        if self._ahead is None:
            self._ahead = ReadAhead(partial(_key, self.path, metadata.chunk_keys))
        return Step(self._ahead, *box, metadata.grid_shape, min(wanted, self._most_ahead))

    @property
    def _most_ahead(self) -> int:
        """Chunks that memory has room for, beside those at hand."""
        most = config.max_memory
        nbytes = PREFETCH_NBYTES if most is None else most // 4
        return nbytes // max(cast("Array", self).codecs.spec.nbytes, 1)


def _key(path: str, keys: ChunkKeyEncoding, index: tuple[int, ...]) -> str:
    return key_of(path, keys.key(index))
