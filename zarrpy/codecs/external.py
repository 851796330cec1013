"""Codecs written for numcodecs or zarr-python, accepted as they are.

zarrpy has the codecs of both under their names, so that an object of theirs is as a rule read
for its configuration and replaced by ours.  What we do not have runs here: behind a class that
is a codec of ours and calls theirs.  numcodecs does not say of a codec what it takes and gives;
`kind` does.
"""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module
from math import prod
from typing import Any, ClassVar, Self

import numpy as np

from zarrpy.codecs.base import ArrayToArray, ArrayToBytes, Buffer, BytesToBytes, ChunkSpec, Codec
from zarrpy.errors import CodecError, CorruptChunkError, MetadataError

__all__ = ["KINDS", "adopted", "is_foreign", "is_foreign_class"]

#: What a codec takes and gives, as `available_codecs` says it.
KINDS = ("array -> array", "array -> bytes", "bytes -> bytes")
# The bases of zarr-python's codecs.
_ZARR_KINDS = dict(
    zip(("ArrayArrayCodec", "ArrayBytesCodec", "BytesBytesCodec"), KINDS, strict=True)
)


def is_foreign_class(given: object) -> bool:
    """Whether this is a class of codecs of numcodecs or zarr-python."""
    return isinstance(given, type) and not issubclass(given, Codec) and _family(given) is not None


def is_foreign(given: object) -> bool:
    """Whether this is a codec of numcodecs or zarr-python."""
    return is_foreign_class(type(given))


def adopted(theirs: type[Any], kind: str | None = None) -> type[Codec]:
    r"""Make a codec of ours that runs a class of theirs.

    Parameters
    ----------
    theirs : type
        A codec of numcodecs or zarr-python.
    kind : str, optional
        One of `KINDS`; needed for numcodecs, where "bytes -> bytes" is the default.

    Examples
    --------
    >>> import zlib
    >>> class Deflate:
    ...     codec_id = "my-deflate"
    ...     def encode(self, buf): return zlib.compress(buf)
    ...     def decode(self, buf, out=None): return zlib.decompress(buf)
    ...     def get_config(self): return {"id": self.codec_id}
    ...     @classmethod
    ...     def from_config(cls, config): return cls()
    >>> adopted(Deflate)().encode(bytes(1000))[:2]
    b'x\x9c'
    """
    family = _family(theirs)
    if family is None:
        raise TypeError(f"{theirs!r} is no codec of numcodecs or zarr-python")
    told = family if family in KINDS else None
    kind = kind or told or "bytes -> bytes"
    if kind not in KINDS or (told is not None and kind != told):
        raise ValueError(f"kind must be {told or ' or '.join(KINDS)}, not {kind!r}")
    bases = {
        "array -> array": ForeignArrayToArray,
        "array -> bytes": ForeignArrayToBytes,
        "bytes -> bytes": ForeignBytesToBytes,
    }
    names: dict[str, Any] = {
        "__doc__": theirs.__doc__ or f"{theirs.__name__} of {theirs.__module__}.",
        "__module__": __name__,
        "theirs": theirs,
        "caller": _ZarrCaller if told else _NumcodecsCaller,
    }
    if told is None:
        names |= {"name": f"numcodecs.{theirs.codec_id}", "v2_id": theirs.codec_id}
    else:
        names["name"] = _zarr_name(theirs)
    made: type[Codec] = type(f"Foreign{theirs.__name__}", (bases[kind],), names)
    return made


def _family(theirs: type[Any]) -> str | None:
    """Tell "numcodecs", or the kind of a codec of zarr-python; None for anything else."""
    for base in theirs.__mro__:
        if base.__name__ in _ZARR_KINDS and base.__module__.startswith("zarr."):
            return _ZARR_KINDS[base.__name__]
    methods = all(callable(getattr(theirs, name, None)) for name in ("encode", "decode"))
    if methods and isinstance(getattr(theirs, "codec_id", None), str):
        return "numcodecs"
    return None


def _zarr_name(theirs: type[Any]) -> str:
    for attribute in ("codec_name", "name"):
        name = getattr(theirs, attribute, None)
        if isinstance(name, str):
            return name
    try:
        return str(theirs().to_dict()["name"])
    except Exception as error:  # whatever their constructor may raise
        raise ValueError(f"{theirs!r} does not tell its name: set codec_name") from error


class _NumcodecsCaller:
    """Calls a codec of numcodecs: buffers or arrays in, either out."""

    @staticmethod
    def make(theirs: type[Any], configuration: dict[str, Any]) -> Any:
        return theirs.from_config(dict(configuration))

    @staticmethod
    def configuration(codec: Any) -> dict[str, Any]:
        return {key: value for key, value in codec.get_config().items() if key != "id"}

    @staticmethod
    def encode(codec: Any, given: Any, spec: ChunkSpec | None) -> Any:
        return codec.encode(given)

    @staticmethod
    def decode(codec: Any, given: Any, spec: ChunkSpec | None) -> Any:
        return codec.decode(given)


