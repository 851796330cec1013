from typing import Any

import numpy as np

from zarrpy._native.batch import Batch
from zarrpy._native.reduce import Fold

class FoldedBatch(Batch):
    @property
    def nfolded(self) -> int: ...
    @property
    def absent_blocks(self) -> list[tuple[int, int]]: ...
    def fold_with(self, fold: Fold, room: np.ndarray[Any, Any], axis: int, each: int) -> None: ...
