"""The ``conditional`` codec: compress where it pays, chunk by chunk (bytes -> bytes)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from zarrpy.codecs import document
from zarrpy.codecs.base import Buffer, BytesToBytes, ChunkSpec, Codec
from zarrpy.codecs.notation import parse_codec
from zarrpy.codecs.parameters import integer, reject
from zarrpy.config import config
from zarrpy.errors import CodecError, CorruptChunkError


@dataclass(frozen=True, slots=True)
class Conditional(BytesToBytes):
    r"""Run each of some codecs only on the chunks that it makes smaller.

    Parameters
    ----------
    codecs : sequence of codecs
        Bytes to bytes, in the order of encoding.
    header_bits : int, optional
        Bits before the data that tell which codecs were run: a multiple of 8, and at least one
        for each codec; by default as few as that.

    Notes
    -----
    Specification: https://github.com/zarr-developers/zarr-extensions/tree/main/codecs/conditional

    Bit i, from the lowest of the first byte, stands for codec i. A codec that does not change the
    size, such as a shuffle, is run where what follows makes less of its result.

    Examples
    --------
    >>> codec = Conditional(["zstd"])
    >>> codec.encode(b"incompressible")[:1], codec.encode(bytes(1000))[:1]
    (b'\x00', b'\x01')
    """

    name: ClassVar[str] = "conditional"

    codecs: tuple[BytesToBytes, ...]
    header_bits: int | None = None

    def __post_init__(self) -> None:
        given: Any = self.codecs
        if isinstance(given, str) or not isinstance(given, Sequence) or not given:
            reject(self.name, "codecs", given, "a list of at least one bytes-to-bytes codec")
        limit = config.limits.codecs
        if len(given) > limit:
            reject(self.name, "codecs", f"{len(given)} codecs", f"a list of at most {limit}")
        codecs = tuple(parse_codec(each) for each in given)
        for codec in codecs:
            if not isinstance(codec, BytesToBytes):
                reject(self.name, "codecs", codec.name, "bytes-to-bytes codecs")
        object.__setattr__(self, "codecs", codecs)
        least = -(-len(codecs) // 8) * 8
        bits = least if self.header_bits is None else self.header_bits
        integer(self.name, "header_bits", bits, least, 1024)
        if bits % 8:
            reject(self.name, "header_bits", bits, "a multiple of 8")
        object.__setattr__(self, "header_bits", bits)

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        if "codecs" not in configuration:
            reject(cls.name, "codecs", None, "a list of at least one bytes-to-bytes codec")
        return super(Conditional, cls).from_config(configuration, dialect=dialect)

    def fitted(self, spec: ChunkSpec) -> Self:
        """Return the codec with what was left open filled in from the chunk."""
        return type(self)(tuple(codec.fitted(spec) for codec in self.codecs), self.header_bits)

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON."""
        return {"codecs": documents(self.codecs), "header_bits": self.header_bits}

    def encode(self, data: Buffer) -> Buffer:
        """Encode bytes."""
        best, used = bytes(data), 0
        current, tried = best, 0
        for i, codec in enumerate(self.codecs):
            try:
                encoded = bytes(memoryview(codec.encode(current)))
            except CodecError:  # such as a shuffle of half an element
                continue
            if len(encoded) < len(best):
                best, used = encoded, tried | 1 << i
                current, tried = best, used
            elif len(encoded) == len(current):  # a shuffle, which may help the next codec
                current, tried = encoded, tried | 1 << i
        return used.to_bytes(self._header_nbytes, "little") + best

    def decode(self, data: Buffer, nbytes: int | None = None, exact: bool = True) -> Buffer:
        """Decode bytes."""
        view = memoryview(data)
        if len(view) < self._header_nbytes:
            raise CorruptChunkError(
                f"{len(view)} bytes are too short for a header of {self._header_nbytes}",
                codec=self.name,
            )
        used = int.from_bytes(view[: self._header_nbytes], "little")
        if used >> len(self.codecs):
            raise CorruptChunkError(
                f"the header names codecs beyond the {len(self.codecs)} there are", codec=self.name
            )
        result: Buffer = bytes(view[self._header_nbytes :])
        chosen = [codec for i, codec in enumerate(self.codecs) if used >> i & 1]
        for i in range(len(chosen) - 1, -1, -1):
            try:
                result = chosen[i].decode(result, nbytes if i == 0 else None, exact)
            except CorruptChunkError as error:
                error.message = f"{error.codec}: {error.message}"
                error.codec = self.name
                raise
        if nbytes is not None and (exact or len(result) > nbytes):
            self._check_size(len(result), nbytes)
        return result

    @property
    def _header_nbytes(self) -> int:
        return (self.header_bits or 0) // 8


def documents(codecs: Sequence[Codec]) -> list[dict[str, Any]]:
    """Describe codecs within the configuration of another."""
    told = []
    for codec in codecs:
        named = document(codec)
        told.append({"name": named.name, "configuration": named.configuration})
    return told
