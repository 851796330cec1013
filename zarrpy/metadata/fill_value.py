"""Fill values: JSON in, one NumPy scalar out, and back, exact to the bit.

JSON numbers cannot say everything a float can be.  Infinities and the usual NaN are words;
every other NaN is the hexadecimal of its bits, most significant digit first
(``"0x7fc00001"``), so that sign and payload survive.  Comparisons are of bits throughout:
-0.0 is not 0.0, and a NaN is itself.

Each data type names the pair of functions that reads and writes its fill values
(`DataType.fill_from_json`, `DataType.fill_to_json`); those of numbers are here.
"""

import binascii
import math
from typing import TYPE_CHECKING, Any, SupportsFloat, cast

import numpy as np

from zarrpy.metadata.element import NATIVE, swapped
from zarrpy.metadata.json import JSON, word
from zarrpy.metadata.members import reject

if TYPE_CHECKING:
    import numpy.typing as npt

    from zarrpy.metadata.dtypes import DataType

__all__ = [
    "boxed",
    "coerce",
    "default",
    "dump",
    "dump_v2",
    "from_base64",
    "identical",
    "of_bytes",
    "parse",
    "parse_v2",
    "to_base64",
    "zero",
]

FIELD = "fill_value"

_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
# What is no longer rounded to the largest float of so many bytes, but to infinity.
_END = {2: 65520.0, 4: 2.0**128 - 2.0**103, 8: math.inf}
_UINTS = {2: np.uint16, 4: np.uint32, 8: np.uint64}


def parse(document: JSON, data_type: "DataType", *, tolerant: bool = False) -> np.generic:
    """Read a fill value.

    Parameters
    ----------
    document : JSON value
        As it stands in the document.
    data_type : DataType
        Of the array.
    tolerant : bool
        Accept what Zarr v2 writers leave behind: 0 and 1 for booleans, 3.0 for integers.

    Raises
    ------
    MetadataError
        If the data type cannot hold the value.
    """
    if tolerant:
        if document == 0 and type(document) is int and _is_text(data_type):
            return zero(data_type)
        document = _settle(document, data_type.numpy)
    return data_type.fill_from_json(document, data_type.numpy)


def dump(value: np.generic, data_type: "DataType") -> JSON:
    """Write a fill value so that `parse` gives the same bits."""
    return data_type.fill_to_json(value, data_type.numpy)


def parse_v2(document: JSON, data_type: "DataType", byteorder: str) -> np.generic:
    """Read a fill value of a v2 document, where that of raw bytes and structures is packed.

    Parameters
    ----------
    document : JSON value
        As it stands in the document; null is no fill value and is not for here.
    data_type : DataType
        Of the array.
    byteorder : {"<", ">", "|"}
        Of the stored elements, which packed values share.
    """
    dtype = data_type.numpy
    # One writer of small floats packs the fill values of some of them, too.
    small = data_type.v2 == data_type.name and dtype.itemsize == 1
    if isinstance(document, str) and (dtype.type is np.void or (small and document.endswith("=="))):
        return packed(document, dtype, byteorder)
    return parse(document, data_type, tolerant=True)


def dump_v2(value: np.generic, data_type: "DataType", byteorder: str) -> JSON:
    """Write a fill value so that `parse_v2` gives the same bits."""
    dtype = data_type.numpy
    if dtype.type is np.void or dtype.kind == "S":  # all bytes, as some readers ask for
        return to_base64(_ordered(np.array(value, dtype), byteorder).tobytes())
    return dump(value, data_type)


def packed(document: str, dtype: np.dtype[Any], byteorder: str) -> np.generic:
    """Read the bytes of one stored element, in base64."""
    data = from_base64(document, dtype.itemsize)
    if len(data) != dtype.itemsize:
        reject(FIELD, document, f"{dtype.itemsize} bytes in base64, not {len(data)}")
    element = np.frombuffer(data, np.uint8).view(dtype)
    return cast(np.generic, _ordered(element, byteorder)[0])


def of_bytes(data: bytes, dtype: np.dtype[Any]) -> np.generic:
    """Make a scalar of the bytes of one element, as they are in memory."""
    return cast(np.generic, np.frombuffer(data, np.uint8).view(dtype)[0])


