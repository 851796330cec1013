from collections.abc import Sequence
from typing import Any

import numpy as np

Block = np.ndarray[Any, Any]

SUM: int
INTEGERS: int
MOMENTS: int
LEAST: int
GREATEST: int
COUNT: int

class Fold:
    def __init__(
        self,
        what: int,
        dtype: np.dtype[Any],
        axes: Sequence[int],
        ndim: int,
        first: Block,
        second: Block | None = None,
        blur: float = 0,
    ) -> None: ...
    @property
    def seen(self) -> int: ...
    @property
    def first(self) -> Block: ...
    @property
    def second(self) -> Block: ...

def takes(dtype: np.dtype[Any]) -> bool: ...
def has(block: Block) -> bool: ...
def add(block: Block, result: Block) -> bool: ...
def add_moments(block: Block, seen: int, mean: Block, squares: Block) -> None: ...
def merge_sums(sums: Block, lost: Block, later: Block) -> None: ...
def merge_moments(
    seen: float,
    share: float,
    mean: Block,
    squares: Block,
    later_mean: Block,
    later_squares: Block,
) -> None: ...
def count(block: Block, edges: Block, blur: float, counts: Block) -> bool: ...
