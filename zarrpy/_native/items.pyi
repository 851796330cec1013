from typing import Any

import numpy as np

def flattened(rows: list[Any], shape: list[int], count: int) -> np.ndarray[Any, Any] | None: ...
