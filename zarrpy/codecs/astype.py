"""The ``astype`` codec: elements converted to another data type (array -> array)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.recast import Recast, number_type


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
    What does not fit wraps around or is cut off without a word. `cast_value`, which Zarr v3
    registers, tells instead.

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
    of_numbers: ClassVar[bool] = True

    encode_dtype: str
    decode_dtype: str

    def __post_init__(self) -> None:
        for parameter in ("encode_dtype", "decode_dtype"):
            given = getattr(self, parameter)
            object.__setattr__(self, parameter, number_type(self.name, parameter, given))

    def encode(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode one chunk."""
        with np.errstate(invalid="ignore", over="ignore"):
            return self.elements(array).astype(self.stored).reshape(array.shape)

    def decode(self, data: np.ndarray[Any, Any], spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        self.check(spec.dtype)
        with np.errstate(invalid="ignore", over="ignore"):
            values = np.ascontiguousarray(data).reshape(-1).astype(self.memory)
        return self.restored(values, spec)
