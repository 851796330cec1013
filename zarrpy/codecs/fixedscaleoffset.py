"""The ``fixedscaleoffset`` codec: a line through the values, rounded (array -> array)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.parameters import finite, reject
from zarrpy.codecs.recast import Recast, number_type


@dataclass(frozen=True, slots=True)
class FixedScaleOffset(Recast):
    """Store ``round((x - offset) * scale)``, as a rule as small integers.

    Parameters
    ----------
    offset : int or float
        Subtracted first.
    scale : int or float
        Multiplied with then; 10 keeps one decimal place.
    dtype : str or numpy.dtype
        Data type of the elements, in the words of NumPy.
    astype : str or numpy.dtype, optional
        Data type that is stored; by default the same.

    Notes
    -----
    What does not fit `astype` wraps around, and NaN becomes some number, without a word. Zarr v3
    registers `scale_offset` and `cast_value`, which tell instead.

    Examples
    --------
    >>> import numpy as np
    >>> codec = FixedScaleOffset(offset=1000, scale=10, dtype="f8", astype="u1")
    >>> codec.encode(np.array([1000.0, 1000.12, 1001.0]))
    array([ 0,  1, 10], dtype=uint8)
    """

    name: ClassVar[str] = "numcodecs.fixedscaleoffset"
    v2_id: ClassVar[str] = "fixedscaleoffset"
    native: ClassVar[str] = "fixedscaleoffset"
    required: ClassVar[dict[str, str]] = {
        "offset": "a number",
        "scale": "a number",
        "dtype": "a NumPy data type such as '<f4'",
    }
    takes: ClassVar[str] = "iuf"

    offset: int | float
    scale: int | float
    dtype: str
    astype: str | None = None

    def __post_init__(self) -> None:
        for parameter in ("offset", "scale"):
            given = getattr(self, parameter)
            object.__setattr__(self, parameter, finite(self.name, parameter, given))
        if self.scale == 0:
            reject(self.name, "scale", self.scale, "a number other than 0")
        object.__setattr__(self, "dtype", number_type(self.name, "dtype", self.dtype))
        stored = self.dtype if self.astype is None else self.astype
        object.__setattr__(self, "astype", number_type(self.name, "astype", stored))

    def runs_natively(self) -> bool:
        """Whether NumPy takes the parameters at all: whole ones have to fit the elements."""
        if self.memory.kind == "f":
            return True
        limits = np.iinfo(self.memory)
        return all(limits.min <= x <= limits.max for x in self._whole)

    @property
    def _whole(self) -> list[int]:
        """The parameters by which NumPy changes integers as integers, up to the first float."""
        if self.memory.kind == "f" or isinstance(self.offset, float):
            return []
        return [self.offset] if isinstance(self.scale, float) else [self.offset, self.scale]

    def native_parameters(self) -> bytes:
        """Pack offset and scale, rounded to the types in which NumPy works in each direction."""
        encoding = self.memory.type if self.memory.kind == "f" else np.float64
        decoding = np.float32 if self.stored == np.float32 else np.float64
        with np.errstate(over="ignore"):
            numbers = [kind(x) for kind in (encoding, decoding) for x in (self.offset, self.scale)]
        whole = [x % (1 << 64) for x in self._whole]
        return struct.pack("=4d2Qq", *numbers, *whole, *[0] * (2 - len(whole)), len(whole))

    def encode(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode one chunk."""
        with np.errstate(invalid="ignore", over="ignore"):
            scaled = np.around((self.elements(array) - self.offset) * self.scale)
            return scaled.astype(self.stored).reshape(array.shape)

    def decode(self, data: np.ndarray[Any, Any], spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        self.check(spec.dtype)
        stored = np.ascontiguousarray(data).reshape(-1)
        with np.errstate(invalid="ignore", over="ignore"):
            values = (stored / self.scale + self.offset).astype(self.memory)
        return self.restored(values, spec)
