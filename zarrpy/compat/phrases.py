"""Words that programs written for zarr-python look for in the text of an error.

While zarrpy is served in its place, an error ends with the few of them that name its cause; what
goes before are our own words, with key and place. Each row has a pattern of our text, and what is
added.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from zarrpy.errors import ArrayNotFoundError, NodeExistsError, NodeNotFoundError

__all__ = ["said_of", "said_with"]

_Added = str | Callable[["re.Match[str]"], str]


def _value(text: str) -> Any:
    """Read a value as errors show it; the text itself where it was cut."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _edge(match: re.Match[str]) -> str:
    """Say which length of a grid is not one."""
    field, index, text = match.groups()
    found, axis = _value(text), int(index or 0)
    if isinstance(found, list) and field == "sharding_indexed.chunk_shape":
        axis = next((i for i, each in enumerate(found) if not _is_length(each)), 0)
        found = found[axis] if axis < len(found) else found
    elif isinstance(found, list):
        found = next((each for each in found if type(each) is not list and each != 0), found)
        found = _value(text) if type(found) is int else found
        if isinstance(found, list) and 0 in found:
            found = 0
    what = "be >= 1" if isinstance(found, int) else "be an int"
    words = f"Dimension {axis}: chunk edge length must {what}, got {found!r}"
    negative = isinstance(found, int) and found < 0
    return f"{words}; Expected all values to be non-negative" if negative else words


def _is_length(value: Any) -> bool:
    return type(value) is int and value >= 1


def _indivisible(match: re.Match[str]) -> str:
    shard, axis, inner = _value(match[1]), int(match[2]), _value(match[3])
    return (
        f"Chunk edge length {shard[axis]} in dimension {axis} is not divisible by the shard's "
        f"inner chunk size {inner[axis]}."
    )


def _unrepresentable(match: re.Match[str]) -> str:
    return f"{match[1]} value {_value(match[2])!r} is not representable"


