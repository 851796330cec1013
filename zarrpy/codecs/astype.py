"""The ``astype`` codec: elements converted to another data type (array -> array)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.parameters import reject
from zarrpy.codecs.recast import Recast, number_type
from zarrpy.errors import CodecError


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

    encode_dtype: str
    decode_dtype: str

    def __post_init__(self) -> None:
        for parameter in ("encode_dtype", "decode_dtype"):
            given = getattr(self, parameter)
            object.__setattr__(self, parameter, number_type(self.name, parameter, given))

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        for parameter in ("encode_dtype", "decode_dtype"):
            if parameter not in configuration:
                reject(cls.name, parameter, None, "a NumPy data type such as '<i4'")
        made = super(AsType, cls).from_config(configuration, dialect=dialect)
        if spec is not None:
            made.check(spec.dtype)
        return made

    @property
    def memory(self) -> np.dtype[Any]:
        """Data type of the elements, in the machine's byte order."""
        return np.dtype(self.decode_dtype).newbyteorder("=")

    @property
    def stored(self) -> np.dtype[Any]:
        """Data type that is stored, in the machine's byte order."""
        return np.dtype(self.encode_dtype).newbyteorder("=")

    def check(self, dtype: np.dtype[Any]) -> None:
        """Refuse elements of another size, and what is no integer or float."""
        super(AsType, self).check(dtype)
        if dtype.kind not in "iuf" or dtype.isbuiltin != 1:
            raise CodecError(f"takes integers and floats, not {dtype}", codec=self.name)

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
