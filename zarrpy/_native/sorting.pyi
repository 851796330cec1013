from typing import Any

import numpy as np

Numbers = np.ndarray[Any, np.dtype[np.int64]]

def sort_points(
    positions: list[Numbers],
    lengths: tuple[int, ...],
    spacing: tuple[int, ...],
    inner: tuple[int, ...] | None = None,
) -> tuple[Numbers, Numbers, Numbers] | None: ...
