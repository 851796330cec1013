"""JSON as Zarr documents need it: strict, bounded, and never silently lossy.

The standard library accepts more than a metadata document may hold: keys given twice (the
last one wins), any depth, any size, and the words ``NaN`` and ``Infinity``, which are not
JSON.  Here the first three are errors that name the place.  The words are read, because
other writers leave them in attributes, with one warning per document; they are never written.
"""

import gc
import json as _json
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from zarrpy.config import config
from zarrpy.errors import MetadataError
from zarrpy.notice import warn

__all__ = ["JSON", "collector_paused", "copy", "dumps", "loads"]

JSON: TypeAlias = "bool | int | float | str | list[Any] | dict[str, Any] | None"

# Bytes of a document whose objects are so many that the garbage collector would look for cycles
# among them again and again; JSON has none.
_LARGE = 2**20

# Holds the place of a table while the document around it is written.
_ROWS = "\0rows\0"
_SURROGATE = re.compile("[\ud800-\udfff]")
_AS_SQUARE = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


class _DuplicateKeyError(Exception):
    """The same key twice in one object."""


class _TooLargeError(Exception):
    """A number that no float has."""


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
    data = bytes(data)
    _check_depth(data, limits.json_depth, path)
    with collector_paused(len(data) > _LARGE):
        document = _parse(_decode(data, path), path)
    if not isinstance(document, dict):
        raise MetadataError("the document must be a JSON object", path=path, value=document)
    return document


@contextmanager
def collector_paused(wanted: bool) -> Iterator[None]:
    """Make very many objects that are in no cycles, without the collector looking at them all."""
    if not wanted or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def dumps(document: dict[str, Any], *, rows: Sequence[str] = ()) -> bytes:
    """Write a metadata document: UTF-8, two spaces of indentation, keys in given order.

    Parameters
    ----------
    document : dict
    rows : sequence of str
        Path to an object in the document whose members are written one a line.  It may have very
        many members, and a line is written many times faster than an indented block.

    Raises
    ------
    MetadataError
        If a value has no form in JSON; NaN and infinities have none.
    """
    table = _at(document, rows) if rows else None
    if not table:
        return _encode(_dump_indented(document))
    frame = _dump_indented(_with(document, rows, _ROWS))
    head, found, tail = frame.partition(_json.dumps(_ROWS))
    if not found or _json.dumps(_ROWS) in tail:  # text of the document's own that looks so
        return _encode(_dump_indented(document))
    lines = (f"{_dump_line(key)}: {_dump_line(value)}" for key, value in table.items())
    return _encode(head + "{\n" + ",\n".join(lines) + "\n}" + tail)


def _dump_indented(document: dict[str, Any]) -> str:
    try:
        _check(document)
    except _BadValueError as error:
        raise MetadataError(error.problem, field=error.place()) from None
    except RecursionError as error:
        raise MetadataError("the document is nested too deeply, or contains itself") from error
    return _json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)


def _dump_line(value: JSON) -> str:
    try:
        return _json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:  # as read from a document that was not quite JSON
        return _json.dumps(copy(value), ensure_ascii=False)


def _encode(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: JSON can only escape it
        return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


def _at(document: Any, path: Sequence[str]) -> dict[str, Any] | None:
    """Find an object in a document."""
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else None


def _with(document: dict[str, Any], path: Sequence[str], value: JSON) -> dict[str, Any]:
    """Put something else in the place of an object, without changing the document."""
    first, *rest = path
    return {**document, first: _with(document[first], rest, value) if rest else value}


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


#: What to do about a document that is not JSON: somebody cut it off, or wrote it by hand.
LOOK = "zarrpy verify on the hierarchy names all documents that cannot be read"


def _parse(text: str, path: str) -> Any:
    words: list[str] = []

    def constant(name: str) -> float:
        words.append(name)
        return float(name.replace("Infinity", "inf"))

    try:
        document = _json.loads(
            text, object_pairs_hook=_unique, parse_constant=constant, parse_float=_number
        )
    except _DuplicateKeyError as error:
        raise MetadataError(_twice(text, error.args[0]), path=path) from None
    except _TooLargeError as error:
        raise MetadataError(
            f"the number {_cut(error.args[0])} is larger than any float", path=path
        ) from None
    except _json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}"
        what = "the document is empty" if not text.strip() else f"not valid JSON: {error.msg}"
        raise MetadataError(f"{what} ({at})", path=path, hint=LOOK) from error
    except (ValueError, RecursionError) as error:
        raise MetadataError(f"not valid JSON: {error}", path=path, hint=LOOK) from error
    if words:
        warn(
            f"{path} holds {words[0]}, which is not JSON; it is read, "
            f'and will be written as "{words[0]}"'
        )
    return document


