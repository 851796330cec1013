from collections.abc import Callable
from typing import Any

import numpy as np

Block = np.ndarray[Any, Any]

def copy_blocks(
    blocks: list[tuple[Block, Block]],
    helpers: int,
    lend: Callable[[object, int], int],
    loans: dict[object, int],
) -> None: ...
