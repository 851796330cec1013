from typing import Any

import numpy as np

def empty(
    shape: tuple[int, ...], dtype: np.dtype[Any], most: int
) -> np.ndarray[Any, np.dtype[Any]]: ...
def trim(most: int) -> int: ...