def _number(text: str) -> float:
    """Read a number with a point or an exponent; one that no float has would become infinite."""
    value = float(text)
    if math.isinf(value):
        raise _TooLargeError(text)
    return value


def _cut(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _DuplicateKeyError(Counter(key for key, _ in pairs).most_common(1)[0][0])
    return found


def _twice(text: str, key: str) -> str:
    """Say that a key is there twice, with its lines if they are beyond doubt."""
    found = [match.start() for match in re.finditer(re.escape(_json.dumps(key)) + r"\s*:", text)]
    message = f"the key {key!r} is given twice in one object"
    if len(found) == 2:
        first, second = (text.count("\n", 0, start) + 1 for start in found)
        message += f" (lines {first} and {second})"
    return message


def _check_depth(data: bytes, limit: int, path: str) -> None:
    """Refuse deep documents before they are parsed.

    Few documents have as many brackets as the limit.  For the others the strings are taken
    out, then all but the brackets; each pass that removes "[]" takes away one level.
    """
    if data.count(b"[") + data.count(b"{") <= limit:
        return
    brackets = _outside_strings(data).translate(_AS_SQUARE, _NOT_BRACKETS)
    left = brackets
    for _ in range(limit):
        shorter = left.replace(b"[]", b"")
        if len(shorter) == len(left):
            break  # all gone, or not balanced: then the parser will say where
        left = shorter
    if left and _exceeds(brackets, limit):
        raise MetadataError(
            f"the document is nested deeper than {limit} levels",
            path=path,
            hint="raise config.limits.json_depth",
        )


def _outside_strings(data: bytes) -> bytes:
    """Take out the strings; what a backslash escapes can begin or end none."""
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b"".join(data.split(b'"')[::2])


def _exceeds(brackets: bytes, limit: int) -> bool:
    depth = 0
    for bracket in brackets:
        depth += 1 if bracket == ord("[") else -1
        if depth > limit:
            return True
    return False


#: Of an integer that Python writes in no document, as nobody could read it there.
TOO_LONG = (
    "is an integer of more digits than Python reads or writes (sys.get_int_max_str_digits()); "
    "write it as a text in base 16: hex(value)"
)


def is_too_long(value: int) -> bool:
    """Whether an integer has too many digits to be written."""
    if value.bit_length() < 2000:  # no limit can be lower
        return False
    try:
        str(value)
    except ValueError:
        return True
    return False


class _BadValueError(Exception):
    """A value without a form in JSON, and the steps that lead to it, the last one first."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        self.steps: list[object] = []

    def place(self) -> str:
        steps = reversed(self.steps)
        text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
        return text.lstrip(".")


def _check(value: object) -> None:
    """Check that a value has a form in JSON, which is exactly that value."""
    if isinstance(value, str | bool) or value is None:
        return
    if isinstance(value, int):
        if is_too_long(value):
            raise _BadValueError(TOO_LONG)
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            name = word(value)
            raise _BadValueError(f'is {name}, which JSON has no number for; write "{name}"')
    elif isinstance(value, dict):
        for key, each in value.items():
            if not isinstance(key, str):
                raise _BadValueError(f"has the key {key!r}; keys must be strings")
            _check_at(key, each)
    elif isinstance(value, list | tuple):
        for i, each in enumerate(value):
            _check_at(i, each)
    else:
        raise _BadValueError(f"is a {type(value).__name__}, which JSON has no form for")


def _check_at(step: str | int, value: object) -> None:
    try:
        _check(value)
    except _BadValueError as error:
        error.steps.append(step)
        raise
