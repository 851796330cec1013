"""A codec chain: what lies between an array in memory and the bytes of a stored chunk.

A chain is bound once to the codecs of an array and the shape of its chunks, and then serves every
chunk.  It has two bodies with one meaning.  `native` chains are run by C (csrc/chain.c), where
leading transposes and the byte order cost nothing: they are strides and swaps of the copy that
happens anyway.  `encode` and `decode` run the same codecs one after the other in Python; they
define what the chain means and serve the codecs that have no native step.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

from zarrpy._native.failure import over_limit
from zarrpy._native.steps import NativeChain
from zarrpy.codecs import codecs, find, find_meant, numcodecs_ids, unknown_codec, words_of
from zarrpy.codecs.base import ArrayToArray, ArrayToBytes, BytesToBytes, ChunkSpec, Codec, Step
from zarrpy.codecs.bytes import Bytes
from zarrpy.codecs.sharding import Sharding
from zarrpy.codecs.transpose import Transpose
from zarrpy.config import config
from zarrpy.errors import ChunkLimitError, CorruptChunkError, LimitError, MetadataError
from zarrpy.metadata import element
from zarrpy.metadata.members import nearest
from zarrpy.recall import Recall

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from zarrpy.codecs.base import Buffer
    from zarrpy.codecs.sharding import ShardLayout
    from zarrpy.errors import ChunkError
    from zarrpy.metadata.model import NamedConfig


#: What is stored may be so many times as wide as elements, and have headers of so many bytes; those
#: of chunks inside a shard may have so many times what its index has of them, and between these
#: chunks writers may have left so many bytes that nothing refers to.
_WIDENING, _HEADERS_NBYTES, _INSIDE, _BETWEEN_NBYTES = 16, 1 << 20, 5, 1 << 26
#: Kinds of data types whose elements may have any length.
_ANY_LENGTH = "OT"
_WRITE_SMALLER = "choose smaller chunks, or raise config.limits.max_chunk_bytes"


@dataclass(frozen=True, slots=True)
class CodecChain:
    """Codecs bound to a chunk.

    Attributes
    ----------
    spec : ChunkSpec
        The chunk as it is in memory.
    array_to_array : tuple of ArrayToArray
    array_to_bytes : ArrayToBytes
    bytes_to_bytes : tuple of BytesToBytes
        In the order of encoding.
    native_chain : NativeChain or None
        The same chain for the engine; None when a codec has no native step.
    decoder : NativeChain or None
        The one that the engine reads with, which texts of any length have as well.
    shard : ShardLayout or None
        How chunks lie in it, where they can be read and written one by one.
    wrapped : ShardLayout or None
        The same of a shard that codecs of bytes follow: read whole, but written chunk by chunk.
    mixes : bool
        Whether elements spoil others of their chunk, so that it is padded by zeros; of a shard
        whose chunks are written one by one its `shard.chain` tells.
    """

    spec: ChunkSpec
    array_to_array: tuple[ArrayToArray, ...]
    array_to_bytes: ArrayToBytes
    bytes_to_bytes: tuple[BytesToBytes, ...]
    native_chain: NativeChain | None
    decoder: NativeChain | None
    shard: ShardLayout | None = None
    wrapped: ShardLayout | None = None
    mixes: bool = False

    @classmethod
    def bind(
        cls, documents: Sequence[NamedConfig], spec: ChunkSpec, given: tuple[Any, ...] = ()
    ) -> CodecChain:
        """Make the codecs that metadata names, and bind them to a chunk.

        Parameters
        ----------
        documents : sequence of NamedConfig
            In the order of encoding.
        spec : ChunkSpec
            The chunk in memory.
        given : tuple of codec objects
            For names that are not known.

        Raises
        ------
        UnsupportedExtensionError
            For a codec that is not known and has to be understood.
        MetadataError
            For a chain that is not array to array, then array to bytes, then bytes to bytes.
        CodecError
            For a configuration that the codec refuses.
        """
        # of metadata that were recalled, the codecs are the same object
        fill_value = spec.fill_value
        key = (id(documents), id(fill_value), id(given), spec.shape, spec.dtype)
        kept = _recall.of(
            key,
            lambda: (
                (documents, fill_value, given),
                cls.of(made_codecs(documents, spec, given=given), spec),
            ),
        )
        return kept[1]

    @classmethod
    def of(cls, codecs: Sequence[Codec], spec: ChunkSpec) -> CodecChain:
        """Bind codecs that exist already."""
        before, serializer, after = _by_kind(_fitted(codecs, spec))
        layout = _shard_layout(before, serializer, spec)
        shard, wrapped = (None, layout) if after else (layout, None)
        if shard is None:
            _check_size(spec)
        native = decoder = _native_chain(before, serializer, after, spec)
        if native is None and spec.dtype.kind == "T":
            decoder = _native_chain(before, serializer, after, spec, decoding=True)
        mixes = shard is None and _mixes((*before, serializer), spec)
        return cls(spec, before, serializer, after, native, decoder, shard, wrapped, mixes)

    @property
    def codecs(self) -> tuple[Codec, ...]:
        """All codecs in the order of encoding."""
        return (*self.array_to_array, self.array_to_bytes, *self.bytes_to_bytes)

    @property
    def native(self) -> bool:
        """Whether the engine reads and writes by this chain without Python."""
        return self.engine_chain(writing=True) is not None

    def engine_chain(self, *, writing: bool) -> NativeChain | None:
        """Give what the engine reads or writes with: of a shard, the chain of the chunks inside."""
        if self.shard is not None:
            return self.shard.engine_chain(writing=writing)
        return self.native_chain if writing else self.decoder

    @property
    def swap(self) -> int | None:
        """Bytes that the engine reverses together as it copies, or 0; None without the engine."""
        return None if self.native_chain is None else self.native_chain.swap

    def check_written(self) -> None:
        """Refuse codecs that could not encode a single whole chunk, as far as sizes tell.

        Raises
        ------
        MetadataError
            Naming the parameter and its value.
        """
        if self.shard is not None:
            self.shard.chain.check_written()
        elif self.bytes_to_bytes:
            nbytes = self.array_to_bytes.encoded_nbytes(self._specs(None)[-1])
            if nbytes is not None:
                self.bytes_to_bytes[0].check_nbytes(nbytes)

    @property
    def python_codecs(self) -> tuple[str, ...]:
        """Names of the codecs on whose account the engine does not run this chain."""
        specs = self._specs(None)
        found, turning = [], True
        for codec, spec in zip(self.codecs, specs + [specs[-1]] * len(self.codecs), strict=False):
            turning = turning and isinstance(codec, Transpose)
            if turning or codec.transparent:
                continue
            native = _swap(codec, spec) if isinstance(codec, Bytes) else codec.step(spec)
            if native is None:
                found.append(codec.name)
        return tuple(found)

    def encode(self, array: np.ndarray[Any, Any]) -> Buffer:
        """Encode one chunk, codec by codec."""
        for codec in self.array_to_array:
            array = codec.encode(array)
        data = self.array_to_bytes.encode(array)
        if self._any_length and self._layout is None:
            self._check_readable(len(data))
        return self.wrap(data)

    def _check_readable(self, nbytes: int) -> None:
        """Refuse to write elements that nobody could read with the same settings."""
        limit = config.limits.max_chunk_bytes
        if nbytes > limit:
            raise over_limit(limit).fill(codec=self.array_to_bytes.name, hint=_WRITE_SMALLER)

    @property
    def _any_length(self) -> bool:
        return self.spec.dtype.kind in _ANY_LENGTH

    @property
    def _layout(self) -> ShardLayout | None:
        return self.shard or self.wrapped

    @property
    def most_stored(self) -> int:
        """The most bytes that a chunk is taken to be stored in, as csrc/batch.h has it."""
        shard = self._layout
        inside = 0 if shard is None else _INSIDE * shard.index.nbytes + _BETWEEN_NBYTES
        if self._any_length:
            nchunks = 1 if shard is None else prod(shard.grid)
            return nchunks * _stored_at_limit() + inside
        return _WIDENING * self.spec.nbytes + _HEADERS_NBYTES + inside

    def too_many_stored(self) -> ChunkError:
        """Give the exception for more stored bytes than that."""
        if self._any_length:
            return over_limit(config.limits.max_chunk_bytes).fill(codec=self.array_to_bytes.name)
        return CorruptChunkError("many times as many bytes are stored as decoded")

    def shard_of(self, shape: tuple[int, ...]) -> ShardLayout:
        """Say how chunks lie in a shard of another shape."""
        spec = replace(self.spec, shape=shape)
        layout = _shard_layout(self.array_to_array, self.array_to_bytes, spec)
        assert layout is not None
        return layout

    def wrap(self, data: Buffer) -> Buffer:
        """Do the bytes-to-bytes codecs."""
        after = self.bytes_to_bytes
        if after and isinstance(self.array_to_bytes, Bytes):
            data, after = after[0].encode_elements(data, self._specs(None)[-1]), after[1:]
        for compressor in after:
            data = compressor.encode(data)
        return data

    def unwrap(self, data: Buffer, shape: tuple[int, ...]) -> Buffer:
        """Undo the bytes-to-bytes codecs of a chunk of some shape."""
        return self._decompressed(data, self._specs(shape)[-1])

    def decode(
        self, data: bytes | bytearray | memoryview, shape: tuple[int, ...] | None = None
    ) -> np.ndarray[Any, Any]:
        """Decode one chunk, codec by codec.

        Parameters
        ----------
        data : bytes-like
            As stored.
        shape : tuple of int, optional
            Shape of this chunk where it is not that of `spec`.
        """
        specs = self._specs(shape)
        array = self.array_to_bytes.decode(self._decompressed(data, specs[-1]), specs[-1])
        for i in range(len(self.array_to_array) - 1, -1, -1):
            array = self.array_to_array[i].decode(array, specs[i])
            _check_decoded(array, specs[i], self.array_to_array[i])
        if array.shape != specs[0].shape:
            raise CorruptChunkError(
                f"decodes to shape {array.shape}, not {specs[0].shape}",
                codec=self.array_to_bytes.name,
            )
        return array

    def decode_into(
        self,
        data: bytes | bytearray | memoryview,
        shape: tuple[int, ...],
        selection: tuple[slice, ...],
        out: np.ndarray[Any, Any],
    ) -> None:
        """Decode a part of one chunk of shape `shape` to where it goes.

        Parameters
        ----------
        data : bytes-like
            As stored.
        shape : tuple of int
        selection : tuple of slice
            The part, with positive steps.
        out : ndarray
            Of the part's shape.
        """
        if self.array_to_array:
            out[...] = self.decode(data, shape)[selection]
            return
        (spec,) = self._specs(shape)
        self.array_to_bytes.decode_into(self._decompressed(data, spec), spec, selection, out)

    def _specs(self, shape: tuple[int, ...] | None) -> list[ChunkSpec]:
        """Describe a chunk before each codec up to the one that makes bytes of it."""
        specs = [self.spec if shape is None else replace(self.spec, shape=shape)]
        for codec in self.array_to_array:
            specs.append(codec.encoded_spec(specs[-1]))
        return specs

    def _decompressed(
        self, data: bytes | bytearray | memoryview, spec: ChunkSpec
    ) -> bytes | bytearray | memoryview:
        """Undo the bytes-to-bytes codecs."""
        if self._any_length and self._layout is None and len(data) > _stored_at_limit():
            raise self.too_many_stored()
        for depth in range(len(self.bytes_to_bytes) - 1, -1, -1):
            known = self.array_to_bytes.encoded_nbytes(spec) if depth == 0 else None
            try:
                data = self.bytes_to_bytes[depth].decode(data, known)
            except ChunkLimitError as error:
                if self._any_length:
                    raise
                raise CorruptChunkError(error.message, codec=error.codec) from None
        return data


def _check_decoded(array: np.ndarray[Any, Any], spec: ChunkSpec, codec: Codec) -> None:
    """Refuse elements of another type, which would be cast, and so perhaps be other values."""
    found, wanted = array.dtype, spec.dtype
    if found == wanted or found.kind in "OT" or found.newbyteorder("=") == wanted.newbyteorder("="):
        return
    raise CorruptChunkError(f"decodes to {found}, not {wanted}", codec=codec.name)


#: Chains by what they were bound from, which is kept so that its id stays its own.
_recall: Recall[tuple[Any, CodecChain]] = Recall(256)


def _proper(name: str, dialect: int) -> str:
    """Guess what a codec is called properly, as a hint."""
    if dialect == 3 and find(f"numcodecs.{name}") is not None:
        return f"the codec of numcodecs is called 'numcodecs.{name}' in Zarr v3"
    known = (numcodecs_ids if dialect == 2 else codecs).names()
    return nearest(name, known) or "zarrpy.register_codec adds one"


def made_codecs(
    documents: Sequence[NamedConfig],
    spec: ChunkSpec | None,
    field: str = "codecs",
    given: Sequence[Any] = (),
) -> list[Codec]:
    """Make the codecs that metadata names; `spec` is the chunk in memory, where it is known."""
    codecs: list[Codec] = []
    for i, document in enumerate(documents):
        try:
            codec = _made_codec(document, spec, given, codecs)
        except MetadataError as error:
            if document.dialect == 3:  # in v2 the codecs are not one list
                inner = "" if error.field is None else f".{error.field}"
                error.field = f"{field}[{i}]{inner}"
            raise
        if codec is not None:
            codecs.append(codec)
            spec = None if spec is None else codec.encoded_spec(spec)
    return codecs


def _made_codec(
    document: NamedConfig, spec: ChunkSpec | None, given: Sequence[Any], before: Sequence[Codec]
) -> Codec | None:
    """Make one codec; None for one that is not known and need not be."""
    kind = find_meant(document)
    if kind is not None:
        dialect = words_of(document.name, document.dialect)
        return kind.from_config(document.configuration, dialect=dialect, spec=spec)
    if given:
        from zarrpy.codecs.given import found_among  # few arrays need it

        found = found_among(given, document, before)
        if found is not None:
            return found
    if document.must_understand:
        error = unknown_codec(document.name)
        raise error.fill(hint=_proper(document.name, document.dialect))
    return None


def _stored_at_limit() -> int:
    """Tell the most bytes that a chunk at the limit is taken to be stored in."""
    return config.limits.max_chunk_bytes // 8 * 9 + _HEADERS_NBYTES


def _check_size(spec: ChunkSpec) -> None:
    """Refuse chunks that are too large to be decoded into memory whole."""
    limit = config.limits.max_chunk_bytes
    if spec.nbytes > limit:
        raise LimitError(
            f"chunks of shape {spec.shape} and {spec.dtype} are {spec.nbytes} bytes",
            limit=limit,
            asked=spec.nbytes,
            hint=_WRITE_SMALLER,
        )


def _mixes(codecs: Sequence[Codec], spec: ChunkSpec) -> bool:
    for codec in codecs:
        if codec.mixes(spec):
            return True
        spec = codec.encoded_spec(spec)
    return False


def _shard_layout(
    before: tuple[ArrayToArray, ...],
    serializer: ArrayToBytes,
    spec: ChunkSpec,
) -> ShardLayout | None:
    """Where chunks lie in a shard, if nothing else than transposes lies in front of it."""
    if not isinstance(serializer, Sharding):
        return None
    turns = [codec for codec in before if isinstance(codec, Transpose)]
    return serializer.layout(spec, turns) if len(turns) == len(before) else None


def _fitted(codecs: Sequence[Codec], spec: ChunkSpec) -> list[Codec]:
    """Fill in what codecs leave open, such as the size of elements."""
    fitted = []
    for codec in codecs:
        fitted.append(codec.fitted(spec))
        spec = codec.encoded_spec(spec)
    return fitted


def loosened(codecs: Sequence[Codec], spec: ChunkSpec) -> list[Codec]:
    """Leave open what codecs take from the chunk, for formats that do not write it down."""
    loose = []
    for codec in codecs:
        loose.append(codec.loosened(spec))
        spec = codec.encoded_spec(spec)
    return loose


def _by_kind(
    codecs: Sequence[Codec],
) -> tuple[tuple[ArrayToArray, ...], ArrayToBytes, tuple[BytesToBytes, ...]]:
    """Part a chain at its array-to-bytes codec, of which there must be one."""
    serializers = [i for i, codec in enumerate(codecs) if isinstance(codec, ArrayToBytes)]
    names = [codec.name for codec in codecs]
    if len(serializers) != 1:
        raise MetadataError(
            "must hold exactly one array-to-bytes codec, such as 'bytes'",
            field="codecs",
            value=names,
        )
    at = serializers[0]
    before, after = codecs[:at], codecs[at + 1 :]
    if not all(isinstance(codec, ArrayToArray) for codec in before) or not all(
        isinstance(codec, BytesToBytes) for codec in after
    ):
        raise MetadataError(
            f"must hold array-to-array codecs before {names[at]!r}, bytes-to-bytes ones after it",
            field="codecs",
            value=names,
        )
    return tuple(before), codecs[at], tuple(after)  # type: ignore[return-value, arg-type]


def _swap(serializer: ArrayToBytes, spec: ChunkSpec) -> int | None:
    endian = getattr(serializer, "endian", None)
    if endian is None or endian == sys.byteorder:
        return 0
    return element.swap_size(spec.dtype)


def _native_chain(
    before: tuple[ArrayToArray, ...],
    serializer: ArrayToBytes,
    after: tuple[BytesToBytes, ...],
    spec: ChunkSpec,
    *,
    decoding: bool = False,
) -> NativeChain | None:
    """Translate a chain for the engine; None when something in it is Python only."""
    order = list(range(len(spec.shape)))
    rest = list(before)
    itemsize, memory = spec.dtype.itemsize, spec
    while rest and isinstance(rest[0], Transpose):
        order = [order[axis] for axis in rest[0].order]
        memory = rest.pop(0).encoded_spec(memory)
    steps: list[Step | None] = []
    for codec in rest:
        if not codec.transparent:
            steps.append(codec.step(memory))
        memory = codec.encoded_spec(memory)
    swap: int | None = 0
    if not isinstance(serializer, Bytes):
        steps.append(serializer.decoding_step(memory) if decoding else serializer.step(memory))
    else:
        swap = _swap(serializer, memory)
        if swap and steps:  # the engine reverses bytes as it copies, which is before these steps
            steps.append(Step("byteswap", itemsize=swap))
            swap = 0
    if isinstance(serializer, Bytes) and after:
        steps.append(after[0].step(memory))
        after = after[1:]
    steps += [compressor.step_of_bytes(memory) for compressor in after]
    if swap is None or any(step is None for step in steps):
        return None
    return NativeChain(
        [step for step in steps if step is not None],
        itemsize,
        order,
        swap,
        config.limits.max_chunk_bytes,
    )
