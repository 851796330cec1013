"""What every codec is: its kind, its configuration, and how it is run.

A codec is a frozen dataclass whose fields are its configuration.  It gives *either* a native
step, which the engine runs without Python, *or* a pair of `encode` and `decode` in Python.
Codecs come in three kinds, by what they take and what they give; in a chain of codecs arrays
come first, then exactly one codec turns the array into bytes, then bytes are changed further.

Adding a codec: subclass the base of its kind, set `name` (and `v2_id` where numcodecs has
such a codec), and register it with `zarrpy.register_codec`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, Self

from zarrpy.config import config
from zarrpy.errors import CodecError, CorruptChunkError, MetadataError, ZarrError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

__all__ = [
    "ArrayToArray",
    "ArrayToBytes",
    "Buffer",
    "BytesToBytes",
    "ChunkSpec",
    "Codec",
    "Step",
    "unstored",
]

Buffer = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class ChunkSpec:
    """What a codec sees of a chunk before it is encoded.

    Parameters
    ----------
    shape : tuple of int
    dtype : numpy.dtype
        In the byte order of the machine.
    fill_value : numpy scalar or None
        None where a codec before has changed what it would look like.

    Examples
    --------
    >>> import numpy as np
    >>> ChunkSpec((4, 5), np.dtype("float32"), None).nbytes
    80
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fill_value: np.generic | None

    @property
    def nbytes(self) -> int:
        """Bytes of the chunk in memory."""
        return prod(self.shape) * self.dtype.itemsize


@dataclass(frozen=True, slots=True)
class Step:
    """One native codec with its parameters, as csrc/zarrpy.h has it.

    Parameters
    ----------
    codec : str or capsule
        A built-in codec's name, or a capsule ``zarrpy.zp_codec.v1`` of another module.
    level, itemsize, shuffle, compressor, blocksize, variant : int
    checksum, at_start, split : bool
    aux : bytes
        More parameters, packed as the codec wants them.
    """

    codec: str | object
    level: int = 0
    itemsize: int = 0
    shuffle: int = 0
    compressor: int = 0
    checksum: bool = False
    at_start: bool = False
    split: bool = False
    variant: int = 0
    blocksize: int = 0
    aux: bytes = b""


def unstored(default: Any) -> Any:
    """Make a field of a codec that tunes the writer and is no part of its configuration."""
    return field(default=default, metadata={"stored": False})


