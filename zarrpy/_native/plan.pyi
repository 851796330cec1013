from collections.abc import Sequence
from typing import TypeAlias

#: For each run of equal chunks: where it ends, the size of its chunks, the chunks before it.
Runs: TypeAlias = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]

class ChunkPlan:
    @property
    def ndim(self) -> int: ...
    @property
    def ntasks(self) -> int: ...
    def __init__(
        self,
        shape: tuple[int, ...],
        spacing: tuple[int | Runs, ...],
        start: Sequence[int],
        count: Sequence[int],
        step: Sequence[int],
    ) -> None: ...
    @property
    def nbytes(self) -> int: ...
    def __len__(self) -> int: ...
    def pieces(self, task: int) -> tuple[tuple[int, int, int, int, int, int], ...]: ...
    def grid_index(self, task: int) -> tuple[int, ...]: ...
    def step(self, axis: int) -> int: ...
    def covered(self, task: int) -> bool: ...
    def keys(
        self,
        prefix: str,
        separator: str,
        zero: str,
        first: int = 0,
        last: int | None = None,
        suffix: str = "",
    ) -> list[str]: ...
