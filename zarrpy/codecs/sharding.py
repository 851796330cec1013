"""The ``sharding_indexed`` codec: many chunks in one stored value (array -> bytes)."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self
from warnings import warn

import numpy as np

from zarrpy.codecs import document
from zarrpy.codecs.base import ArrayToBytes, Buffer, ChunkSpec, Codec
from zarrpy.codecs.bytes import Bytes
from zarrpy.codecs.crc32c import CRC32C
from zarrpy.codecs.parameters import chosen, reject
from zarrpy.codecs.shard_index import NAME, IndexFormat
from zarrpy.codecs.transpose import Transpose
from zarrpy.config import config as settings
from zarrpy.errors import ChunkError, CorruptChunkError, MetadataError
from zarrpy.metadata import v3

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zarrpy._native.steps import NativeChain
    from zarrpy.codecs.chain import CodecChain

_LOCATIONS = ("end", "start")


@dataclass(frozen=True, slots=True)
class Sharding(ArrayToBytes):
    r"""Store many chunks in one value, with an index that tells where each lies.

    Parameters
    ----------
    chunk_shape : tuple of int
        Of the chunks inside; it divides the shape of the shard.
    codecs : sequence of codecs
        What each chunk inside passes through.
    index_codecs : sequence of codecs
        What the index passes through; its size must stay known.
    index_location : {"end", "start"}
        Whether the index is behind the chunks or in front of them.

    Notes
    -----
    Specification:
    https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed/index.html

    Arrays whose chain is this codec, with nothing but transposes in front of it, are read and
    written chunk by chunk inside the shard. In other chains shards are taken whole.

    Examples
    --------
    >>> import numpy as np
    >>> codec = Sharding((2,), ("bytes",))
    >>> shard = codec.encode(np.arange(4, dtype="uint8"))
    >>> bytes(shard[:4]), len(shard)  # two chunks, their index of 32 bytes and its checksum
    (b'\x00\x01\x02\x03', 40)
    """

    name: ClassVar[str] = NAME

    chunk_shape: tuple[int, ...]
    codecs: tuple[Codec, ...] = (Bytes("little"),)
    index_codecs: tuple[Codec, ...] = (Bytes("little"), CRC32C())
    index_location: str = "end"
    #: Of the array, once it is known: chunks that hold nothing else are not stored.
    fill_value: Any = field(
        default=None, compare=False, repr=False, kw_only=True, metadata={"stored": False}
    )

    #: Not kept, as no document says it: `config.array.subchunk_write_order` sets it for all.
    subchunk_write_order: InitVar[str | None] = None

    def __post_init__(self, subchunk_write_order: str | None) -> None:
        if subchunk_write_order not in (None, settings.array.subchunk_write_order):
            warn(
                f"subchunk_write_order={subchunk_write_order!r} is not kept with a codec -> "
                "config.array.subchunk_write_order sets it for all arrays that are written",
                UserWarning,
                stacklevel=3,
            )
        chosen(self, "index_location", _LOCATIONS)
        object.__setattr__(self, "chunk_shape", _lengths(_plain(self.chunk_shape)))
        for name in ("codecs", "index_codecs"):
            object.__setattr__(self, name, _made(getattr(self, name), name))

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        for name in ("chunk_shape", "codecs", "index_codecs"):
            if name not in configuration:
                raise MetadataError("is missing", field=f"{cls.name}.{name}")
        made = dict(configuration)
        made["chunk_shape"] = _lengths(configuration["chunk_shape"])
        inner = numbers = None
        if spec is not None:
            inner = replace(spec, shape=made["chunk_shape"])
            grid = _grid(spec.shape, made["chunk_shape"])
            numbers = ChunkSpec((*grid, 2), np.dtype("uint64"), None)
        made["codecs"] = _bound(configuration["codecs"], "codecs", inner)
        made["index_codecs"] = _bound(configuration["index_codecs"], "index_codecs", numbers)
        return super(Sharding, cls).from_config(made, dialect=dialect)

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON."""
        return {
            "chunk_shape": list(self.chunk_shape),
            "codecs": [_named(codec) for codec in self.codecs],
            "index_codecs": [_named(codec) for codec in self.index_codecs],
            "index_location": self.index_location,
        }

    def fitted(self, spec: ChunkSpec) -> Self:
        """Return the codec with the fill value, and its own codecs fitted to their chunks."""
        layout = self.layout(spec)
        return replace(self, codecs=layout.chain.codecs, fill_value=spec.fill_value)

    def mixes(self, spec: ChunkSpec) -> bool:
        """Whether an element spoils others of its chunk in the shard."""
        return self.layout(spec).chain.mixes

    def layout(self, spec: ChunkSpec, turns: Sequence[Transpose] = ()) -> ShardLayout:
        """Bind the codec to a shard.

        Parameters
        ----------
        spec : ChunkSpec
            The shard, along the axes of the array.
        turns : sequence of Transpose
            What lies between the array and this codec.

        Raises
        ------
        MetadataError
            When the chunks do not divide the shard.
        """
        from zarrpy.codecs.chain import CodecChain

        order = tuple(range(len(spec.shape)))
        for turn in turns:
            order = tuple(order[axis] for axis in turn.order)
        grid = _grid(tuple(spec.shape[axis] for axis in order), self.chunk_shape)
        inverse = [order.index(axis) for axis in range(len(order))]
        chunk_shape = tuple(self.chunk_shape[axis] for axis in inverse)
        inner: list[Codec] = [*turns, *self.codecs]
        return ShardLayout(
            chunk_shape,
            tuple(grid[axis] for axis in inverse),
            order,
            CodecChain.of(inner, replace(spec, shape=chunk_shape)),
            IndexFormat.of(self.index_codecs, grid, self.index_location),
        )

    def encode(self, array: np.ndarray[Any, Any]) -> Buffer:
        """Encode one shard; chunks that hold only the fill value are left out."""
        layout = self.layout(ChunkSpec(array.shape, array.dtype, self.fill_value))
        chunks: list[Buffer | None] = [
            layout.encode(_part(array, part), keep_empty=self.fill_value is None)
            for part in layout.parts()
        ]
        shard = layout.index.assemble(chunks)
        return layout.empty_shard() if shard is None else shard

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one shard."""
        layout = self.layout(spec)
        entries = layout.index.decode(layout.index.cut(data))
        array = np.empty(spec.shape, spec.dtype)
        for position, part in enumerate(layout.parts()):
            entry = layout.index.entry(entries, position, len(data))
            if entry is None:
                array[part] = self._absent(spec)
            else:
                array[part] = layout.decode(memoryview(data)[entry[0] : sum(entry)], position)
        return array

    def _absent(self, spec: ChunkSpec) -> Any:
        """Give the value of chunks that are not stored."""
        if spec.fill_value is None:
            raise CorruptChunkError(
                "a chunk in the shard is not stored, and what the fill value looks like behind "
                "the codecs in front of the shard is not known",
                codec=self.name,
            )
        return spec.fill_value


def _part(array: np.ndarray[Any, Any], part: tuple[slice, ...]) -> np.ndarray[Any, Any]:
    """View a part of an array; without axes too it is no scalar."""
    place: Any = (*part, ...)
    view: np.ndarray[Any, Any] = array[place]
    return view


@dataclass(frozen=True)
class ShardLayout:
    """How chunks lie in a shard, along the axes of the array.

    Attributes
    ----------
    chunk_shape : tuple of int
        Of the chunks inside.
    grid : tuple of int
        How many there are along each axis.
    order : tuple of int
        Axis i of the index is axis ``order[i]`` of the array.
    chain : CodecChain
        Of a chunk inside, as it lies in the array.
    index : IndexFormat
    """

    chunk_shape: tuple[int, ...]
    grid: tuple[int, ...]
    order: tuple[int, ...]
    chain: CodecChain
    index: IndexFormat

    def engine_chain(self, *, writing: bool) -> NativeChain | None:
        """Give what the engine reads or writes chunks inside with, if it knows the index."""
        index = self.index.chain
        if index.native_chain is None or index.array_to_array:
            return None
        return self.chain.native_chain if writing else self.chain.decoder

    @cached_property
    def weights(self) -> tuple[int, ...]:
        """What one chunk more along each axis of the array adds to the position in the index."""
        weights, product = [0] * len(self.grid), 1
        for axis in reversed(self.order):
            weights[axis] = product
            product *= self.grid[axis]
        return tuple(weights)

    def position(self, inner_index: Sequence[int]) -> int:
        """Position in the index of a chunk, given its place in the grid of the shard."""
        return sum(i * weight for i, weight in zip(inner_index, self.weights, strict=True))

    def inner_index(self, position: int) -> tuple[int, ...]:
        """Place in the grid of the shard of a position in the index."""
        return tuple(
            position // weight % n for weight, n in zip(self.weights, self.grid, strict=True)
        )

    def chunk_index(self, shard: Sequence[int], position: int) -> tuple[int, ...]:
        """Place of a chunk among all chunks of the array."""
        inner = self.inner_index(position)
        return tuple(s * n + i for s, n, i in zip(shard, self.grid, inner, strict=True))

    def parts(self) -> Iterator[tuple[slice, ...]]:
        """Where the chunks lie in the decoded shard, by position."""
        for position in range(self.index.count):
            yield tuple(
                slice(i * n, (i + 1) * n)
                for i, n in zip(self.inner_index(position), self.chunk_shape, strict=True)
            )

    def encode(self, chunk: np.ndarray[Any, Any], *, keep_empty: bool) -> Buffer | None:
        """Encode one chunk; None when it holds only the fill value, bit for bit."""
        if not keep_empty:
            fill = np.full(chunk.shape, self.chain.spec.fill_value, chunk.dtype)
            if chunk.tobytes() == fill.tobytes():
                return None
        return self.chain.encode(chunk)

    def decode(self, data: Buffer, position: int) -> np.ndarray[Any, Any]:
        """Decode one chunk; an error says which."""
        try:
            return self.chain.decode(data)
        except ChunkError as error:
            inside = f"chunk {self.inner_index(position)} of the shard: "
            error.message = inside + error.message
            raise

    def empty_shard(self) -> bytes:
        """Give a shard that holds no chunk."""
        entries = np.full(self.index.chain.spec.shape, -1, "int64").view("uint64")
        return bytes(self.index.chain.encode(entries))


def _plain(given: Any) -> Any:
    """Make a tuple of what people give: a number, or several of Python or NumPy."""
    if isinstance(given, np.integer | int):
        return (int(given),)
    if isinstance(given, np.ndarray | range):
        given = tuple(given)
    if isinstance(given, tuple | list):
        return tuple(int(n) if isinstance(n, np.integer) else n for n in given)
    return given


def _lengths(given: Any) -> tuple[int, ...]:
    lengths = tuple(given) if isinstance(given, list | tuple) else given
    if not isinstance(lengths, tuple) or not all(
        type(n) is int and 1 <= n < 2**63 for n in lengths
    ):
        reject(NAME, "chunk_shape", given, "a list of integers of at least 1 and below 2^63")
    return lengths


def _made(given: Any, name: str) -> tuple[Codec, ...]:
    """Take codecs as people write them."""
    from zarrpy.codecs.notation import parse_codec

    if not isinstance(given, list | tuple) or not given:
        reject(NAME, name, given, "a list of codecs")
    return tuple(Bytes("little") if each == Bytes.name else parse_codec(each) for each in given)


def _bound(documents: Any, name: str, spec: ChunkSpec | None) -> tuple[Codec, ...]:
    """Make the codecs of a list of documents."""
    from zarrpy.codecs.chain import made_codecs

    field = f"{NAME}.{name}"
    return tuple(made_codecs(v3.parse_codecs(documents, field), spec, field))


def _named(codec: Codec) -> dict[str, Any]:
    described = document(codec)
    named: dict[str, Any] = {"name": described.name}
    if described.configuration:
        named["configuration"] = described.configuration
    return named


def _grid(shard: tuple[int, ...], chunk: tuple[int, ...]) -> tuple[int, ...]:
    """Count the chunks along each axis of the shard, which they must fill."""
    field = f"{NAME}.chunk_shape"
    if len(shard) != len(chunk):
        raise MetadataError(
            f"must have {len(shard)} lengths, one for each axis of the shard {list(shard)}",
            field=field,
            value=list(chunk),
        )
    for axis, (whole, part) in enumerate(zip(shard, chunk, strict=True)):
        if whole % part:
            raise MetadataError(
                f"must divide the shape of the shard {list(shard)}, and does not on axis {axis}",
                field=field,
                value=list(chunk),
            )
    return tuple(whole // part for whole, part in zip(shard, chunk, strict=True))