def _ordered(elements: np.ndarray[Any, Any], byteorder: str) -> np.ndarray[Any, Any]:
    """Bring elements from the order of memory into another one, or back."""
    return elements if byteorder in ("|", NATIVE) else swapped(elements)


def from_base64(document: JSON, nbytes: int | None = None) -> bytes:
    """Decode base64; `nbytes` is only told to whoever reads the error."""
    right = "bytes in base64" if nbytes is None else f"{nbytes} bytes in base64"
    if not isinstance(document, str):
        reject(FIELD, document, right)
    try:
        return binascii.a2b_base64(document, strict_mode=True)
    except (binascii.Error, ValueError):
        reject(FIELD, document, right)


def to_base64(data: bytes) -> str:
    """Encode in base64."""
    return binascii.b2a_base64(data, newline=False).decode()


def default(data_type: "DataType") -> np.generic:
    """Give the fill value of an array for which none was named: zero, or not-a-time."""
    return zero(data_type) if data_type.default is None else data_type.default


def zero(data_type: "DataType") -> np.generic:
    """Give the element whose bits are all zero, or the empty one where lengths differ."""
    dtype = data_type.numpy
    if dtype.hasobject:
        return cast(np.generic, data_type.default)
    return of_bytes(bytes(dtype.itemsize), dtype)


def identical(a: np.generic, b: np.generic) -> bool:
    """Whether two fill values have the same type and the same bits."""
    if isinstance(a, np.generic) and isinstance(b, np.generic):
        return a.dtype == b.dtype and a.tobytes() == b.tobytes()
    return type(a) is type(b) and a == b


def boxed(value: np.generic, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """Put a fill value into an array without axes; NumPy looks into no object on the way."""
    if dtype.kind != "O":
        return np.array(value, dtype)
    box = np.empty((), dtype)
    box[()] = value
    return box


def coerce(value: object, data_type: "DataType") -> np.generic:
    """Take a fill value as a program gives it: a Python or NumPy scalar, or its JSON form.

    Raises
    ------
    MetadataError
        If the data type cannot hold the value; 300 is no uint8, and 0.5 no int8.
    """
    dtype = data_type.numpy
    if value is None:
        return default(data_type)
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, np.generic):
        if value.dtype == dtype:
            return value
        if data_type.fill_from_python is not None:
            return data_type.fill_from_python(value, dtype)
        if value.dtype.kind in "mMSUVO":
            reject(FIELD, str(value), f"a value of {data_type.name}")
        value = value.item()
    if data_type.fill_from_python is not None:
        return data_type.fill_from_python(value, dtype)
    return parse(_as_json(value), data_type, tolerant=True)


def _as_json(value: object) -> JSON:
    """Bring a Python scalar into the form that `parse` reads."""
    if isinstance(value, complex):
        return [value.real, value.imag]
    if isinstance(value, tuple):
        return list(value)
    if value is None or isinstance(value, bool | int | float | str | list | dict):
        return value
    try:
        return float(cast(SupportsFloat, value))  # Fraction, Decimal, longdouble
    except (TypeError, ValueError, OverflowError):
        reject(FIELD, repr(value), "a number, a string or a boolean")


def _is_text(data_type: "DataType") -> bool:
    """Whether elements are characters or bytes, of which older writers say 0 for none."""
    dtype = data_type.numpy
    plain = dtype.kind in "SU" or dtype.type is np.void
    return plain or isinstance(data_type.default, str | bytes)


def _settle(document: JSON, dtype: np.dtype[Any]) -> JSON:
    """Turn a number of the wrong JSON kind, but of an exact value, into the right kind."""
    if dtype.kind == "b" and not isinstance(document, bool) and document in (0, 1):
        return bool(document)
    if dtype.kind in "iu":
        if isinstance(document, bool):
            return int(document)
        if isinstance(document, float) and document.is_integer():
            return int(document)
    if dtype.kind == "f" and isinstance(document, bool):
        return int(document)
    if dtype.kind == "c" and isinstance(document, int | float | str):
        return [document, 0.0]
    return document


def bool_from_json(document: JSON, dtype: np.dtype[Any]) -> np.generic:
    """Read true or false."""
    if not isinstance(document, bool):
        reject(FIELD, document, "true or false for bool")
    return np.bool_(document)


def bool_to_json(value: np.generic, dtype: np.dtype[Any]) -> JSON:
    """Write true or false."""
    return bool(value)


