from typing import Any

from zarrpy._native.steps import NativeChain

GAP: int
RUN: int

class NativeShard:
    @property
    def grid(self) -> tuple[int, ...]: ...
    @property
    def weights(self) -> tuple[int, ...]: ...
    @property
    def index_range(self) -> tuple[int, int]: ...
    def __init__(
        self,
        index: NativeChain,
        chunk: tuple[int, ...],
        grid: tuple[int, ...],
        weights: tuple[int, ...],
        index_nbytes: int,
        at_start: bool,
        sequence: Any = None,
    ) -> None: ...
    def chunk_index(self, shard: tuple[int, ...], position: int) -> tuple[int, ...]: ...
