from collections.abc import Callable
from typing import Any

import numpy as np

from zarrpy._native.cache import ChunkCache
from zarrpy._native.shards import NativeShard
from zarrpy._native.steps import NativeChain

class SmallReader:
    def __init__(
        self,
        shape: tuple[int, ...],
        chunks: tuple[int, ...],
        dtype: np.dtype[Any],
        chain: NativeChain,
        shard: NativeShard | None,
        fill: bytes,
        stored_fill: bytes,
        place: str,
        keys: tuple[str, str, str, str],
        cache: ChunkCache | None,
        cache_nbytes: int,
        whole_chunks: bool,
        shared: int,
        most: int,
        document: str,
        workers: int,
        lend: Callable[[object, int], int],
        loans: dict[object, int],
    ) -> None: ...
    def read(self, key: Any) -> tuple[Any, int] | None: ...
    def is_current(self, seen: tuple[object, Any] | None) -> bool: ...
