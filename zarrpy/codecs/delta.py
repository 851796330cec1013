"""The ``delta`` codec: differences of neighbours in place of values (array -> array)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from zarrpy._native.filters import delta, undelta
from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.recast import Recast, number_type


@dataclass(frozen=True, slots=True)
class Delta(Recast):
    """Store the first element, and then each element less the one before it.

    Parameters
    ----------
    dtype : str or numpy.dtype
        Data type of the elements, in the words of NumPy, such as ``"<i4"``.
    astype : str or numpy.dtype, optional
        Data type of the differences; by default the same.

    Notes
    -----
    Elements follow each other in C order of the chunk as this codec is given it. Integers wrap
    around, so that they come back exactly; floating point numbers are rounded, and all that follow
    a NaN or an infinity in their chunk come back as NaN, as they do from numcodecs.

    Examples
    --------
    >>> import numpy as np
    >>> Delta("i4", "i1").encode(np.array([100, 101, 103], "i4"))
    array([100,   1,   2], dtype=int8)
    """

    name: ClassVar[str] = "numcodecs.delta"
    v2_id: ClassVar[str] = "delta"
    native: ClassVar[str] = "delta"

    dtype: str
    astype: str | None = None

    def __post_init__(self) -> None:
        for parameter in ("dtype", "astype"):
            given = getattr(self, parameter)
            if given is not None or parameter == "dtype":
                object.__setattr__(
                    self, parameter, number_type(self.name, parameter, given, "iufcmM")
                )
        if self.astype is None:
            object.__setattr__(self, "astype", self.dtype)

    def mixes(self, spec: ChunkSpec) -> bool:
        """Whether an element spoils others: each is the sum of all before it."""
        return self.memory.kind in "fc"

    def encode(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode one chunk."""
        values = self.elements(array)
        if self._counts is not None:
            differences = np.empty(values.shape, self.memory)
            delta(values.view(self._counts), differences.view(self._counts))
            with np.errstate(invalid="ignore", over="ignore"):
                return differences.astype(self.stored).reshape(array.shape)
        stored = np.empty(values.shape, self.stored)
        with np.errstate(invalid="ignore", over="ignore"):
            stored[:1] = values[:1]
            stored[1:] = np.diff(values)
        return stored.reshape(array.shape)

    def decode(self, data: np.ndarray[Any, Any], spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        self.check(spec.dtype)
        stored = np.ascontiguousarray(data).reshape(-1)
        values = np.empty(stored.shape, self.memory)
        with np.errstate(invalid="ignore", over="ignore"):
            if self._counts is None:
                np.cumsum(stored, out=values)
            else:
                differences = stored.astype(self.memory, copy=False)
                undelta(differences.view(self._counts), values.view(self._counts))
        return self.restored(values, spec)

    @property
    def _counts(self) -> str | None:
        """What numbers are summed as: integers without their sign; None for rarer ones."""
        kind, size = self.memory.kind, self.memory.itemsize
        if kind in "iu":
            return f"u{size}"
        return f"f{size}" if kind == "f" and size > 2 else None
