"""The ``lzma`` codec: xz and its kin by the standard library (bytes -> bytes)."""

from __future__ import annotations

import lzma
from dataclasses import dataclass
from typing import Any, ClassVar

from zarrpy.codecs.base import Buffer, BytesToBytes
from zarrpy.codecs.parameters import integer, reject
from zarrpy.codecs.streams import decompress
from zarrpy.errors import ChunkError, CodecError, CorruptChunkError

_FORMATS = {lzma.FORMAT_XZ: "xz", lzma.FORMAT_ALONE: "alone", lzma.FORMAT_RAW: "raw"}


@dataclass(frozen=True, slots=True)
class LZMA(BytesToBytes):
    """Compress each chunk as one LZMA stream.

    Parameters
    ----------
    format : int, default 1
        Container: 1 for xz, 2 for the older "alone", 3 for none (then `filters` is needed).
    check : int, default -1
        Integrity check of xz; -1 is the usual, a CRC-64.
    preset : int, optional
        Compression level from 0 to 9, or with 2**31 added the slower form of it.
    filters : list of dict, optional
        Filter specifications, as the standard library's `lzma` has them.

    Examples
    --------
    >>> codec = LZMA(preset=1)
    >>> codec.decode(codec.encode(b"aaaa" * 100)) == b"aaaa" * 100
    True
    """

    name: ClassVar[str] = "numcodecs.lzma"
    v2_id: ClassVar[str] = "lzma"

    format: int = lzma.FORMAT_XZ
    check: int = -1
    preset: int | None = None
    filters: tuple[tuple[tuple[str, int], ...], ...] | None = None

    def __post_init__(self) -> None:
        if type(self.format) is not int or self.format not in _FORMATS:
            right = ", ".join(f"{number} ({word})" for number, word in _FORMATS.items())
            reject(self.name, "format", self.format, f"one of {right}")
        integer(self.name, "check", self.check, -1, 15)
        if self.preset is not None:
            integer(self.name, "preset", self.preset, 0, 9 | lzma.PRESET_EXTREME)
        if self.filters is not None:
            object.__setattr__(self, "filters", _frozen(self.filters))
        elif self.format == lzma.FORMAT_RAW:
            reject(self.name, "filters", None, "a list of filters where format is 3 (raw)")

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON."""
        return {
            "format": self.format,
            "check": self.check,
            "preset": self.preset,
            "filters": self._filters(),
        }

    def encode(self, data: Buffer) -> bytes:
        """Encode bytes."""
        try:
            return lzma.compress(
                data,
                format=self.format,
                check=self.check,
                preset=self.preset,
                filters=self._filters(),
            )
        except (lzma.LZMAError, ValueError, TypeError) as error:
            raise CodecError(str(error), codec=self.name, direction="encode") from error

    def decode(self, data: Buffer, nbytes: int | None = None, exact: bool = True) -> bytes:
        """Decode bytes."""
        filters = self._filters() if self.format == lzma.FORMAT_RAW else None
        try:
            decoded = decompress(
                self.name,
                lambda: lzma.LZMADecompressor(format=self.format, filters=filters),
                data,
                nbytes,
            )
        except ChunkError:
            raise
        except (lzma.LZMAError, ValueError, TypeError, EOFError) as error:
            raise CorruptChunkError(f"{error}", codec=self.name) from error
        if exact and nbytes is not None:
            self._check_size(len(decoded), nbytes)
        return decoded

    def _filters(self) -> list[dict[str, Any]] | None:
        return None if self.filters is None else [dict(each) for each in self.filters]


def _frozen(filters: Any) -> tuple[tuple[tuple[str, int], ...], ...]:
    """Check filter specifications; a frozen codec keeps them as pairs."""
    right = 'a list of filters such as {"id": 33, "preset": 6}'
    if not isinstance(filters, (list, tuple)):
        reject(LZMA.name, "filters", filters, right)
    frozen = []
    for each in filters:
        pairs = dict(each).items() if isinstance(each, (dict, tuple)) else ()
        if "id" not in dict(pairs) or not all(
            isinstance(key, str) and type(value) is int for key, value in pairs
        ):
            reject(LZMA.name, "filters", filters, right)
        frozen.append(tuple(sorted(pairs)))
    return tuple(frozen)
