"""What is proved, in this process: values and windows, compared bit for bit with NumPy's."""

import hashlib
from collections.abc import Iterator
from typing import Any


def canonical(values: Any) -> Any:
    """Return the values contiguous and little-endian, the form in which bits are compared."""
    import numpy as np

    values = np.asarray(values)
    dtype = values.dtype.newbyteorder("<")
    return np.ascontiguousarray(values, dtype=dtype).reshape(values.shape)


def same_bits(left: Any, right: Any) -> bool:
    """Compare two arrays bit for bit; NaN equals the same NaN, and -0.0 is not 0.0."""
    left, right = canonical(left), canonical(right)
    return (
        left.dtype == right.dtype
        and left.shape == right.shape
        and bool(left.tobytes() == right.tobytes())
    )


def digest(values: Any) -> str:
    """SHA-256 of data type, shape and bits."""
    values = canonical(values)
    head = f"{values.dtype.str}{values.shape}".encode()
    return hashlib.sha256(head + values.tobytes()).hexdigest()


def windows(shape: tuple[int, ...]) -> Iterator[tuple[Any, ...]]:
    """Give selections that cut chunks: a window, steps forward and back, a row, a point."""
    yield (...,)
    if 0 in shape or not shape:
        return
    yield tuple(slice(length // 4, length // 4 + (length + 1) // 2) for length in shape)
    yield tuple(slice(None, None, 3) for _ in shape)
    yield (..., slice(None, None, -2))
    yield (shape[0] // 2,)
    yield (..., shape[-1] - 1)
    yield (None, slice(shape[0] // 3, None), ...)
    yield tuple(length // 2 for length in shape)


def wrong_windows(array: Any, values: Any) -> list[str]:
    """Read each window and name those that differ from NumPy's answer."""
    return [
        f"[{selection}] differs"
        for selection in windows(values.shape)
        if not same_bits(array[selection], values[selection])
    ]


def wrong_after_partial_write(array: Any, values: Any) -> list[str]:
    """Overwrite a window that cuts chunks and read all back; then put the old values back."""
    import numpy as np

    selections = list(windows(values.shape))
    window = selections[min(1, len(selections) - 1)]
    expected = np.array(values)
    expected[window] = np.flip(values[window])
    array[window] = expected[window]
    failed = [] if same_bits(array[...], expected) else [f"[{window}] differs after writing it"]
    array[window] = values[window]
    if not same_bits(array[...], values):
        failed.append(f"[{window}] differs after writing it back")
    return failed
