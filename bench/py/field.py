"""Values for measurements: a smooth field with a little noise, always the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scenarios.base import Row, values_file


def ensure(row: Row, folder: Path) -> Path:
    """Make the values of a row's array unless they are there."""
    path = values_file(row, folder)
    if not path.is_file():
        dtype = row.document.get("data_type") or row.document["dtype"]
        partial = path.with_suffix(".partial.npy")
        np.save(partial, values(tuple(row.document["shape"]), np.dtype(dtype)))
        partial.replace(path)
    return path


def values(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return waves along every axis plus noise of a thousandth, in steps of 1/256."""
    rng = np.random.default_rng(20)
    result = np.empty(shape, dtype)
    axes = [np.sin(np.arange(n) * (5 + i) / n) * 40 for i, n in enumerate(shape)]
    smooth = axes[-1]
    for axis in reversed(axes[1:-1]):
        smooth = axis[:, None] + smooth if smooth.ndim == 1 else axis[:, None, None] + smooth
    for i, start in enumerate(axes[0]):
        noisy = start + smooth + rng.normal(scale=0.04, size=smooth.shape)
        result[i] = np.round(noisy * 256) / 256 if dtype.kind == "f" else np.round(noisy)
    return result
