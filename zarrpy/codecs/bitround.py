"""The ``bitround`` codec: fewer significant bits (array -> array)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from zarrpy.codecs.base import ArrayToArray, ChunkSpec, Step
from zarrpy.codecs.parameters import integer, reject
from zarrpy.errors import CodecError

# Bits of the mantissa, by size in bytes.
_MANTISSA = {2: 10, 4: 23, 8: 52}
_BFLOAT16_MANTISSA = 7


@dataclass(frozen=True, slots=True)
class BitRound(ArrayToArray):
    """Round numbers to some significant bits, so that the bits below are zero and compress.

    Parameters
    ----------
    keepbits : int
        Bits that stay: of floats those of the mantissa; of integers those from the highest that
        is set. Both parts of complex numbers are rounded.

    Notes
    -----
    Specification: https://github.com/zarr-developers/zarr-extensions/tree/main/codecs/bitround

    Ties go to the even neighbour. NaN stays as it is. The codec of numcodecs, of the same name,
    takes floats only and gives the same bits for them.

    Examples
    --------
    >>> import numpy as np
    >>> BitRound(3).encode(np.array([1.1, 100.0, -3.3]))
    array([ 1.125, 96.   , -3.25 ])
    """

    name: ClassVar[str] = "bitround"
    v2_id: ClassVar[str] = "bitround"
    aliases: ClassVar[tuple[str, ...]] = ("numcodecs.bitround",)

    keepbits: int

    def __post_init__(self) -> None:
        integer(self.name, "keepbits", self.keepbits, 0, 64)

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        keepbits = configuration.get("keepbits")
        integer(cls.name, "keepbits", keepbits, 1 if dialect == 3 else 0, 64)
        made = super(BitRound, cls).from_config(configuration, dialect=dialect)
        if spec is not None:
            made._parts(spec.dtype)
        return made

    def step(self, spec: ChunkSpec) -> Step:
        """Give the native form."""
        size, mantissa = self._parts(spec.dtype)
        return Step("bitround", level=self.keepbits, itemsize=size, variant=mantissa)

    def encode(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode one chunk."""
        size, mantissa = self._parts(array.dtype)
        bits = np.ascontiguousarray(array).reshape(-1).view(f"u{size}")
        if mantissa:
            rounded = _rounded_floats(bits, mantissa, self.keepbits)
        else:
            rounded = _rounded_integers(bits, self.keepbits)
        result: np.ndarray[Any, Any] = rounded.view(array.dtype).reshape(array.shape)
        return result

    def decode(self, data: np.ndarray[Any, Any], spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk: what was rounded stays so."""
        return data.reshape(spec.shape)

    def _parts(self, dtype: np.dtype[Any]) -> tuple[int, int]:
        """Bytes of one part of an element, and bits of its mantissa, or 0 for integers."""
        if dtype.name == "bfloat16":
            size, mantissa = 2, _BFLOAT16_MANTISSA
        elif dtype.kind in "fc" and issubclass(dtype.type, np.inexact):
            size = dtype.itemsize // (2 if dtype.kind == "c" else 1)
            mantissa = _MANTISSA.get(size, 0)
        elif dtype.kind in "iumM":
            size, mantissa = dtype.itemsize, 0
        else:
            raise CodecError(f"rounds numbers, not {dtype}", codec=self.name, direction="encode")
        if mantissa and self.keepbits > mantissa:
            reject(
                self.name, "keepbits", self.keepbits, f"at most {mantissa}, as {dtype} has no more"
            )
        if not mantissa and self.keepbits == 0:
            reject(self.name, "keepbits", 0, "at least 1 for integers")
        return size, mantissa


def _rounded_floats(bits: np.ndarray[Any, Any], mantissa: int, keep: int) -> np.ndarray[Any, Any]:
    if keep == mantissa:
        return bits.copy()
    kind, size = bits.dtype.type, 8 * bits.dtype.itemsize
    cut = mantissa - keep
    infinity = kind(((1 << (size - 1 - mantissa)) - 1) << mantissa)
    half = kind((1 << (cut - 1)) - 1)
    rounded = (bits + (bits >> kind(cut) & kind(1)) + half) >> kind(cut) << kind(cut)
    nan = (bits & kind((1 << (size - 1)) - 1)) > infinity
    return np.where(nan, bits, rounded)


def _rounded_integers(bits: np.ndarray[Any, Any], keep: int) -> np.ndarray[Any, Any]:
    """Round each number by its own length; Python's integers never overflow."""
    most = int(np.iinfo(bits.dtype).max)
    rounded = np.empty_like(bits)
    for i, x in enumerate(bits.tolist()):
        cut = x.bit_length() - keep
        if cut > 0:
            x = min(x + (x >> cut & 1) + (1 << (cut - 1)) - 1, most) >> cut << cut
        rounded[i] = x
    return rounded