_ROWS: tuple[tuple[str, _Added], ...] = (
    (
        r"cannot create .*: there is an array at (.*), not a group",
        r"A parent of it, \1, is an array - only groups may have child nodes.",
    ),
    (r"^config has no settings (\[.*\])", r"Unknown array config keys: \1"),
    (r"(?:chunks|shards) of .* have different shapes", "only regular chunk grids have one shape"),
    (r"memory://.* names no store in memory", "Memory store not found"),
    (r"names no store in memory", "Expected a 'memory://' URL"),
    (r"an array needs a dtype, or data", "dtype was not specified"),
    (r"one lies within the other", "paths overlap"),
    (r"fill_value must be an integer .*not \"", "invalid literal"),
    (r"JSON or NumPy values only", "not JSON serializable"),
    (r"^there is an? (?:array|group) at .*, not an? (?:group|array)", "Incompatible object"),
    (
        r"^the root of the nodes to create is",
        "It is an error to use this method to create a root node. ",
    ),
    (r"^the array at .* has data type", "Incompatible dtype"),
    (r"^the array at .* has shape", "Incompatible shape"),
    (r"scale_offset\.scale must be (?:finite|.*not \"0\"$)", "scale must be non-zero"),
    (r"scale_offset\.(offset|scale) must be an integer .*not (.*)$", _unrepresentable),
    (r"cast_value\.scalar_map.* for (u?int\d+),", r"not representable in dtype \1"),
    (r"cast_value\.data_type must be", "Invalid target data type"),
    (r"takes integers and floats", "only supports integer and floating-point"),
    (r"as floats do not wrap", "only valid for integer"),
    (r"(?:does not fit|overflows) (u?int\d+)$", r"outside the range of dtype \1"),
    (r"what is no multiple of", "non-zero remainder"),
    (
        r"(sharding_indexed\.chunk_shape)() must be a list of integers of at .*not (\[.*\])",
        _edge,
    ),
    (r"(configuration\.chunk_shape)\[(\d+)\] must be an integer .*2\^63, not (\[.*\])$", _edge),
    (r"the shape of the shard (\[.*?\]), and does not on axis (\d+), not (\[.*\])", _indivisible),
    (r"shape has \d+ entries, but the array has", "same number of dimensions"),
    (r"chunks must be at least 1 on each axis", "Chunk size must be positive or -1, got 0"),
    (r"chunks\[\d+\] must be an integer .* not -\d+$", "Expected all values to be non-negative"),
    (r"has no consolidated metadata", "Consolidated metadata requested, and not there"),
    (r"needs a codec that makes bytes of objects", "in data type resolution"),
    (r"an array needs a shape, or data", "shape was not specified"),
    (
        r"cannot index by (\w+): only",
        (
            r"unsupported selection item for basic indexing; expected integer or slice, got "
            r"<class '\1'>"
        ),
    ),
    (
        r"too many indices: the array has (\d+) dimensions, but (\d+) were",
        r"too many indices for array; expected \1, got \2",
    ),
    (
        r"size of axis is (\d+) but size of corresponding boolean axis is (\d+)",
        r"wrong length for dimension; expected \1, got \2",
    ),
    (
        r"index -?\d+ is out of bounds for axis \d+ with size (\d+)",
        r"index out of bounds for dimension with length \1",
    ),
    (
        r"an array selects on one axis, so it has one dimension",
        "integer arrays in an orthogonal selection must be 1-dimensional only",
    ),
    (
        r"Zarr v2 has no words for chunks of different shapes",
        "Zarr format 2 does not support rectilinear chunk grids",
    ),
    (r"Zarr v2 has no words for", "in Zarr format 2"),
    (
        r"chunks must be .*integers, not \"?(?:[\[(].*\[|\[\[|ChunkGrid)",
        "Rectilinear chunks with sharding is not supported",
    ),
    (r"must divide the lengths of all shards", "divisible"),
    (r"codec '(wavpack)'", r"Known packages supporting this codec: \1-numcodecs"),
    (
        r'^zarr_format must be 2 or 3, not "(.*)"',
        r"Invalid value for 'zarr_format'. Expected 2, 3, or None. Got '\1'.",
    ),
    (r'zarr_format must be 3, not "(.*)"', r"Invalid zarr_format: \1. Expected 2 or 3"),
    (r"chunk_shape is a name for chunks", "Only one of chunk_shape or chunks can be provided."),
    (
        r"Zarr v2 has only the chunk key encoding",
        (
            "chunk_key_encoding cannot be used for arrays with zarr_format 2. "
            "Use dimension_separator instead."
        ),
    ),
    (r"^codec '(.*?)' is not known", r"An implementation for codec '\1' is not there"),
    (r"dimension_names has \d+ entries", "dimension_names and shape differ"),
)
_COMPILED = tuple((re.compile(pattern), added) for pattern, added in _ROWS)


def said_with(text: str) -> str:
    """Add to the text of an error what programs look for in it.

    Parameters
    ----------
    text : str
    """
    for pattern, added in _COMPILED:
        if match := pattern.search(text):
            words = match.expand(added) if isinstance(added, str) else added(match)
            return f"{text} ({words})"
    return text


def said_of(error: Exception, words: tuple[Any, ...]) -> str:
    """Say in a sentence what an error is made of in the old way: of several words.

    Parameters
    ----------
    error : Exception
    words : tuple
        Store and path of a node; or what is not valid, what was wanted, and what was found.
    """
    if len(words) == 3:
        return f"Invalid value for {words[0]!r}. Expected {words[1]!r}. Got {words[2]!r}."
    if len(words) > 3 or not isinstance(error, NodeNotFoundError | NodeExistsError):
        return " ".join(map(str, words))
    place = f"in store {words[0]!r} at path {words[1]!r}"
    if isinstance(error, NodeExistsError):
        return f"An array or a group exists {place}."
    kind = "array" if isinstance(error, ArrayNotFoundError) else "group"
    return f"No {kind} found {place}"
