"""The ``delta`` codec: differences of neighbours in place of values (array -> array)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from zarrpy.codecs.base import ArrayToArray, ChunkSpec, Step
from zarrpy.codecs.parameters import reject
from zarrpy.errors import CodecError


@dataclass(frozen=True, slots=True)
class Delta(ArrayToArray):
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
    around, so that they come back exactly; floating point numbers are rounded.

    Examples
    --------
    >>> import numpy as np
    >>> Delta("i4", "i1").encode(np.array([100, 101, 103], "i4"))
    array([100,   1,   2], dtype=int8)
    """

    name: ClassVar[str] = "numcodecs.delta"
    v2_id: ClassVar[str] = "delta"

    dtype: str
    astype: str | None = None

    def __post_init__(self) -> None:
        for parameter in ("dtype", "astype"):
            given = getattr(self, parameter)
            if given is not None or parameter == "dtype":
                object.__setattr__(self, parameter, _dtype_text(parameter, given))
        if self.astype is None:
            object.__setattr__(self, "astype", self.dtype)

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        if "dtype" not in configuration:
            reject(cls.name, "dtype", None, "a NumPy data type such as '<i4'")
        made = super(Delta, cls).from_config(configuration, dialect=dialect)
        if spec is not None:
            made._check(spec.dtype)
        return made

    def encoded_spec(self, spec: ChunkSpec) -> ChunkSpec:
        """Describe what `encode` makes of a chunk."""
        return replace(spec, dtype=self._stored, fill_value=None)

    def step(self, spec: ChunkSpec) -> Step | None:
        """Give the native form: for integers and floats that are stored as they are."""
        from zarrpy._native.filters import delta_codec

        self._check(spec.dtype)
        capsule = None if self._stored != self._memory else delta_codec(self._memory.str[1:])
        return None if capsule is None else Step(capsule, itemsize=self._memory.itemsize)

    def encode(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode one chunk."""
        self._check(array.dtype)
        values = np.ascontiguousarray(array).reshape(-1).view(self._memory)
        stored = np.empty(values.shape, self._stored)
        stored[:1] = values[:1]
        with np.errstate(invalid="ignore", over="ignore"):
            stored[1:] = np.diff(values)
        return stored.reshape(array.shape)

    def decode(self, data: np.ndarray[Any, Any], spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        self._check(spec.dtype)
        stored = np.ascontiguousarray(data).reshape(-1)
        values = np.empty(stored.shape, self._memory)
        with np.errstate(invalid="ignore", over="ignore"):
            np.cumsum(stored, out=values)
        return values.view(spec.dtype).reshape(spec.shape)

    @property
    def _memory(self) -> np.dtype[Any]:
        """The elements' type in the machine's byte order; the order in store is `bytes`' affair."""
        return np.dtype(self.dtype).newbyteorder("=")

    @property
    def _stored(self) -> np.dtype[Any]:
        return np.dtype(self.astype).newbyteorder("=")

    def _check(self, dtype: np.dtype[Any]) -> None:
        """Refuse elements of another size; another type of the same size is looked at as ours."""
        if dtype.itemsize != self._memory.itemsize:
            raise CodecError(
                f"is made for {self.dtype}, of {self._memory.itemsize} bytes, and not for "
                f"{dtype}, of {dtype.itemsize}",
                codec=self.name,
            )


def _dtype_text(parameter: str, given: Any) -> str:
    """Check a data type; return it as NumPy writes it."""
    try:
        if not isinstance(given, (str, np.dtype, type)):
            raise TypeError
        dtype = np.dtype(given)
    except TypeError:
        reject(Delta.name, parameter, given, "a NumPy data type such as '<i4'")
    if dtype.kind not in "iufcmM" or dtype.hasobject:
        reject(Delta.name, parameter, given, "the data type of a number")
    if dtype.kind in "mM":  # the difference of two dates is no date; their counts' is a count
        dtype = np.dtype(f"{dtype.str[0]}i8")
    return dtype.str
