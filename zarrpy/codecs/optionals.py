"""The ``zarrs.optional`` codec: which elements there are, and their values (array -> bytes)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from struct import Struct
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from zarrpy.codecs.base import ArrayToBytes, Buffer, ChunkSpec, Codec
from zarrpy.codecs.conditional import documents
from zarrpy.codecs.inner import bound, made
from zarrpy.codecs.parameters import reject
from zarrpy.errors import CodecError, CorruptChunkError
from zarrpy.metadata.dtypes_optional import elements_of, inner_of, values_of

if TYPE_CHECKING:
    from zarrpy.codecs.chain import CodecChain
    from zarrpy.metadata.dtypes import DataType

_SIZES = Struct("<QQ")


@dataclass(frozen=True, slots=True)
class Optionals(ArrayToBytes):
    r"""Store which elements of a chunk are there, and apart from that the values of those.

    Parameters
    ----------
    mask_codecs : sequence of codecs
        What the booleans pass through that tell which elements are there.
    data_codecs : sequence of codecs
        What the values pass through, as one row.

    Notes
    -----
    Of zarrs, which calls it experimental: https://codec.zarrs.dev/array_to_bytes/optional. It is
    for the data type of the same name.

    Examples
    --------
    >>> from zarrpy.metadata.dtypes import from_v3
    >>> values = from_v3({"name": "zarrs.optional", "configuration": {"name": "uint8"}})
    >>> codec = Optionals(("packbits",), ("bytes",)).fitted(ChunkSpec((3,), values.numpy, None))
    >>> codec.encode(np.array([1, None, 3], object))[16:]
    b'\x05\x01\x03'
    """

    name: ClassVar[str] = "zarrs.optional"
    aliases: ClassVar[tuple[str, ...]] = ("optional",)

    mask_codecs: tuple[Codec, ...]
    data_codecs: tuple[Codec, ...]
    #: The data type of the values, once it is known.
    values: DataType | None = field(
        default=None, compare=False, repr=False, kw_only=True, metadata={"stored": False}
    )

    def __post_init__(self) -> None:
        for name in ("mask_codecs", "data_codecs"):
            object.__setattr__(self, name, made(self.name, name, getattr(self, name)))

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        given = dict(configuration)
        takes: dict[str, ChunkSpec | None] = {"mask_codecs": None, "data_codecs": None}
        if spec is not None:
            takes["mask_codecs"] = ChunkSpec(spec.shape, np.dtype(bool), None)
            takes["data_codecs"] = ChunkSpec((1,), _inner(spec.dtype).numpy, None)
        for name, each in takes.items():
            if name not in given:
                reject(cls.name, name, None, "a list of codecs")
            given[name] = bound(cls.name, name, given[name], each)
        return super(Optionals, cls).from_config(given, dialect=dialect)

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON."""
        return {
            "mask_codecs": documents(self.mask_codecs),
            "data_codecs": documents(self.data_codecs),
        }

    def fitted(self, spec: ChunkSpec) -> Self:
        """Return the codec with the data type of the values."""
        inner = _inner(spec.dtype, self.values)
        mask = _chain(self.mask_codecs, spec.shape, np.dtype(bool))
        data = _chain(self.data_codecs, (1,), inner.numpy)
        return replace(self, mask_codecs=mask.codecs, data_codecs=data.codecs, values=inner)

    def encode(self, array: np.ndarray[Any, Any]) -> Buffer:
        """Encode one chunk."""
        inner = self._values()
        flat: list[Any] = array.reshape(-1).tolist()
        there = np.array([each is not None for each in flat], bool).reshape(array.shape)
        mask = bytes(_chain(self.mask_codecs, array.shape, there.dtype).encode(there))
        try:
            values = values_of([each for each in flat if each is not None], inner)
        except (TypeError, ValueError, OverflowError) as error:
            raise CodecError(str(error), codec=self.name, direction="encode") from None
        data = b""
        if values.size:
            data = bytes(_chain(self.data_codecs, values.shape, inner.numpy).encode(values))
        return _SIZES.pack(len(mask), len(data)) + mask + data

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        inner = _inner(spec.dtype, self.values)
        view = memoryview(data)
        if len(view) < _SIZES.size or len(view) != _SIZES.size + sum(_SIZES.unpack_from(view)):
            raise CorruptChunkError(
                f"has {len(view)} bytes, which are not what its header says", codec=self.name
            )
        cut = _SIZES.size + _SIZES.unpack_from(view)[0]
        there = _chain(self.mask_codecs, spec.shape, np.dtype(bool)).decode(view[_SIZES.size : cut])
        places = np.flatnonzero(there)
        flat = np.full(there.size, None, object)
        if places.size:
            values = _chain(self.data_codecs, places.shape, inner.numpy).decode(view[cut:])
            for place, each in zip(places, elements_of(values, inner), strict=True):
                flat[place] = each
        array = np.empty(flat.shape, spec.dtype)
        array[:] = flat
        return array.reshape(spec.shape)

    def _values(self) -> DataType:
        if self.values is None:
            raise CodecError(
                "is not bound to a data type: it runs in the chain of an array", codec=self.name
            )
        return self.values


def _inner(dtype: np.dtype[Any], known: DataType | None = None) -> DataType:
    """Find the data type of the values; of a copy of an array it is known already."""
    inner = inner_of(dtype) or (known if dtype.hasobject else None)
    if inner is None:
        raise CodecError(
            f"is for the data type {Optionals.name}, and not for {dtype}", codec=Optionals.name
        )
    return inner


def _chain(codecs: tuple[Codec, ...], shape: tuple[int, ...], dtype: np.dtype[Any]) -> CodecChain:
    from zarrpy.codecs.chain import CodecChain  # which imports all kinds of codecs

    return CodecChain.of(codecs, ChunkSpec(shape, dtype, None))