class Codec:
    """The part that all kinds of codecs have in common.

    Attributes
    ----------
    name : str
        As in ``zarr.json``.
    v2_id : str or None
        As in ``.zarray``; None where numcodecs has no such codec.
    v3 : bool
        Whether it may stand in ``zarr.json`` at all.
    aliases : tuple of str
        Other names it is found under in ``zarr.json``.
    transparent : bool
        Whether an array-to-array codec only changes the shape: elements in C order are the same
        before and after it, so that native chains have nothing to do.
    """

    __slots__ = ()

    name: ClassVar[str]
    v2_id: ClassVar[str | None] = None
    v3: ClassVar[bool] = True
    aliases: ClassVar[tuple[str, ...]] = ()
    transparent: ClassVar[bool] = False

    @classmethod
    def from_config(
        cls,
        configuration: dict[str, Any],
        *,
        dialect: int = 3,
        spec: ChunkSpec | None = None,
    ) -> Self:
        """Make the codec that a metadata document describes.

        Parameters
        ----------
        configuration : dict
            The codec's parameters, as JSON.
        dialect : {3, 2}
            Whose words they are: those of ``zarr.json`` or those of numcodecs.
        spec : ChunkSpec, optional
            The chunk, where it is known.

        Raises
        ------
        MetadataError
            Naming the parameter and its value.
        """
        known = cls.parameters()
        for key, value in configuration.items():
            if key not in known:
                raise MetadataError(
                    "is not a parameter",
                    field=f"{cls.name}.{key}",
                    value=value,
                    hint=f"{cls.name} has {', '.join(known) or 'no parameters'}",
                )
        try:
            return cls(**configuration)
        except ZarrError:
            raise
        except (TypeError, ValueError) as error:  # a plug-in may say it in any way
            raise MetadataError(
                f"does not take its configuration: {error}", field=cls.name, value=configuration
            ) from error

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON."""
        return {name: getattr(self, name) for name in self.parameters()}

    def to_dict(self) -> dict[str, Any]:
        """Say what the codec is as ``zarr.json`` does; as numcodecs does where that has no name."""
        from zarrpy.codecs import document

        if not self.v3:
            return self.get_config()
        named = document(self)
        if not named.configuration:
            return {"name": named.name}
        return {"name": named.name, "configuration": _told(named.configuration)}

    def get_config(self) -> dict[str, Any]:
        """Say what the codec is as ``.zarray`` does."""
        from zarrpy.codecs import document

        named = document(self, 2)
        return {"id": named.name, **named.configuration}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Codec:
        """Make the codec that a document describes, as `to_dict` says it."""
        from zarrpy.codecs.notation import parse_codec

        return parse_codec(dict(data))

    @classmethod
    def parameters(cls) -> tuple[str, ...]:
        """Names of the parameters that metadata documents store."""
        if not is_dataclass(cls):
            return ()
        return tuple(each.name for each in fields(cls) if each.metadata.get("stored", True))

    def step(self, spec: ChunkSpec) -> Step | None:
        """Give the native form for chunks of `spec`; None runs the codec in Python."""
        return None

    def encoded_spec(self, spec: ChunkSpec) -> ChunkSpec:
        """Describe what `encode` makes of a chunk, for the codecs after this one."""
        return spec

    def mixes(self, spec: ChunkSpec) -> bool:
        """Whether an element that is not finite, or huge, spoils others of its chunk.

        Of such a codec chunks that reach beyond the array hold zeros there, and not fill values.
        """
        return False

    def fitted(self, spec: ChunkSpec) -> Self:
        """Return the codec with what was left open filled in from the chunk."""
        return self

    def loosened(self, spec: ChunkSpec) -> Self:
        """Return the codec with that left open which it would take from the chunk all the same."""
        return self


class ArrayToArray(Codec):
    """A codec that takes an array and gives an array."""

    __slots__ = ()

    def encode(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode one chunk."""
        raise NotImplementedError

    def decode(self, data: np.ndarray[Any, Any], spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk; `spec` is what it was before `encode`."""
        raise NotImplementedError


class ArrayToBytes(Codec):
    """A codec that takes an array and gives bytes."""

    __slots__ = ()

    def encode(self, array: np.ndarray[Any, Any]) -> Buffer:
        """Encode one chunk."""
        raise NotImplementedError

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk; `spec` is what it was before `encode`."""
        raise NotImplementedError

    def decode_into(
        self,
        data: Buffer,
        spec: ChunkSpec,
        selection: tuple[slice, ...],
        out: np.ndarray[Any, Any],
    ) -> None:
        """Decode a part of one chunk into `out`, which has the shape of the part."""
        out[...] = self.decode(data, spec)[selection]

    def decoding_step(self, spec: ChunkSpec) -> Step | None:
        """Give the native form that decodes; by default the one that encodes, too.

        That of texts decodes each to its size and the address of its bytes (csrc/texts.h).
        """
        return self.step(spec)

    def encoded_nbytes(self, spec: ChunkSpec) -> int | None:
        """Tell how many bytes `encode` makes of a chunk, where that does not depend on it."""
        return None


class BytesToBytes(Codec):
    """A codec that takes bytes and gives bytes.

    With a native step there is no more to write: `encode` and `decode` run it.
    """

    __slots__ = ()

    def step_of_bytes(self, spec: ChunkSpec) -> Step | None:
        """Give the native form for what another codec made of chunks of `spec`."""
        return self.step(spec)

    def encode(self, data: Buffer) -> Buffer:
        """Encode bytes."""
        from zarrpy._native.steps import encode_step

        result: bytes = encode_step(self._own_step("encode"), data)
        return result

    def encode_elements(self, data: Buffer, spec: ChunkSpec) -> Buffer:
        """Encode the elements of a chunk, as the engine does, which knows what they are."""
        step = self.step(spec) if type(self).encode is BytesToBytes.encode else None
        if step is None:
            return self.encode(data)
        from zarrpy._native.steps import encode_step

        result: bytes = encode_step(step, data)
        return result

    def decode(self, data: Buffer, nbytes: int | None = None, exact: bool = True) -> Buffer:
        """Decode bytes.

        Parameters
        ----------
        data : bytes-like
        nbytes : int, optional
            How many bytes come out; None where that is not known.
        exact : bool
            Whether `nbytes` is the size itself, or only an upper bound.

        Raises
        ------
        CorruptChunkError
            When `data` is damaged, or holds another number of bytes.
        """
        from zarrpy._native.steps import decode_step

        limit = config.limits.max_chunk_bytes
        result: bytes = decode_step(self._own_step("decode"), data, nbytes, limit)
        if exact and nbytes is not None:
            self._check_size(len(result), nbytes)
        return result

    def check_nbytes(self, nbytes: int) -> None:
        """Refuse a number of bytes that `encode` would refuse, before an array is made."""

    def _check_size(self, found: int, wanted: int) -> None:
        if found != wanted:
            raise CorruptChunkError(f"decodes to {found} bytes, not {wanted}", codec=self.name)

    def _own_step(self, direction: str) -> Step:
        step = _step_alone(self)
        if step is None:
            raise CodecError(
                "has neither a native step nor methods of its own",
                codec=self.name,
                direction=direction,
            )
        return step


@lru_cache(maxsize=64)
def _step_alone(codec: BytesToBytes) -> Step | None:
    """Give the step for plain bytes, as no more is known when a codec runs alone."""
    import numpy as np

    return codec.step_of_bytes(ChunkSpec((), np.dtype("uint8"), None))


def _told(value: Any) -> Any:
    """Give lists of a document as tuples, as zarr-python tells documents."""
    if isinstance(value, dict):
        return {name: _told(each) for name, each in value.items()}
    return tuple(map(_told, value)) if isinstance(value, list | tuple) else value
