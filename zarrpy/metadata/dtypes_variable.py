"""Data types whose elements have no one size: text, bytes, and any objects of Python.

In v3 each has a name.  In v2 all of them are ``|O``, and it is the first codec that makes bytes of
objects, or numbers of texts, which tells what they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from zarrpy.errors import MetadataError
from zarrpy.metadata.dtypes import DataType, DataTypeFamily
from zarrpy.metadata.fill_value import FIELD, from_base64, to_base64
from zarrpy.metadata.json import JSON, copy
from zarrpy.metadata.members import reject

__all__ = [
    "OBJECT_CODECS",
    "of_object_codec",
    "variable_bytes",
    "variable_objects",
    "variable_text",
]

V2 = "O"


# ------------------------------------------------------------------------------------- text


def text_from_json(document: JSON, dtype: np.dtype[Any]) -> np.generic:
    """Read a string."""
    if not isinstance(document, str):
        reject(FIELD, document, "a string")
    _check_utf8(document)
    return cast(np.generic, str(document))


def text_to_json(value: np.generic, dtype: np.dtype[Any]) -> JSON:
    """Write a string."""
    return str(value)


def text_from_python(value: object, dtype: np.dtype[Any]) -> np.generic:
    """Take a string, or 0 for the empty one."""
    return text_from_json("" if _is_zero(value) else cast(JSON, value), dtype)


def _check_utf8(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        reject(FIELD, ascii(text), f"text in Unicode, without the surrogate at {error.start}")


def texts(value: object, ndim: int) -> np.ndarray[Any, Any]:
    """Make an array of texts; what is not text is refused, as `None` is not "None".

    Parameters
    ----------
    value : array-like of str
    ndim : int
        Of the place where it goes.
    """
    dtype = getattr(value, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind not in "UTO":
        raise TypeError(
            f"an array of strings takes strings, not {dtype}; convert them first, as by astype(str)"
        )
    if isinstance(dtype, np.dtype) and dtype.kind == "T":
        return _without_missing(np.asarray(value))
    try:
        strict = np.asarray(value, np.dtypes.StringDType(coerce=False))
    except UnicodeEncodeError as error:
        raise ValueError(f"a text cannot be stored as UTF-8: {error}") from None
    except ValueError:
        raise TypeError(_no_text(value)) from None
    return strict.astype(np.dtypes.StringDType())


def _without_missing(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Bring an array of texts to the plain type; a text that is missing is not made one."""
    if hasattr(array.dtype, "na_object") and not isinstance(array.dtype.na_object, str):
        texts(array.astype(object), array.ndim)
    return array.astype(np.dtypes.StringDType(), copy=False)


def _no_text(value: object) -> str:
    """Say which element is not text."""
    for i, each in enumerate(np.asarray(value, object).flat):
        if not isinstance(each, str):
            what = repr(each) if each is None else f"{type(each).__name__} {each!r:.40}"
            return f"an array of strings takes strings, but element {i} is {what}; give it a value"
    return "an array of strings takes strings"


# ------------------------------------------------------------------------------------ bytes


def bytes_from_json(document: JSON, dtype: np.dtype[Any]) -> np.generic:
    """Read base64, or a list of integers."""
    if isinstance(document, list):
        if not all(type(each) is int and 0 <= each <= 255 for each in document):
            reject(FIELD, document, "a list of integers in [0, 255], or base64")
        return cast(np.generic, bytes(document))
    return cast(np.generic, from_base64(document))


def bytes_to_json(value: np.generic, dtype: np.dtype[Any]) -> JSON:
    """Write base64."""
    return to_base64(bytes(cast(Any, value)))


def bytes_from_python(value: object, dtype: np.dtype[Any]) -> np.generic:
    """Take bytes, text in ASCII, a list of integers, or 0 for none."""
    if isinstance(value, np.bytes_ | np.void):
        value = value.tobytes()
    if isinstance(value, str) and value.isascii():
        value = value.encode()
    if isinstance(value, list | tuple):
        return bytes_from_json(list(value), dtype)
    if _is_zero(value):
        value = b""
    if not isinstance(value, bytes | bytearray | memoryview):
        reject(FIELD, repr(value), "bytes")
    return cast(np.generic, bytes(value))


def blobs(value: object, ndim: int) -> np.ndarray[Any, Any]:
    """Make an array of `bytes`; anything else is refused."""
    array = np.asarray(value) if hasattr(value, "dtype") else np.asarray(value, object)
    if array.dtype.kind not in "SO":
        raise TypeError(f"an array of bytes takes bytes, not {array.dtype}")
    plain = array.astype(object, copy=False)
    if all(type(each) is bytes for each in plain.flat):
        return plain
    result = np.empty(plain.shape, object)
    for i, each in enumerate(plain.flat):
        if not isinstance(each, bytes | bytearray | memoryview):
            what = repr(each) if each is None else f"{type(each).__name__} {each!r:.40}"
            raise TypeError(
                f"an array of bytes takes bytes, but element {i} is {what}; give it a value"
            )
        result.flat[i] = bytes(each)
    return result