def integer_from_json(document: JSON, dtype: np.dtype[Any]) -> np.generic:
    """Read a JSON integer within the range of the data type."""
    limits = np.iinfo(cast("npt.DTypeLike", dtype))
    low, high = int(limits.min), int(limits.max)
    if type(document) is not int or not low <= document <= high:
        reject(FIELD, document, f"an integer in [{low}, {high}] for {dtype.name}")
    return cast(np.generic, dtype.type(document))


def integer_to_json(value: np.generic, dtype: np.dtype[Any]) -> JSON:
    """Write an integer with all its digits."""
    return int(cast(Any, value))


def float_from_json(document: JSON, dtype: np.dtype[Any]) -> np.generic:
    """Read a number, one of the three words, or the bits in hexadecimal."""
    return _float(document, dtype, FIELD)


def float_to_json(value: np.generic, dtype: np.dtype[Any]) -> JSON:
    """Write a number, a word, or for an unusual NaN the bits in hexadecimal."""
    bits = int(np.asarray(value, dtype).view(_UINTS[dtype.itemsize])[()])
    number = float(cast(SupportsFloat, value))
    if math.isfinite(number):
        return number
    if math.isnan(number) and bits != _usual_nan_bits(dtype):
        return f"{bits:#0{2 + 2 * dtype.itemsize}x}"
    return word(number)


def complex_from_json(document: JSON, dtype: np.dtype[Any]) -> np.generic:
    """Read a list of the real and the imaginary part, each as a float."""
    if not isinstance(document, list) or len(document) != 2:
        reject(FIELD, document, f"a list of two numbers for {dtype.name}")
    half = _half(dtype)
    parts = [_float(each, half, f"{FIELD}[{i}]") for i, each in enumerate(document)]
    # Not real + 1j*imag: arithmetic would change infinities, -0.0 and the bits of a NaN.
    return cast(np.generic, np.array(parts, half).view(dtype)[0])


def complex_to_json(value: np.generic, dtype: np.dtype[Any]) -> JSON:
    """Write a list of the real and the imaginary part."""
    half = _half(dtype)
    parts = np.asarray(value, dtype).reshape(1).view(half)
    return [float_to_json(part, half) for part in parts]


def _half(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Give the float type of one part of a complex type."""
    return np.dtype(f"f{dtype.itemsize // 2}")


def _usual_nan_bits(dtype: np.dtype[Any]) -> int:
    """Give the bits that the word "NaN" stands for: quiet, positive, without payload."""
    return {2: 0x7E00, 4: 0x7FC00000, 8: 0x7FF8000000000000}[dtype.itemsize]


def _float(document: JSON, dtype: np.dtype[Any], field: str) -> np.generic:
    if isinstance(document, str):
        return _from_bits(_bits(document, dtype, field), dtype)
    if isinstance(document, bool) or not isinstance(document, int | float):
        reject(field, document, _right(dtype))
    try:
        number = float(document)
    except OverflowError:
        number = math.inf
    if math.isnan(number):  # a bare NaN, which the JSON reader has warned about
        return _from_bits(_usual_nan_bits(dtype), dtype)
    if not -_END[dtype.itemsize] < number < _END[dtype.itemsize] and (
        math.isfinite(number) or isinstance(document, int)
    ):
        reject(field, document, f'in the range of {dtype.name}; infinity is "Infinity"')
    return cast(np.generic, dtype.type(number))


def _bits(document: str, dtype: np.dtype[Any], field: str) -> int:
    if document in _WORDS:
        if document == "NaN":
            return _usual_nan_bits(dtype)
        return int(np.array(_WORDS[document], dtype).view(_UINTS[dtype.itemsize])[()])
    digits = document[2:]
    if not document.startswith("0x") or len(digits) != 2 * dtype.itemsize:
        reject(field, document, _right(dtype))
    try:
        return int.from_bytes(bytes.fromhex(digits), "big")
    except ValueError:
        reject(field, document, _right(dtype))


def _from_bits(bits: int, dtype: np.dtype[Any]) -> np.generic:
    return cast(np.generic, np.array(bits, _UINTS[dtype.itemsize]).view(dtype)[()])


def _right(dtype: np.dtype[Any]) -> str:
    example = f"{_usual_nan_bits(dtype) + 1:#x}"
    return f'a number, "NaN", "Infinity", "-Infinity" or bits as "{example}" for {dtype.name}'
