"""The ``astype`` codec: elements converted to another data type (array -> array)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.recast import CONVERTED_KINDS, Recast, number_type


@dataclass(frozen=True, slots=True)
class AsType(Recast):
    """Store elements as numbers of another data type, converted as NumPy's `astype` does.

    Parameters
    ----------
    encode_dtype : str or numpy.dtype
        Data type that is stored, in the words of NumPy, such as ``"<f4"``.
    decode_dtype : str or numpy.dtype
        Data type of the elements.

    Notes
    -----
    What does not fit wraps around or is cut off without a word; of complex numbers the real part
    stays. `cast_value`, which Zarr v3 registers, tells instead.

    Examples
    --------
    >>> import numpy as np
    >>> AsType("f4", "f8").encode(np.array([0.1, 0.2]))
    array([0.1, 0.2], dtype=float32)
    """

    name: ClassVar[str] = "numcodecs.astype"
    v2_id: ClassVar[str] = "astype"
    native: ClassVar[str] = "astype"
    required: ClassVar[dict[str, str]] = {
        "encode_dtype": "a NumPy data type such as '<i4'",
        "decode_dtype": "a NumPy data type such as '<i4'",
    }
    types: ClassVar[tuple[str, str]] = ("decode_dtype", "encode_dtype")
    takes: ClassVar[str] = "biufc"
    kinds: ClassVar[tuple[dict[str, int], dict[str, int]]] = (CONVERTED_KINDS, CONVERTED_KINDS)

    encode_dtype: str
    decode_dtype: str

    def __post_init__(self) -> None:
        for parameter in ("encode_dtype", "decode_dtype"):
            given = getattr(self, parameter)
            object.__setattr__(self, parameter, number_type(self.name, parameter, given))

    def encode(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode one chunk."""
        return _converted(self.elements(array), self.stored).reshape(array.shape)

    def decode(self, data: np.ndarray[Any, Any], spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        self.check(spec.dtype)
        values = _converted(np.ascontiguousarray(data).reshape(-1), self.memory)
        return self.restored(values, spec)


def _converted(values: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Convert as NumPy does, and take complex numbers' real part without its warning."""
    if values.dtype.kind == "c" and dtype.kind not in "cb":
        values = values.real
    with np.errstate(invalid="ignore", over="ignore"):
        return values.astype(dtype)
