"""The ``pcodec`` codec: numbers by the library pco (array -> bytes)."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from math import prod
from typing import Any, ClassVar, Self

import numpy as np

from zarrpy.codecs.base import ArrayToBytes, Buffer, ChunkSpec
from zarrpy.codecs.parameters import choice, integer, reject
from zarrpy.errors import CodecError, CorruptChunkError, MissingDependencyError

_TYPES = ("u2", "u4", "u8", "i2", "i4", "i8", "f2", "f4", "f8")
_DELTAS = ("auto", "none", "no_op", "try_consecutive", "try_lookback")


@dataclass(frozen=True, slots=True)
class PCodec(ArrayToBytes):
    """Compress chunks of numbers by pco, without loss.

    Parameters
    ----------
    level : int, default 8
        From 0 (fast) to 12 (small).
    mode_spec : {"auto", "classic"}
        Whether a structure of the numbers is looked for.
    delta_spec : {"auto", "no_op", "none", "try_consecutive", "try_lookback"}
        How differences are taken; "none" is an older word for "no_op".
    paging_spec : {"equal_pages_up_to"}
    delta_encoding_order : int, optional
        How often, from 0 to 7, with "try_consecutive" or "auto".
    equal_pages_up_to : int, default 262144
        Numbers of a page.

    Notes
    -----
    The work is done by the package ``pcodec``, which is imported when a chunk is first encoded or
    decoded.
    """

    name: ClassVar[str] = "numcodecs.pcodec"
    v2_id: ClassVar[str] = "pcodec"
    package: ClassVar[str] = "pcodec"

    level: int = 8
    mode_spec: str = "auto"
    delta_spec: str = "auto"
    paging_spec: str = "equal_pages_up_to"
    delta_encoding_order: int | None = None
    equal_pages_up_to: int = 1 << 18

    def __post_init__(self) -> None:
        integer(self.name, "level", self.level, 0, 12)
        choice(self.name, "mode_spec", self.mode_spec, ("auto", "classic"))
        choice(self.name, "delta_spec", self.delta_spec, _DELTAS)
        choice(self.name, "paging_spec", self.paging_spec, ("equal_pages_up_to",))
        integer(self.name, "equal_pages_up_to", self.equal_pages_up_to, 1, 1 << 24)
        order = self.delta_encoding_order
        if order is not None:
            integer(self.name, "delta_encoding_order", order, 0, 7)
            if self.delta_spec not in ("auto", "try_consecutive"):
                reject(self.name, "delta_encoding_order", order, f"left out with {self.delta_spec}")
        elif self.delta_spec == "try_consecutive":
            reject(self.name, "delta_encoding_order", None, "given with 'try_consecutive'")

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        made = super(PCodec, cls).from_config(configuration, dialect=dialect)
        if spec is not None:
            made._check(spec.dtype)
        return made

    def encode(self, array: np.ndarray[Any, Any]) -> Buffer:
        """Encode one chunk."""
        self._check(array.dtype)
        pco = _library()
        delta = pco.DeltaSpec
        if self.delta_encoding_order is not None:
            spec = delta.try_consecutive(self.delta_encoding_order)
        else:
            spec = getattr(delta, "no_op" if self.delta_spec == "none" else self.delta_spec)()
        settings = pco.ChunkConfig(
            compression_level=self.level,
            delta_spec=spec,
            mode_spec=getattr(pco.ModeSpec, self.mode_spec)(),
            paging_spec=pco.PagingSpec.equal_pages_up_to(self.equal_pages_up_to),
        )
        encoded: bytes = pco.standalone.simple_compress(
            np.ascontiguousarray(array).reshape(-1), settings
        )
        return encoded

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        self._check(spec.dtype)
        pco = _library()
        result = np.empty(prod(spec.shape), spec.dtype)
        try:
            progress = pco.standalone.simple_decompress_into(bytes(data), result)
        except Exception as error:  # the library has no class of its own
            raise CorruptChunkError(str(error), codec=self.name) from error
        if progress.n_processed != result.size or not progress.finished:
            raise CorruptChunkError(
                f"does not decode to {result.size} numbers, but to "
                f"{progress.n_processed}{'' if progress.finished else ' and more'}",
                codec=self.name,
            )
        return result.reshape(spec.shape)

    def _check(self, dtype: np.dtype[Any]) -> None:
        if dtype.str[1:] not in _TYPES:
            raise CodecError(f"takes numbers of 2 to 8 bytes, not {dtype}", codec=self.name)


def _library() -> Any:
    try:
        return import_module("pcodec")
    except ImportError as error:
        raise MissingDependencyError(
            "the codec pcodec needs the package pcodec",
            extra="pcodec",
            command="pip install 'zarrpy[pcodec]'",
        ) from error
