"""What every adapter does, and how documents describe arrays to it."""

from __future__ import annotations

import base64
import contextlib
import importlib
import importlib.metadata
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

#: A metadata document: the content of ``zarr.json`` or of ``.zarray``.
Document = dict[str, Any]

_SERIALIZERS = (
    *("bytes", "sharding_indexed", "vlen-utf8", "vlen-bytes", "packbits", "zfp"),
    *("vlen-array", "zarrs.vlen", "zarrs.vlen_v2", "n5_default"),
    *("numcodecs.pcodec", "numcodecs.zfpy"),
)
# What codecs of v2 make of objects.
_HOLDS = {"vlen-utf8": "text", "json2": "text", "msgpack2": "text", "vlen-array": "arrays"}

#: How the names of small numbers begin, and the others that begin so.
SMALL = ("bfloat16", "float4", "float6", "float8", "int2", "int4", "uint2", "uint4")
PLAIN = ("float64",)
TIMES = {"numpy.datetime64": "M", "numpy.timedelta64": "m"}
LETTERS = {"fixed_length_utf32": "U", "null_terminated_bytes": "S", "raw_bytes": "V"}


class Adapter(ABC):
    """The verbs of one library, with nothing cached between calls.

    A *location* is a directory path, or what :meth:`memory` returned.
    """

    #: Distributions whose versions identify a result.
    distributions: tuple[str, ...] = ()

    def versions(self) -> dict[str, str]:
        """Return the version of each distribution that takes part."""
        return {name: importlib.metadata.version(name) for name in self.distributions}

    @abstractmethod
    def memory(self) -> Any:
        """Return a new location in memory."""

    @abstractmethod
    def create(self, location: Any, document: Document) -> Any:
        """Create the array that a document describes, through the library's own interface."""

    @abstractmethod
    def create_default(self, location: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
        """Create an array with no option but shape and data type."""

    @abstractmethod
    def open(self, location: Any) -> Any:
        """Open the array at a location."""

    def zip_file(self, path: Any, mode: str) -> Any:
        """Give a location in a zip file, to be used by ``with``."""
        raise NotImplementedError("this library does not write zip files")

    def open_cached(self, location: Any) -> Any:
        """Open an array that keeps up to 1 GiB of decoded chunks, where the library can."""
        return self.open(location)

    @abstractmethod
    def read(self, array: Any, selection: Any = ...) -> np.ndarray:
        """Read a selection of an opened array as a NumPy array."""

    def points(self, array: Any, places: tuple[np.ndarray, ...]) -> np.ndarray:
        """Read single elements, named by an array of integers for each axis."""
        raise NotImplementedError("this library does not read elements by their places")

    def view(self, array: Any) -> Any:
        """Give what can be selected of, again and again, without reading."""
        raise NotImplementedError("this library reads as soon as something is selected")

    def read_view(self, view: Any) -> np.ndarray:
        """Read what was selected."""
        raise NotImplementedError("this library reads as soon as something is selected")

    @abstractmethod
    def write(self, array: Any, values: np.ndarray) -> None:
        """Write the whole array; everything is stored when this returns."""

    def update(self, array: Any, selection: Any, values: np.ndarray) -> None:
        """Write a part of an array that was created here."""
        raise NotImplementedError("this library writes whole chunks")

    def append(self, array: Any, values: np.ndarray) -> Any:
        """Add rows, store them, and return the array that has them."""
        raise NotImplementedError("this library does not append")

    def fill(self, array: Any, pieces: list[np.ndarray]) -> None:
        """Write the whole array in pieces of rows, as the library would have it done."""
        raise NotImplementedError("this library does not write in pieces")


def write_rows(array: Any, pieces: list[np.ndarray]) -> None:
    """Write pieces, one below the other."""
    first = 0
    for piece in pieces:
        array[first : first + len(piece)] = piece
        first += len(piece)


def native_dtype(document: Document) -> np.dtype[Any]:
    """Return the NumPy data type of a document, in the byte order of this machine."""
    if holds(document) == "text":
        return np.dtypes.StringDType()
    if holds(document):
        return np.dtype(object)
    named = document["dtype"] if document["zarr_format"] == 2 else document["data_type"]
    if is_small(named):
        return np.dtype(getattr(importlib.import_module("ml_dtypes"), named))
    if document["zarr_format"] == 2:
        return structure(named).newbyteorder("=")
    return v3_dtype(named)


def is_small(named: Any) -> bool:
    """Whether a data type is one of the small numbers that ml_dtypes has."""
    return isinstance(named, str) and named.startswith(SMALL) and named not in PLAIN


def structure(named: Any) -> np.dtype[Any]:
    """Return the NumPy data type of a v2 document, structures included."""
    if isinstance(named, str):
        return np.dtype(named)
    return np.dtype([(name, structure(kind), *map(tuple, shape)) for name, kind, *shape in named])


def v3_dtype(named: Any) -> np.dtype[Any]:
    """Return the NumPy data type of a v3 document."""
    if isinstance(named, str):
        raw = named[:1] == "r" and named[1:].isdigit()
        return np.dtype(f"V{int(named[1:]) // 8}" if raw else named)
    name, options = named["name"], named["configuration"]
    if name == "struct":
        fields = [(each["name"], v3_dtype(each["data_type"])) for each in options["fields"]]
        return np.dtype(fields)
    if name in TIMES:
        return np.dtype(f"{TIMES[name]}8[{options['scale_factor']}{options['unit']}]")
    return np.dtype(f"{LETTERS[name]}{options['length_bytes'] // (4 if 'utf32' in name else 1)}")


def holds(document: Document) -> str:
    """Tell what elements of many lengths are: "text", "bytes", "arrays", or "" if they have one."""
    if document.get("dtype") == "|O":
        codecs = [codec["id"] for codec in document.get("filters") or []]
        return next((_HOLDS[each] for each in codecs if each in _HOLDS), "bytes")
    return {"string": "text", "bytes": "bytes"}.get(str(document.get("data_type")), "")


def elements_of(document: Document, values: np.ndarray) -> np.ndarray:
    """Return values, as files hold them, as what an array takes.

    Files hold texts in one length, and small numbers as bytes; these stay so without ml_dtypes. Of
    arrays within elements they hold the digits of their bytes.
    """
    if holds(document) == "arrays":
        kind = next(each for each in document["filters"] if each["id"] == "vlen-array")["dtype"]
        made = np.empty(values.shape, object)
        for place in np.ndindex(values.shape):
            made[place] = np.frombuffer(bytes.fromhex(str(values[place])), kind)
        return made
    if holds(document):
        return values.astype(native_dtype(document))
    if is_small(document.get("data_type", document.get("dtype"))):
        with contextlib.suppress(ImportError):
            return values.view(native_dtype(document))
    return values


def fill_scalar(document: Document) -> Any:
    """Return the fill value of a document as a NumPy scalar of its data type."""
    value = document["fill_value"]
    if holds(document):
        return base64.b64decode(value) if holds(document) == "bytes" else value
    dtype = native_dtype(document)
    if dtype.kind not in "biufc" or is_small(dtype.name):
        return np.zeros((), dtype)[()]  # the cases of these types have no other
    if dtype.kind == "c":
        part = np.dtype(f"f{dtype.itemsize // 2}")
        pair = np.array([float_of(item, part) for item in value], part)
        return pair.view(dtype)[0]
    if dtype.kind == "f":
        return float_of(value, dtype)
    return dtype.type(value)


def float_of(value: Any, dtype: np.dtype[Any]) -> Any:
    """Read a number, a name such as "NaN", or a hexadecimal bit pattern."""
    if isinstance(value, str) and value.startswith("0x"):
        return np.array([int(value, 16)], f"u{dtype.itemsize}").view(dtype)[0]
    names = {"NaN": np.nan, "Infinity": np.inf, "-Infinity": -np.inf}
    return dtype.type(names.get(value, value) if isinstance(value, str) else value)


def split_codecs(
    document: Document,
) -> tuple[list[Document], Document, list[Document]]:
    """Split a v3 codec list into array-to-array, array-to-bytes and bytes-to-bytes codecs."""
    names = [codec["name"] for codec in document["codecs"]]
    at = next(i for i, name in enumerate(names) if name in _SERIALIZERS)
    codecs: list[Document] = document["codecs"]
    return codecs[:at], codecs[at], codecs[at + 1 :]


def chunk_shape(document: Document) -> tuple[Any, ...]:
    """Return the shape of a chunk; lengths for an axis that has several."""
    if document["zarr_format"] == 2:
        return tuple(document["chunks"])
    grid = document["chunk_grid"]
    if grid["name"] == "rectilinear":
        return tuple(map(lengths, grid["configuration"]["chunk_shapes"]))
    if grid["name"] != "regular":
        raise NotImplementedError(f"no way to create a grid {grid['name']!r}")
    return tuple(grid["configuration"]["chunk_shape"])


def lengths(axis: Any) -> Any:
    """Write out the pairs of a length and how often it comes."""
    if isinstance(axis, int):
        return axis
    pairs = [each if isinstance(each, list) else [each, 1] for each in axis]
    return [length for length, count in pairs for _ in range(count)]


def as_v2(codecs: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the one codec of a list in the words of v2, or None where there is none."""
    if not codecs:
        return None
    return {"id": codecs[0]["name"], **codecs[0].get("configuration", {})}


def refuse(what: str) -> None:
    """Say that a library has no way to write something."""
    raise NotImplementedError(f"no way to write {what}")
