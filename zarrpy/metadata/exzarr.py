"""What the library ExZarr writes into ``zarr.json``, said in the words of Zarr v3.

ExZarr leaves out what it takes for granted: the byte order, which is little, and the parameters of
Blosc.  Some of its codecs have names that nobody has registered, and its dates have no unit.  Its
documents are known by a chunk key encoding without a configuration, which others write in full; in
any other document such names stay what they are, unknown.

The documents keep their spelling; what is said here is what they mean.
"""

from typing import Any

from zarrpy.metadata import json

__all__ = ["settled", "wrote"]

_KEYS = {"name": "default"}
_TIMES = {"datetime64": "numpy.datetime64", "timedelta64": "numpy.timedelta64"}
_MICROSECONDS = {"unit": "us", "scale_factor": 1}
# All that it has but bool; numcodecs names them in another way.
_DATA_TYPES = frozenset(
    f"{kind}{bits}"
    for kind, sizes in {
        "int": (8, 16, 32, 64),
        "uint": (8, 16, 32, 64),
        "float": (32, 64),
        "complex": (64, 128),
        "datetime": (64,),
        "timedelta": (64,),
    }.items()
    for bits in sizes
)
_BLOSC = {"cname": "blosclz", "clevel": 5, "shuffle": "shuffle", "typesize": 1, "blocksize": 0}
_KEEPBITS = 10
# Codecs of its own, and what their parameters have to be for it to have written them.
_OWN = {
    "bz2": frozenset[str](),
    "delta": frozenset(("dtype",)),
    "lz4": frozenset[str](),
    "quantize": frozenset(("dtype", "scale", "offset")),
    "shuffle": frozenset(("elementsize",)),
}


def wrote(document: dict[str, Any]) -> bool:
    """Whether a document of an array looks like one of ExZarr, by its keys and data type."""
    data_type = document.get("data_type")
    known = isinstance(data_type, str) and (data_type == "bool" or data_type in _DATA_TYPES)
    return known and document.get("chunk_key_encoding") == _KEYS


def settled(document: dict[str, Any]) -> dict[str, Any]:
    """Give a document of ExZarr as Zarr v3 would have it."""
    meant: dict[str, Any] = json.copy(document)
    data_type = meant.get("data_type")
    if isinstance(data_type, str) and data_type in _TIMES:
        meant["data_type"] = {"name": _TIMES[data_type], "configuration": _MICROSECONDS}
    if "fill_value" in meant:
        meant["fill_value"] = _fill_value(meant["fill_value"], data_type)
    if isinstance(meant.get("codecs"), list):
        meant["codecs"] = [_codec(each) for each in meant["codecs"]]
    grid = meant.get("chunk_grid")
    if isinstance(grid, dict) and grid.get("name") == "irregular":
        meant["chunk_grid"] = _grid(grid)
    return meant


def _fill_value(value: Any, data_type: Any) -> Any:
    """Read 0, which it writes for every data type."""
    if data_type == "bool" and type(value) is int and value in (0, 1):
        return bool(value)
    if data_type in ("complex64", "complex128") and type(value) in (int, float):
        return [value, 0]
    return value


def _codec(document: Any) -> Any:
    """Give a codec with what is left out, under a name that is its own."""
    if not isinstance(document, dict) or not isinstance(document.get("configuration", {}), dict):
        return document
    name, given = document.get("name"), document.get("configuration", {})
    if name == "bytes":
        return {**document, "configuration": {"endian": "little", **given}}
    if name == "blosc" and not given:
        return {**document, "configuration": _BLOSC}
    if name == "bitround":
        return {**document, "configuration": {"keepbits": _KEEPBITS, **given}}
    if isinstance(name, str) and name in _OWN and _OWN[name].issuperset(given):
        told = given.get("dtype", "int64")
        if isinstance(told, str) and told in _DATA_TYPES:
            return {**document, "name": f"exzarr.{name}"}
    return document


def _grid(document: dict[str, Any]) -> dict[str, Any]:
    """Name its grid of lengths as the draft of Zarr does; one of single chunks stays unknown."""
    configuration = document.get("configuration")
    if not isinstance(configuration, dict) or set(configuration) != {"chunk_sizes"}:
        return document
    return {"name": "rectangular", "configuration": {"chunk_shape": configuration["chunk_sizes"]}}
