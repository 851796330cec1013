"""The ``quantize`` codec: floats rounded to decimal places (array -> array)."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.parameters import integer, reject
from zarrpy.codecs.recast import CONVERTED_KINDS, NATIVE_KINDS, Recast, number_type


@dataclass(frozen=True, slots=True)
class Quantize(Recast):
    """Round floats so that some decimal places stay, to a multiple of a power of two.

    Parameters
    ----------
    digits : int
        Decimal places to keep; below 0 places before the point.
    dtype : str or numpy.dtype
        Data type of the elements, a float in the words of NumPy.
    astype : str or numpy.dtype, optional
        Data type that is stored, a float; by default the same.

    Examples
    --------
    >>> import numpy as np
    >>> Quantize(1, "f8").encode(np.array([0.123, 0.567]))
    array([0.125 , 0.5625])
    """

    name: ClassVar[str] = "numcodecs.quantize"
    v2_id: ClassVar[str] = "quantize"
    native: ClassVar[str] = "quantize"
    kinds: ClassVar[tuple[dict[str, int], dict[str, int]]] = (NATIVE_KINDS, CONVERTED_KINDS)
    required: ClassVar[dict[str, str]] = {
        "digits": "an integer",
        "dtype": "a float such as '<f4'",
    }

    digits: int
    dtype: str
    astype: str | None = None

    def __post_init__(self) -> None:
        integer(self.name, "digits", self.digits, -300, 300)
        for parameter in ("dtype", "astype"):
            given = getattr(self, parameter)
            given = self.dtype if given is None and parameter == "astype" else given
            text = number_type(self.name, parameter, given)
            if np.dtype(text).kind != "f":
                reject(self.name, parameter, given, "the data type of a float such as '<f4'")
            object.__setattr__(self, parameter, text)

    @property
    def factor(self) -> float:
        """The power of two that stands for so many decimal places."""
        power = math.log10(10.0**-self.digits)
        power = math.floor(power) if power < 0 else math.ceil(power)
        return float(2.0 ** math.ceil(math.log2(10.0**-power)))

    def native_parameters(self) -> bytes:
        """Pack the factor, rounded to the type of the elements."""
        with np.errstate(over="ignore", under="ignore"):
            return struct.pack("=d", self.memory.type(self.factor))

    def encode(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode one chunk."""
        with np.errstate(all="ignore"):
            factor = self.memory.type(self.factor)
            rounded = np.around(factor * self.elements(array)) / factor
            stored: np.ndarray[Any, Any] = rounded.astype(self.stored).reshape(array.shape)
        return stored

    def decode(self, data: np.ndarray[Any, Any], spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        self.check(spec.dtype)
        with np.errstate(all="ignore"):
            values = np.ascontiguousarray(data).reshape(-1).astype(self.memory)
        return self.restored(values, spec)
