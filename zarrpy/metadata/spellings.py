"""Codecs of v2 as some writers put them, in the words of numcodecs.

The documents keep their spelling; what is said here is what they mean.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from zarrpy.metadata.model import NamedConfig

__all__ = ["settled"]

_SHUFFLES = {"NONE": 0, "BYTE": 1, "BIT": 2}
_SWITCHES = {"NO": False, "YES": True}
# Filters of the library xz by their numbers.
_XZ_DELTA, _XZ_LZMA2 = 3, 33
_XZ_PRESET = 6


def settled(codec: NamedConfig, itemsize: int) -> NamedConfig:
    """Give a codec of a v2 document with the parameters that its writer meant.

    Parameters
    ----------
    codec : NamedConfig
        As the document has it.
    itemsize : int
        Bytes of an element of the array.
    """
    read = _READERS.get(codec.name)
    if read is None:
        return codec
    return replace(codec, configuration=read(dict(codec.configuration), itemsize))


def _shuffle(parameters: dict[str, Any], itemsize: int) -> dict[str, Any]:
    """netCDF-C writes 0, or text, and shuffles by the size of the array's elements."""
    size = parameters.get("elementsize")
    if isinstance(size, str) and size.isascii() and size.isdigit():
        size = int(size)
    if type(size) is int:
        parameters["elementsize"] = size or itemsize
    return parameters


def _blosc(parameters: dict[str, Any], itemsize: int) -> dict[str, Any]:
    """GDAL copies its creation option where it differs from the default."""
    return _translated(parameters, "shuffle", _SHUFFLES)


def _zstd(parameters: dict[str, Any], itemsize: int) -> dict[str, Any]:
    """GDAL copies its creation option."""
    return _translated(parameters, "checksum", _SWITCHES)


def _lzma(parameters: dict[str, Any], itemsize: int) -> dict[str, Any]:
    """GDAL names the distance of a delta filter before LZMA2, in a container of xz."""
    if type(parameters.get("delta")) is not int or parameters.get("filters") is not None:
        return parameters
    delta = {"id": _XZ_DELTA, "dist": parameters.pop("delta")}
    preset = parameters.pop("preset", None)
    lzma2 = {"id": _XZ_LZMA2, "preset": _XZ_PRESET if preset is None else preset}
    return {**parameters, "filters": [delta, lzma2]}


def _translated(parameters: dict[str, Any], name: str, words: dict[str, Any]) -> dict[str, Any]:
    value = parameters.get(name)
    if isinstance(value, str) and value in words:
        parameters[name] = words[value]
    return parameters


_READERS: dict[str, Callable[[dict[str, Any], int], dict[str, Any]]] = {
    "blosc": _blosc,
    "lzma": _lzma,
    "shuffle": _shuffle,
    "zstd": _zstd,
}
