"""The ``cast_value`` codec: elements of another data type, by value (array -> array)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, cast

import numpy as np

from zarrpy.codecs.base import ArrayToArray, ChunkSpec
from zarrpy.codecs.parameters import choice, reject
from zarrpy.codecs.rounding import OUT_OF_RANGE, ROUNDINGS, MisfitError, convert
from zarrpy.errors import CodecError, CorruptChunkError, MetadataError
from zarrpy.metadata import dtypes
from zarrpy.metadata import fill_value as fill

_DIRECTIONS = ("encode", "decode")
_PAIRS = "lists of pairs of scalars, as fill values are written, under 'encode' and 'decode'"

Pairs = tuple[tuple[Any, Any], ...]


@dataclass(frozen=True, slots=True)
class CastValue(ArrayToArray):
    """Store elements as another data type, and tell when a value does not fit.

    Parameters
    ----------
    data_type : str
        What is stored: an integer or float type, in the words of Zarr v3.
    rounding : {"nearest-even", "towards-zero", "towards-positive", "towards-negative", \
"nearest-away"}
        How values between two that the type has are rounded.
    out_of_range : {"clamp", "wrap"}, optional
        What becomes of values beyond the range of the type; by default an error.
    scalar_map : dict, optional
        Under ``"encode"`` and ``"decode"`` lists of pairs: values that become a given other value
        before anything else is looked at, such as ``["NaN", 0]``.

    Notes
    -----
    Specification: https://github.com/zarr-developers/zarr-extensions/tree/main/codecs/cast_value

    NaN fits no integer, whatever `out_of_range` says; map it. The fill value must come back as it
    was.

    Examples
    --------
    >>> import numpy as np
    >>> codec = CastValue("uint8", out_of_range="clamp", scalar_map={"encode": [["NaN", 255]]})
    >>> codec.encode(np.array([1.5, 300.0, -1.0, np.nan]))
    array([  2, 255,   0, 255], dtype=uint8)
    """

    name: ClassVar[str] = "cast_value"

    data_type: str
    rounding: str = "nearest-even"
    out_of_range: str | None = None
    scalar_map: Any = None

    def __post_init__(self) -> None:
        given: Any = self.data_type
        if isinstance(given, dict) and set(given) == {"name"}:
            given = given["name"]
        if not isinstance(given, str):
            reject(self.name, "data_type", given, "the name of an integer or float type")
        object.__setattr__(self, "data_type", given)
        if self._stored.kind not in "iuf":
            reject(self.name, "data_type", given, "an integer or float type such as 'int16'")
        choice(self.name, "rounding", self.rounding, ROUNDINGS)
        if self.out_of_range == "error":
            object.__setattr__(self, "out_of_range", None)
        if self.out_of_range is not None:
            choice(self.name, "out_of_range", self.out_of_range, OUT_OF_RANGE)
        if self.out_of_range == "wrap" and self._stored.kind == "f":
            reject(self.name, "out_of_range", "wrap", "'clamp' or left out, as floats do not wrap")
        object.__setattr__(self, "scalar_map", self._read_map(self.scalar_map))

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        if "data_type" not in configuration:
            reject(cls.name, "data_type", None, "the name of an integer or float type")
        made = super(CastValue, cls).from_config(configuration, dialect=dialect)
        if spec is not None:
            made.encoded_spec(spec)
        return made

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON."""
        told: dict[str, Any] = {"data_type": self.data_type}
        if self.rounding != "nearest-even":
            told["rounding"] = self.rounding
        if self.out_of_range is not None:
            told["out_of_range"] = self.out_of_range
        if self.scalar_map:
            told["scalar_map"] = {
                direction: [list(pair) for pair in pairs] for direction, pairs in self.scalar_map
            }
        return told

    def encoded_spec(self, spec: ChunkSpec) -> ChunkSpec:
        """Describe what `encode` makes of a chunk.

        Raises
        ------
        MetadataError
            When the fill value would not come back as it is.
        """
        if spec.dtype.kind not in "iuf" or spec.dtype.isbuiltin == 2:
            raise CodecError(f"takes integers and floats, not {spec.dtype}", codec=self.name)
        for direction in _DIRECTIONS:
            self._map(direction, spec.dtype)
        if spec.fill_value is None:
            return replace(spec, dtype=self._stored)
        return replace(spec, dtype=self._stored, fill_value=self._encoded_fill(spec))

    def encode(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode one chunk."""
        try:
            return self._cast(array, self._stored, self._map("encode", array.dtype))
        except MisfitError as error:
            raise CodecError(
                str(error),
                codec=self.name,
                direction="encode",
                hint="set out_of_range, or map the value by scalar_map",
            ) from error

    def decode(self, data: np.ndarray[Any, Any], spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        try:
            values = self._cast(data, spec.dtype, self._map("decode", spec.dtype))
        except MisfitError as error:
            raise CorruptChunkError(str(error), codec=self.name) from error
        return values.reshape(spec.shape)

    @property
    def _stored(self) -> np.dtype[Any]:
        return dtypes.from_v3(self.data_type, f"{self.name}.data_type").numpy

    def _encoded_fill(self, spec: ChunkSpec) -> np.generic:
        """Encode the fill value, which must survive."""
        value = np.asarray(spec.fill_value)
        try:
            encoded = self.encode(value)
            same = self.decode(encoded, replace(spec, shape=())).tobytes() == value.tobytes()
        except (CodecError, CorruptChunkError):
            same = False
        if not same:
            raise MetadataError(
                f"must come back as it is, but {self.name} to {self.data_type} does not keep it",
                field="fill_value",
                value=value.item(),
                hint="choose a fill value that the data type has, or map it by scalar_map",
            )
        stored: Any = encoded[()]
        return cast(np.generic, stored)

    def _cast(
        self, values: np.ndarray[Any, Any], dtype: np.dtype[Any], pairs: list[tuple[Any, Any]]
    ) -> np.ndarray[Any, Any]:
        """Map scalars, then convert the others."""
        places = []
        for given, wanted in pairs:
            nan = given != given
            places.append((np.isnan(values) if nan else values == given, wanted))
        rest = values
        if places:
            rest = np.array(values)
            for place, _ in places:
                rest[place] = 0
        result = convert(rest, dtype, self.rounding, self.out_of_range)
        done = np.zeros(values.shape, bool)
        for place, wanted in places:  # of two pairs for one value the first counts
            result[place & ~done] = wanted
            done |= place
        return result

    def _map(self, direction: str, memory: np.dtype[Any]) -> list[tuple[Any, Any]]:
        """Read the pairs of one direction as elements of the two data types."""
        pairs = dict(self.scalar_map or ()).get(direction, ())
        types = [dtypes.from_numpy(memory)[0], dtypes.from_numpy(self._stored)[0]]
        if direction == "decode":
            types.reverse()
        try:
            return [(fill.parse(a, types[0]), fill.parse(b, types[1])) for a, b in pairs]
        except MetadataError as error:
            raise MetadataError(
                error.message, field=f"{self.name}.scalar_map.{direction}", value=error.value
            ) from error

    def _read_map(self, given: Any) -> tuple[tuple[str, Pairs], ...] | None:
        """Check the form of a scalar map, and make it immutable."""
        if given is None:
            return None
        given = dict(given) if isinstance(given, tuple) else given
        if not isinstance(given, dict) or not set(given) <= set(_DIRECTIONS):
            reject(self.name, "scalar_map", given, _PAIRS)
        read = []
        for direction in _DIRECTIONS:
            pairs = given.get(direction, ())
            if not isinstance(pairs, (list, tuple)) or not all(map(_is_pair, pairs)):
                reject(self.name, f"scalar_map.{direction}", pairs, _PAIRS)
            if pairs:
                read.append((direction, tuple((a, b) for a, b in pairs)))
        return tuple(read)


def _is_pair(value: Any) -> bool:
    return (
        isinstance(value, (list, tuple))
        and len(value) == 2
        and all(isinstance(each, (int, float, str)) for each in value)
    )
