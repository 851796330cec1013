"""The ``scale_offset`` codec: a line through the values, without rounding (array -> array)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, NoReturn, Self

import numpy as np

from zarrpy.codecs.base import ArrayToArray, ChunkSpec
from zarrpy.codecs.parameters import reject
from zarrpy.errors import CodecError, CorruptChunkError, MetadataError
from zarrpy.metadata import dtypes
from zarrpy.metadata import fill_value as fill


@dataclass(frozen=True, slots=True)
class ScaleOffset(ArrayToArray):
    """Store ``(x - offset) * scale``, computed in the data type of the elements.

    Parameters
    ----------
    offset : JSON value, default 0
        Subtracted first; spelled as a fill value of the data type.
    scale : JSON value, default 1
        Multiplied with then; spelled as a fill value of the data type, and not 0.

    Notes
    -----
    Specification: https://github.com/zarr-developers/zarr-extensions/tree/main/codecs/scale_offset

    A result that the data type cannot hold is an error. `cast_value` after it makes small
    integers of the result.

    Examples
    --------
    >>> import numpy as np
    >>> ScaleOffset(offset=5, scale=10).encode(np.array([5.5, 6.0]))
    array([ 5., 10.])
    """

    name: ClassVar[str] = "scale_offset"

    offset: Any = 0
    scale: Any = 1

    def __post_init__(self) -> None:
        for parameter in ("offset", "scale"):
            given = getattr(self, parameter)
            if isinstance(given, np.generic):
                object.__setattr__(self, parameter, given.item())
            elif isinstance(given, bool) or not isinstance(given, (int, float, str)):
                reject(self.name, parameter, given, "a number, as fill values are written")

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        made = super(ScaleOffset, cls).from_config(configuration, dialect=dialect)
        if spec is not None:
            made._scalars(spec.dtype)
        return made

    def encoded_spec(self, spec: ChunkSpec) -> ChunkSpec:
        """Describe what `encode` makes of a chunk."""
        self._scalars(spec.dtype)
        if spec.fill_value is None:
            return spec
        try:
            value: Any = self.encode(np.asarray(spec.fill_value))[()]
            return replace(spec, fill_value=value)
        except CodecError:  # fill values of padding need not be stored as such
            return replace(spec, fill_value=None)

    def encode(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode one chunk."""
        offset, scale = self._scalars(array.dtype)
        if array.dtype.kind != "f":
            for extreme in _extremes(array):
                steps = (extreme - int(offset), (extreme - int(offset)) * int(scale))
                if not all(map(_holds(array.dtype), steps)):
                    self._overflow(f"({extreme} - {offset}) * {scale}", array.dtype)
            return np.asarray((array - offset) * scale)
        with np.errstate(all="ignore"):
            result = np.asarray((array - offset) * scale)
        return self._finite(result, array)

    def decode(self, data: np.ndarray[Any, Any], spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        offset, scale = self._scalars(spec.dtype)
        data = data.reshape(spec.shape)
        if spec.dtype.kind == "f":
            with np.errstate(all="ignore"):
                return np.asarray(data / scale + offset)
        if (data % scale).any():
            raise CorruptChunkError(f"holds what is no multiple of {scale}", codec=self.name)
        for extreme in _extremes(data):
            value = extreme // int(scale)
            if not (_holds(spec.dtype)(value) and _holds(spec.dtype)(value + int(offset))):
                raise CorruptChunkError(
                    f"{extreme} / {scale} + {offset} overflows {spec.dtype}", codec=self.name
                )
        return np.asarray(data // scale + offset)

    def _scalars(self, dtype: np.dtype[Any]) -> tuple[Any, Any]:
        """Read offset and scale as elements of the data type."""
        if dtype.kind not in "iuf" or dtype.isbuiltin == 2:
            raise CodecError(f"takes integers and floats, not {dtype}", codec=self.name)
        data_type, _ = dtypes.from_numpy(dtype)
        values = []
        for parameter in ("offset", "scale"):
            given = getattr(self, parameter)
            try:
                values.append(fill.parse(given, data_type))
            except MetadataError as error:
                raise MetadataError(
                    error.message, field=f"{self.name}.{parameter}", value=given
                ) from error
        if values[1] == 0 or not np.isfinite(values).all():
            reject(self.name, "scale", self.scale, "finite and not 0, as offset must be finite")
        return values[0], values[1]

    def _finite(
        self, result: np.ndarray[Any, Any], array: np.ndarray[Any, Any]
    ) -> np.ndarray[Any, Any]:
        """Refuse numbers that became infinite."""
        bad = np.isinf(result) & np.isfinite(array)
        if bad.any():
            self._overflow(f"({array[bad][0]} - {self.offset}) * {self.scale}", array.dtype)
        return result

    def _overflow(self, expression: str, dtype: np.dtype[Any]) -> NoReturn:
        raise CodecError(f"{expression} does not fit {dtype}", codec=self.name, direction="encode")


def _extremes(array: np.ndarray[Any, Any]) -> tuple[int, ...]:
    """Give the smallest and the largest: between them a line goes nowhere else."""
    return (int(array.min()), int(array.max())) if array.size else ()


def _holds(dtype: np.dtype[Any]) -> Any:
    limits = np.iinfo(dtype)
    return lambda value: int(limits.min) <= value <= int(limits.max)