class _ZarrCaller:
    """Calls a codec of zarr-python, whose arrays and bytes are wrapped."""

    @staticmethod
    def make(theirs: type[Any], configuration: dict[str, Any]) -> Any:
        document = {"name": _zarr_name(theirs), "configuration": configuration}
        return theirs.from_dict(document)

    @staticmethod
    def configuration(codec: Any) -> dict[str, Any]:
        return dict(codec.to_dict().get("configuration") or {})

    @classmethod
    def encode(cls, codec: Any, given: Any, spec: ChunkSpec | None) -> Any:
        return cls._call(codec, "encode", given, spec)

    @classmethod
    def decode(cls, codec: Any, given: Any, spec: ChunkSpec | None) -> Any:
        return cls._call(codec, "decode", given, spec)

    @staticmethod
    def _call(codec: Any, direction: str, given: Any, spec: ChunkSpec | None) -> Any:
        specs = import_module("zarr.core.array_spec")
        data_type = import_module("zarr.core.dtype").get_data_type_from_native_dtype(
            np.dtype("u1") if spec is None else spec.dtype
        )
        prototype = import_module("zarr.core.buffer").default_buffer_prototype()
        if isinstance(given, np.ndarray):
            wrapped = prototype.nd_buffer.from_numpy_array(given)
        else:
            wrapped = prototype.buffer.from_bytes(bytes(given))
        spec = spec or ChunkSpec((len(bytes(given)),), np.dtype("u1"), None)
        fill_value = np.zeros((), spec.dtype)[()] if spec.fill_value is None else spec.fill_value
        theirs = specs.ArraySpec(
            shape=spec.shape,
            dtype=data_type,
            fill_value=fill_value,
            config=specs.ArrayConfig(order="C", write_empty_chunks=True),
            prototype=prototype,
        )
        call = import_module("zarr.core.sync").sync
        result = call(getattr(codec, f"_{direction}_single")(wrapped, theirs))
        return result.as_numpy_array() if hasattr(result, "as_numpy_array") else result.to_bytes()


class Foreign(Codec):
    """The part that adopted codecs of all kinds have in common."""

    theirs: ClassVar[type[Any]]
    caller: ClassVar[Any]
    codec: Any

    def __init__(self, codec: Any = None) -> None:
        self.codec = self.caller.make(self.theirs, {}) if codec is None else codec

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        try:
            return cls(cls.caller.make(cls.theirs, configuration))
        except (TypeError, ValueError, KeyError) as error:
            raise MetadataError(
                f"does not take its configuration: {error}", field=cls.name, value=configuration
            ) from error

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration as JSON."""
        told: dict[str, Any] = self.caller.configuration(self.codec)
        return told

    def _text(self) -> str:
        return json.dumps(self.to_config(), sort_keys=True, default=repr)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Foreign):
            return NotImplemented
        return type(self) is type(other) and self._text() == other._text()

    def __hash__(self) -> int:
        return hash((type(self), self._text()))

    def __repr__(self) -> str:
        return f"<{self.name} by {self.codec!r}>"

    def _run(self, direction: str, given: Any, spec: ChunkSpec | None = None) -> Any:
        """Call theirs; whatever it raises names the codec."""
        try:
            return getattr(self.caller, direction)(self.codec, given, spec)
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            if direction == "encode":
                raise CodecError(text, codec=self.name, direction=direction) from error
            raise CorruptChunkError(text, codec=self.name) from error


class ForeignArrayToArray(Foreign, ArrayToArray):
    """Runs a codec of theirs that takes an array and gives one."""

    def encoded_spec(self, spec: ChunkSpec) -> ChunkSpec:
        """Describe what `encode` makes of a chunk: it is tried, as theirs does not say."""
        value = 0 if spec.fill_value is None else spec.fill_value
        tried = self.encode(np.full(spec.shape, value, spec.dtype))
        return replace(spec, shape=tried.shape, dtype=tried.dtype, fill_value=None)

    def encode(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode one chunk."""
        array = np.ascontiguousarray(array)
        spec = ChunkSpec(array.shape, array.dtype, None)
        encoded = np.asarray(self._run("encode", array, spec))
        return encoded.reshape(array.shape) if encoded.size == array.size else encoded

    def decode(self, data: np.ndarray[Any, Any], spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        decoded = np.asarray(self._run("decode", np.ascontiguousarray(data), spec))
        return _as_chunk(decoded, spec, self.name)


class ForeignArrayToBytes(Foreign, ArrayToBytes):
    """Runs a codec of theirs that takes an array and gives bytes."""

    def encode(self, array: np.ndarray[Any, Any]) -> Buffer:
        """Encode one chunk."""
        array = np.ascontiguousarray(array)
        spec = ChunkSpec(array.shape, array.dtype, None)
        return _as_bytes(self._run("encode", array, spec))

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        decoded = self._run("decode", bytes(data), spec)
        if not isinstance(decoded, np.ndarray):
            decoded = np.frombuffer(decoded, np.uint8)
        return _as_chunk(decoded, spec, self.name)


class ForeignBytesToBytes(Foreign, BytesToBytes):
    """Runs a codec of theirs that takes bytes and gives bytes."""

    def encode(self, data: Buffer) -> Buffer:
        """Encode bytes."""
        return _as_bytes(self._run("encode", bytes(data)))

    def decode(self, data: Buffer, nbytes: int | None = None, exact: bool = True) -> Buffer:
        """Decode bytes."""
        decoded = _as_bytes(self._run("decode", bytes(data)))
        if nbytes is not None and (exact or len(decoded) > nbytes):
            self._check_size(len(decoded), nbytes)
        return decoded


def _as_bytes(result: Any) -> bytes:
    """Take what a codec gives for bytes: any buffer, or an array."""
    if isinstance(result, np.ndarray):
        return result.tobytes()
    return bytes(result)


def _as_chunk(decoded: np.ndarray[Any, Any], spec: ChunkSpec, name: str) -> np.ndarray[Any, Any]:
    """Bring what was decoded into the form of the chunk, which it must fit."""
    flat = np.ascontiguousarray(decoded).reshape(-1)
    if flat.nbytes != spec.nbytes:
        raise CorruptChunkError(
            f"decodes to {flat.nbytes} bytes, which are not {prod(spec.shape)} elements of "
            f"{spec.dtype}",
            codec=name,
        )
    chunk: np.ndarray[Any, Any] = flat.view(spec.dtype).reshape(spec.shape)
    return chunk
