"""Codecs of numcodecs by the classes of zarr-python, which take what is missing from the array.

Their parameters are looked at when an array is made: a data type that is not given is that of its
elements. What an array says of its codecs are codecs of zarrpy, which are instances of these.
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np

from zarrpy.codecs import find

__all__ = [
    "AsType",
    "BitRound",
    "Delta",
    "FixedScaleOffset",
    "GZip",
    "PackBits",
    "Quantize",
]


class _Kind(type):
    """A class of which the codecs of zarrpy with its name are instances."""

    codec_name: str

    def __instancecheck__(cls, given: Any) -> bool:
        if type.__instancecheck__(cls, given):
            return True
        ours = find(cls.codec_name) if hasattr(cls, "codec_name") else None
        return ours is not None and isinstance(given, ours)


class _Named(metaclass=_Kind):
    """A codec by its name and parameters.

    Parameters
    ----------
    **codec_config
        As the codec of numcodecs has them.
    """

    codec_name: ClassVar[str]
    #: Parameters that say of which data type the elements are.
    of_elements: ClassVar[tuple[str, ...]] = ()

    def __init__(self, **codec_config: Any) -> None:
        self.codec_config = codec_config

    def to_dict(self) -> dict[str, Any]:
        """Describe it as documents do."""
        return {"name": self.codec_name, "configuration": dict(self.codec_config)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Make it of a description."""
        return cls(**dict(data.get("configuration") or {}))

    def fitted(self, dtype: np.dtype[Any]) -> Self:
        """Give the codec for elements of a data type."""
        self.check(dtype)
        missing = {name: dtype.str for name in self.of_elements if name not in self.codec_config}
        return type(self)(**self.codec_config, **missing)

    def check(self, dtype: np.dtype[Any]) -> None:
        """Refuse elements that it does not take."""

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.to_dict() == self.to_dict()

    def __hash__(self) -> int:
        return hash((self.codec_name, repr(self.codec_config)))

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(codec_name={self.codec_name!r}, "
            f"codec_config={self.codec_config!r})"
        )


class AsType(_Named):
    """Another data type for what is stored."""

    codec_name = "numcodecs.astype"
    of_elements = ("decode_dtype",)


class BitRound(_Named):
    """Fewer bits of the mantissa."""

    codec_name = "numcodecs.bitround"


class Delta(_Named):
    """Differences of neighbours."""

    codec_name = "numcodecs.delta"
    of_elements = ("dtype",)


class FixedScaleOffset(_Named):
    """Numbers from an offset on, in steps."""

    codec_name = "numcodecs.fixedscaleoffset"
    of_elements = ("dtype",)


class GZip(_Named):
    """Compression by gzip."""

    codec_name = "numcodecs.gzip"


class PackBits(_Named):
    """Eight truth values in a byte."""

    codec_name = "numcodecs.packbits"

    def check(self, dtype: np.dtype[Any]) -> None:
        """Refuse anything but truth values.

        Raises
        ------
        ValueError
        """
        if dtype != np.bool_:
            raise ValueError(f"PackBits requires bool dtype, and the elements are {dtype}")


class Quantize(_Named):
    """Fewer decimal places."""

    codec_name = "numcodecs.quantize"
    of_elements = ("dtype",)
