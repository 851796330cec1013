"""JSON as Zarr documents need it: strict, bounded, and never silently lossy.

The standard library accepts more than a metadata document may hold: keys given twice (the
last one wins), any depth, any size, and the words ``NaN`` and ``Infinity``, which are not
JSON.  Here the first three are errors that name the place.  The words are read, because
other writers leave them in attributes, with one warning per document; they are never written.
"""

import json as _json
import math
import re
import warnings
from typing import Any, TypeAlias

from zarrpy.config import config
from zarrpy.errors import MetadataError

__all__ = ["JSON", "copy", "dumps", "loads"]

JSON: TypeAlias = "bool | int | float | str | list[Any] | dict[str, Any] | None"

_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NOT_BRACKETS = re.compile(r"[^\[\]{}]+")
_AS_SQUARE = str.maketrans("{}", "[]")


class _DuplicateKeyError(Exception):
    """The same key twice in one object."""


def loads(data: bytes | bytearray | memoryview, *, path: str) -> dict[str, Any]:
    """Read a metadata document.

    Parameters
    ----------
    data : bytes-like
        The document, UTF-8.
    path : str
        Where it comes from, for error messages.

    Raises
    ------
    MetadataError
        If it is not one JSON object, repeats a key, or is larger or deeper than
        ``config.limits`` allows.
    """
    limits = config.limits
    if len(data) > limits.metadata_bytes:
        raise MetadataError(
            f"the document has {len(data)} bytes, {limits.metadata_bytes} are allowed",
            path=path,
            hint="raise config.limits.metadata_bytes",
        )
    text = _decode(bytes(data), path)
    _check_depth(text, limits.json_depth, path)
    document = _parse(text, path)
    if not isinstance(document, dict):
        raise MetadataError("the document must be a JSON object", path=path, value=document)
    return document


def dumps(document: dict[str, Any]) -> bytes:
    """Write a metadata document: UTF-8, two spaces of indentation, keys in given order.

    Raises
    ------
    MetadataError
        If a value has no form in JSON; NaN and infinities have none.
    """
    try:
        text = _json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    except RecursionError as error:
        raise MetadataError("the document is nested too deeply to be written") from error
    except (TypeError, ValueError) as error:
        if "Circular" in str(error):
            raise MetadataError("the document contains itself") from error
        place, problem = _first_bad(document, "") or ("the document", str(error))
        raise MetadataError(problem, field=place) from error
    try:
        return text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: JSON can only escape it
        return _json.dumps(document, indent=2).encode()


def copy(value: JSON) -> Any:
    """Copy a JSON value so that nothing is shared; floats that are not numbers become words.

    A document that was read with a bare NaN among its attributes can so be written again,
    as ``"NaN"``.
    """
    if isinstance(value, dict):
        return {key: copy(each) for key, each in value.items()}
    if isinstance(value, list):
        return [copy(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return word(value)
    return value


def word(value: float) -> str:
    """Name a float that JSON has no number for."""
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _decode(data: bytes, path: str) -> str:
    if data.startswith(b"\xef\xbb\xbf"):
        raise MetadataError("the document begins with a byte order mark; remove it", path=path)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MetadataError(
            f"the document is not UTF-8: byte {data[error.start]:#04x} at offset {error.start}",
            path=path,
        ) from error


def _parse(text: str, path: str) -> Any:
    words: list[str] = []

    def constant(name: str) -> float:
        words.append(name)
        return float(name.replace("Infinity", "inf"))

    try:
        document = _json.loads(text, object_pairs_hook=_unique, parse_constant=constant)
    except _DuplicateKeyError as error:
        raise MetadataError(_twice(text, error.args[0]), path=path) from None
    except _json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
        what = "the document is empty" if not text.strip() else f"not valid JSON: {error.msg}"
        raise MetadataError(f"{what} ({at})", path=path) from error
    except (ValueError, RecursionError) as error:
        raise MetadataError(f"not valid JSON: {error}", path=path) from error
    if words:
        warnings.warn(
            f"{path} holds {words[0]}, which is not JSON; it is read, "
            f'and will be written as "{words[0]}"',
            stacklevel=4,
        )
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen = set()
        for key, _ in pairs:
            if key in seen:
                raise _DuplicateKeyError(key)
            seen.add(key)
    return found


def _twice(text: str, key: str) -> str:
    """Say that a key is there twice, with its lines if they are beyond doubt."""
    found = [match.start() for match in re.finditer(re.escape(_json.dumps(key)) + r"\s*:", text)]
    message = f"the key {key!r} is given twice in one object"
    if len(found) == 2:
        first, second = (text.count("\n", 0, start) + 1 for start in found)
        message += f" (lines {first} and {second})"
    return message


def _check_depth(text: str, limit: int, path: str) -> None:
    """Refuse deep documents before they are parsed.

    Few documents have as many brackets as the limit.  For the others the strings are taken
    out, then all but the brackets; each pass that removes "[]" takes away one level.
    """
    if text.count("[") + text.count("{") <= limit:
        return
    brackets = _NOT_BRACKETS.sub("", _STRING.sub("", text)).translate(_AS_SQUARE)
    left = brackets
    for _ in range(limit):
        shorter = left.replace("[]", "")
        if len(shorter) == len(left):
            break  # all gone, or not balanced: then the parser will say where
        left = shorter
    if left and _depth(brackets) > limit:
        raise MetadataError(
            f"the document is nested deeper than {limit} levels",
            path=path,
            hint="raise config.limits.json_depth",
        )


def _depth(brackets: str) -> int:
    deepest = depth = 0
    for bracket in brackets:
        depth += 1 if bracket == "[" else -1
        deepest = max(deepest, depth)
    return deepest


def _first_bad(value: object, place: str) -> tuple[str, str] | None:
    """Find the first value that JSON has no form for, and say what is wrong with it."""
    if isinstance(value, dict):
        for key, each in value.items():
            inner = f"{place}.{key}" if place else str(key)
            if not isinstance(key, str):
                return inner, "is not a string; keys must be"
            if found := _first_bad(each, inner):
                return found
        return None
    if isinstance(value, list | tuple):
        items = enumerate(value)
        return next(filter(None, (_first_bad(v, f"{place}[{i}]") for i, v in items)), None)
    if isinstance(value, float) and not math.isfinite(value):
        return place, f'is {word(value)}, which JSON has no number for; write "{word(value)}"'
    if value is None or isinstance(value, str | bool | int | float):
        return None
    return place, f"is a {type(value).__name__}, which JSON has no form for"