# ---------------------------------------------------------------------------------- objects


def object_from_json(document: JSON, dtype: np.dtype[Any]) -> np.generic:
    """Take what the document says."""
    return cast(np.generic, copy(document))


def object_to_json(value: np.generic, dtype: np.dtype[Any]) -> JSON:
    """Write what JSON has a form of."""
    plain: object = value
    if plain is not None and not isinstance(plain, bool | int | float | str | list | dict):
        reject(FIELD, repr(plain), "null, a number, a string, a list or an object")
    return cast(JSON, copy(plain))


def object_from_python(value: object, dtype: np.dtype[Any]) -> np.generic:
    """Take what JSON has a form of."""
    plain = value.item() if isinstance(value, np.generic) else value
    return object_from_json(object_to_json(cast(np.generic, plain), dtype), dtype)


def objects(value: object, ndim: int) -> np.ndarray[Any, Any]:
    """Make an array of objects with `ndim` axes, or fewer; what is nested deeper is elements."""
    if isinstance(value, np.ndarray) and value.dtype == object:
        return value
    rows: list[Any] = [value]
    shape: list[int] = []
    while len(shape) < ndim and all(_is_sequence(row) for row in rows):
        lengths = {len(row) for row in rows}
        if len(lengths) != 1:
            break
        shape.append(lengths.pop())
        rows = [each for row in rows for each in row]
        if not rows:
            break
    result = np.empty(len(rows), object)
    for i, each in enumerate(rows):
        result[i] = each
    return result.reshape(shape)


def _is_sequence(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray)


def _is_zero(value: object) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and value == 0


# ---------------------------------------------------------------------------------- records

# NumPy gives the first array of a StringDType that very object, with the memory of the texts in
# it; so that is an empty array, and what others have read is let go of with them.
_STRING = np.empty(0, np.dtypes.StringDType()).dtype

_TEXT = DataType(
    "string",
    _STRING,
    text_from_json,
    text_to_json,
    V2,
    default=cast(np.generic, ""),
    fill_from_python=text_from_python,
    cast=texts,
)
_BYTES = DataType(
    "bytes",
    np.dtype(object),
    bytes_from_json,
    bytes_to_json,
    V2,
    default=cast(np.generic, b""),
    fill_from_python=bytes_from_python,
    cast=blobs,
)
_OBJECT = DataType(
    "object",
    np.dtype(object),
    object_from_json,
    object_to_json,
    V2,
    v3=False,
    fill_from_python=object_from_python,
    cast=objects,
)

#: What the arrays of v2 hold, by the codec that tells it.
OBJECT_CODECS = {
    "vlen-utf8": _TEXT,
    "categorize": _TEXT,
    "vlen-bytes": _BYTES,
    "vlen-array": _OBJECT,
    "json2": _OBJECT,
    "msgpack2": _OBJECT,
    "pickle": _OBJECT,
}


def of_object_codec(names: Iterable[str]) -> DataType:
    """Find the data type of an array of objects by the numcodecs ids of its codecs.

    Raises
    ------
    MetadataError
        If none of them is a codec for objects.
    """
    names = list(names)
    for name in names:
        if name in OBJECT_CODECS:
            return OBJECT_CODECS[name]
    raise MetadataError(
        "an array of objects, |O, needs a codec that makes bytes of them",
        field="filters",
        value=names,
        hint=f"known: {', '.join(each for each in OBJECT_CODECS if each != 'pickle')}",
    )


def _family(record: DataType, names: tuple[str, ...], kind: str) -> DataTypeFamily:
    """Make a family of one record; v2 documents need `of_object_codec` to tell them apart."""

    def from_v3(name: str, configuration: Mapping[str, Any]) -> DataType | None:
        if name not in names:
            return None
        if configuration:
            reject("data_type.configuration", dict(configuration), f"left out for {name}")
        return record

    def from_numpy(dtype: np.dtype[Any]) -> DataType | None:
        return record if dtype.kind == kind else None

    return DataTypeFamily(record.name, from_v3, _no_v2, from_numpy)


def _no_v2(form: JSON) -> None:
    """Tell nothing by the data type alone."""


variable_text = _family(_TEXT, ("string",), "T")
variable_bytes = _family(_BYTES, ("bytes", "variable_length_bytes", "binary"), "")
variable_objects = _family(_OBJECT, (), "O")
