"""Files of netCDF 3, the classic format: read by NumPy alone.

A file begins with ``CDF`` and a version (1, 2 with 64-bit offsets, 5 with 64-bit sizes); then come
the number of records, the dimensions, the attributes of the file and the variables. All numbers
are big-endian, names and values are padded to four bytes. A variable whose first dimension is the
unlimited one has a part in each record; all others lie in one piece.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from zarrpy.errors import MetadataError
from zarrpy.ops.foreign import ForeignArray

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["NetCDF3"]

_DIMENSIONS, _VARIABLES, _ATTRIBUTES = 10, 11, 12
#: By the number of a type: NumPy's, big-endian; 2 is a character.
_TYPES = dict(enumerate(("i1", "S1", ">i2", ">i4", ">f4", ">f8", "u1", ">u2", ">u4", ">i8"), 1))
_TYPES[11] = ">u8"
_TEXT = 2
#: Of all numbers in a header; more are no header.
_MOST = 1 << 24


@dataclass
class _Variable:
    name: str
    dimensions: list[int]
    attributes: dict[str, Any]
    dtype: np.dtype[Any]
    begin: int


class NetCDF3:
    """An open file.

    Parameters
    ----------
    path : Path

    Raises
    ------
    MetadataError
        When the header cannot be understood.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._bytes: Any = np.memmap(path, np.uint8, "r")
        self._at = 4
        version = int(self._bytes[3])
        if version not in (1, 2, 5):
            raise MetadataError(f"{path} is netCDF of an unknown version {version}")
        self._sizes = ">q" if version == 5 else ">i"
        self._offsets = ">i" if version == 1 else ">q"
        try:
            self._read_header()
        except (struct.error, IndexError, KeyError, OverflowError) as error:
            raise MetadataError(f"the header of {path} cannot be understood: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._bytes = None

    def groups(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Give the attributes of the file."""
        yield "", self._attributes

    def arrays(self) -> Iterator[ForeignArray]:
        """Give the variables."""
        for variable in self._variables:
            yield self._array(variable)

    # ------------------------------------------------------------------------------- the header

    def _read_header(self) -> None:
        nrecords = self._size()
        self._names: list[str] = []
        self._lengths: list[int] = []
        for _ in range(self._count(_DIMENSIONS)):
            self._names.append(self._name())
            self._lengths.append(self._size())
        self._attributes = self._read_attributes()
        self._variables = [self._variable() for _ in range(self._count(_VARIABLES))]
        records = [each for each in self._variables if self._is_record(each)]
        self._record_nbytes = sum(self._slab_nbytes(each) for each in records)
        if len(records) == 1:  # one alone is not padded
            self._record_nbytes = self._slab_nbytes(records[0], padded=False)
        if nrecords < 0:  # a writer was at work: as many as there are
            first = min((each.begin for each in records), default=0)
            rest = max(len(self._bytes) - first, 0)
            nrecords = rest // self._record_nbytes if self._record_nbytes else 0
        self._nrecords = nrecords

    def _number(self, form: str) -> int:
        (value,) = struct.unpack_from(form, self._bytes, self._at)
        self._at += struct.calcsize(form)
        return int(value)

    def _size(self) -> int:
        return self._number(self._sizes)

    def _count(self, tag: int) -> int:
        """Read how long a list is; an empty one may have no tag."""
        found, count = self._number(">i"), self._size()
        if found not in (0, tag) or not 0 <= count < _MOST or (found == 0 and count):
            raise MetadataError(f"the header of {self._path} has {found}, {count} for a list")
        return count

    def _taken(self, nbytes: int) -> bytes:
        if not 0 <= nbytes <= len(self._bytes) - self._at:
            raise MetadataError(f"the header of {self._path} ends too early")
        value = self._bytes[self._at : self._at + nbytes].tobytes()
        self._at += nbytes + -nbytes % 4
        return bytes(value)

    def _name(self) -> str:
        return self._taken(self._size()).decode("utf-8")

    def _read_attributes(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for _ in range(self._count(_ATTRIBUTES)):
            name, kind, count = self._name(), self._number(">i"), self._size()
            dtype = np.dtype(_TYPES[kind])
            value = self._taken(count * dtype.itemsize)
            if kind == _TEXT:
                found[name] = value.decode("utf-8", "replace").rstrip("\0")
            else:
                numbers = np.frombuffer(value, dtype).astype(dtype.newbyteorder("="))
                found[name] = numbers[0] if len(numbers) == 1 else numbers
        return found

    def _variable(self) -> _Variable:
        name = self._name()
        ndim = self._size()
        if not 0 <= ndim <= 1024:
            raise MetadataError(f"{name!r} of {self._path} has {ndim} dimensions")
        dimensions = [self._size() for _ in range(ndim)]
        attributes = self._read_attributes()
        dtype = np.dtype(_TYPES[self._number(">i")])
        self._size()  # bytes of it, which do not hold the size of large ones
        return _Variable(name, dimensions, attributes, dtype, self._number(self._offsets))

    # ----------------------------------------------------------------------------- the variables

    def _is_record(self, variable: _Variable) -> bool:
        return bool(variable.dimensions) and self._lengths[variable.dimensions[0]] == 0

    def _slab_nbytes(self, variable: _Variable, *, padded: bool = True) -> int:
        """Bytes of a variable in one record."""
        shape = [self._lengths[i] for i in variable.dimensions[1:]]
        nbytes = prod(shape) * variable.dtype.itemsize
        return nbytes + (-nbytes % 4 if padded else 0)

    def _array(self, variable: _Variable) -> ForeignArray:
        shape = [self._lengths[i] for i in variable.dimensions]
        is_record = self._is_record(variable)
        if is_record:
            shape[0] = self._nrecords
        view = self._view(variable, tuple(shape), is_record)
        native = variable.dtype.newbyteorder("=")
        return ForeignArray(
            variable.name,
            tuple(shape),
            native,
            lambda region: view[region].astype(native),
            variable.attributes,
            tuple(self._names[i] for i in variable.dimensions) or None,
        )

    def _view(
        self, variable: _Variable, shape: tuple[int, ...], is_record: bool
    ) -> np.ndarray[Any, Any]:
        """Look at the elements where they lie in the file."""
        if not prod(shape):
            return np.zeros(shape, variable.dtype)
        strides = [variable.dtype.itemsize] * len(shape)
        for axis in range(len(shape) - 2, -1, -1):
            strides[axis] = strides[axis + 1] * shape[axis + 1]
        if is_record:
            strides[0] = self._record_nbytes
        end = variable.begin + variable.dtype.itemsize
        end += sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True))
        if variable.begin < 0 or end > len(self._bytes):
            raise MetadataError(f"{self._path} ends within {variable.name!r}: it was cut off")
        return np.ndarray(shape, variable.dtype, self._bytes, variable.begin, tuple(strides))
