"""A codec pipeline for zarr-python: its arrays, encoded and decoded by zarrpy's codecs.

``zarr.config.set({"codec_pipeline.path": "zarrpy.pipeline.CodecPipeline"})`` switches it on. What
zarrpy does not know, or does in another way, is left to zarr-python's own codecs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from zarr.core import codec_pipeline as theirs
from zarr.registry import register_pipeline

from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.chain import CodecChain
from zarrpy.codecs.notation import parse_codec
from zarrpy.errors import ZarrError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["CodecPipeline", "Transform"]

#: The one that works without an event loop, where zarr-python has it.
_Base: Any = getattr(theirs, "FusedCodecPipeline", theirs.BatchedCodecPipeline)

#: Kinds of data types whose elements are the same bytes in both libraries.
_SAME = frozenset("?biufcSmMV")


class Transform:
    """The codecs of one array, for whole chunks: zarrpy's, or else those of zarr-python.

    Parameters
    ----------
    codecs : iterable of zarr.abc.codec.Codec
    otherwise : object, optional
        Encodes and decodes what zarrpy does not.
    """

    def __init__(self, codecs: Iterable[Any], otherwise: Any = None) -> None:
        self.codecs = tuple(codecs)
        self.otherwise = otherwise
        self._chains: dict[Any, CodecChain | None] = {}

    def chain(self, spec: Any) -> CodecChain | None:
        """Give zarrpy's codecs for chunks like this one; None where it has none.

        Parameters
        ----------
        spec : zarr.core.array_spec.ArraySpec
        """
        dtype = _native(spec.dtype)
        key = (spec.shape, dtype)
        if key not in self._chains:
            self._chains[key] = self._made(spec, dtype)
        return self._chains[key]

    def _made(self, spec: Any, dtype: np.dtype[Any]) -> CodecChain | None:
        if dtype.kind not in _SAME or dtype.hasobject or not dtype.isnative:
            return None
        try:
            chunk = ChunkSpec(
                tuple(spec.shape),
                dtype,
                dtype.type(0) if dtype.kind in "?biufc" else np.zeros(1, dtype)[0],
            )
            documents = [each for codec in self.codecs for each in _documents(codec, spec, dtype)]
            chain = CodecChain.of([parse_codec(each, chunk) for each in documents], chunk)
        except (ZarrError, TypeError, ValueError, AttributeError, NotImplementedError):
            return None
        return None if chain.shard is not None else chain

    def decode_chunk(self, chunk_bytes: Any, chunk_spec: Any) -> Any:
        """Decode one chunk."""
        chain = self.chain(chunk_spec)
        data = None if chain is None else chunk_bytes.as_numpy_array()
        if chain is None or not isinstance(data, np.ndarray):
            return self.otherwise.decode_chunk(chunk_bytes, chunk_spec)
        try:
            found = chain.decode(memoryview(np.ascontiguousarray(data).view("uint8").data))
        except ZarrError:  # zarr-python says in its own words what is wrong, or reads it
            return self.otherwise.decode_chunk(chunk_bytes, chunk_spec)
        return chunk_spec.prototype.nd_buffer.from_numpy_array(found)

    def encode_chunk(self, chunk_array: Any, chunk_spec: Any) -> Any:
        """Encode one chunk."""
        chain = self.chain(chunk_spec)
        values = None if chain is None else chunk_array.as_ndarray_like()
        if chain is None or not isinstance(values, np.ndarray):
            return self.otherwise.encode_chunk(chunk_array, chunk_spec)
        try:
            encoded = chain.encode(np.asarray(values, chain.spec.dtype).reshape(chain.spec.shape))
        except (ZarrError, ValueError, TypeError):
            return self.otherwise.encode_chunk(chunk_array, chunk_spec)
        return chunk_spec.prototype.buffer.from_bytes(bytes(encoded))


class CodecPipeline(_Base):  # type: ignore[misc]
    """Encodes and decodes chunks of zarr-python's arrays by zarrpy's codecs.

    Where it is zarr-python's own business it stays that: which bytes of a shard are read, what is
    under way at the same time, chunks that are missing.
    """

    def evolve_from_array_spec(self, array_spec: Any) -> Self:
        """Take codecs for the chunks of one array."""
        made: Self = super().evolve_from_array_spec(array_spec)
        own = getattr(made, "sync_transform", None)
        if own is not None:
            object.__setattr__(made, "sync_transform", Transform(made, own))
        return made

    @property
    def _alone(self) -> Transform:
        """The codecs of zarrpy, without others behind them."""
        found: Transform | None = self.__dict__.get("_kept")
        if found is None:
            found = Transform(self, _Nothing())
            object.__setattr__(self, "_kept", found)
        return found

    async def decode_batch(self, chunk_bytes_and_specs: Iterable[Any]) -> Iterable[Any]:
        """Decode several chunks; those that zarrpy does not decode by zarr-python's codecs."""
        given = list(chunk_bytes_and_specs)
        found: list[Any] = [None] * len(given)
        for i, (data, spec) in enumerate(given):
            found[i] = None if data is None else self._alone.decode_chunk(data, spec)
        left = [i for i, each in enumerate(found) if each is None and given[i][0] is not None]
        if left:
            rest = await super().decode_batch([given[i] for i in left])
            for i, each in zip(left, rest, strict=True):
                found[i] = each
        return found

    async def encode_batch(self, chunk_arrays_and_specs: Iterable[Any]) -> Iterable[Any]:
        """Encode several chunks; those that zarrpy does not encode by zarr-python's codecs."""
        given = list(chunk_arrays_and_specs)
        found: list[Any] = [None] * len(given)
        for i, (array, spec) in enumerate(given):
            found[i] = None if array is None else self._alone.encode_chunk(array, spec)
        left = [i for i, each in enumerate(found) if each is None and given[i][0] is not None]
        if left:
            rest = await super().encode_batch([given[i] for i in left])
            for i, each in zip(left, rest, strict=True):
                found[i] = each
        return found


class _Nothing:
    """Gives nothing, where somebody else decodes what zarrpy does not."""

    def decode_chunk(self, chunk_bytes: Any, chunk_spec: Any) -> None:
        """Give nothing."""

    def encode_chunk(self, chunk_array: Any, chunk_spec: Any) -> None:
        """Give nothing."""


def _native(dtype: Any) -> np.dtype[Any]:
    """Give NumPy's data type of one of zarr-python, in whatever version."""
    to_native = getattr(dtype, "to_native_dtype", None)
    found: np.dtype[Any] = np.dtype(dtype) if to_native is None else to_native()
    return found


def _documents(codec: Any, spec: Any, dtype: np.dtype[Any]) -> list[Any]:
    """Say a codec as metadata documents do; what stands for all codecs of Zarr v2, one by one."""
    if not hasattr(codec, "filters") or not hasattr(codec, "compressor"):
        return [codec.to_dict()]
    filters = [each.get_config() for each in codec.filters or ()]
    last = [] if codec.compressor is None else [codec.compressor.get_config()]
    endian: Any = {"name": "bytes"}
    if dtype.itemsize > 1:
        endian = {"name": "bytes", "configuration": {"endian": "little"}}
    if spec.order == "C":
        return [*filters, endian, *last]
    if filters:
        raise NotImplementedError("filters of an array whose chunks are in another order")
    turned = list(range(len(spec.shape)))[::-1]
    return [{"name": "transpose", "configuration": {"order": turned}}, endian, *last]


register_pipeline(CodecPipeline)
